"""Events reach queues and callbacks in order, from any thread; a slow or failing listener harms nobody."""

import asyncio
import gc
import logging
import threading

import pytest

from fastbinance._io.dispatch import EventHub, EventQueue
from fastbinance.errors import ConfigurationError
from fastbinance.events import EVENT_KINDS, Event


def event(number=0, kind="message"):
    return Event(kind=kind, ws_key="main", recv_ns=number)


def numbers(events):
    return [each.recv_ns for each in events]


# -- events


def test_an_event_decodes_its_payload_exactly_each_time():
    made = Event(kind="message", ws_key="main", recv_ns=1, payload=b'{"u":9007199254740993,"p":"0.10"}')
    assert made.json() == {"u": 9007199254740993, "p": "0.10"}
    assert made.json() is not made.json()


@pytest.mark.parametrize("payload", [None, b"", b"{", b"\xff", b'{"a":"\xff"}', b"[" * 100_000])
def test_an_event_without_json_says_so(payload):
    made = Event(kind="message", ws_key="main", recv_ns=1, payload=payload)
    with pytest.raises(ValueError, match="no payload" if payload is None else "not JSON"):
        made.json()


def test_events_cannot_be_changed():
    with pytest.raises(AttributeError):
        event().kind = "close"


# -- queues


def test_a_queue_gives_events_in_order_and_ends_after_close():
    queue = EventQueue()
    for number in range(3):
        queue.put(event(number))
    queue.close()
    queue.put(event(99))
    assert numbers(queue) == [0, 1, 2]
    assert (queue.get(), queue.closed, len(queue)) == (None, True, 0)


def test_a_full_queue_drops_the_oldest_and_counts_it():
    queue = EventQueue(capacity=4)
    for number in range(10):
        queue.put(event(number))
    queue.close()
    assert (queue.lost, numbers(queue)) == (6, [6, 7, 8, 9])


def test_get_returns_none_when_time_is_up():
    assert EventQueue().get(timeout=0.001) is None


def test_a_blocked_consumer_is_woken_by_another_thread():
    queue, seen = EventQueue(), []
    consumer = threading.Thread(target=lambda: seen.extend(numbers(queue)))
    consumer.start()
    for number in range(1000):
        queue.put(event(number))
    queue.close()
    consumer.join(10)
    assert seen == list(range(1000))


def test_a_queue_without_room_is_refused():
    with pytest.raises(ConfigurationError, match="capacity"):
        EventQueue(capacity=0)


@pytest.mark.asyncio
async def test_an_asyncio_consumer_is_woken_by_another_thread():
    queue, seen = EventQueue(), []

    def produce():
        for number in range(1000):
            queue.put(event(number))
        queue.close()

    async with asyncio.timeout(10):
        producer = asyncio.to_thread(produce)
        task = asyncio.ensure_future(producer)
        async for each in queue:
            seen.append(each.recv_ns)
        await task
    assert seen == list(range(1000))


@pytest.mark.asyncio
async def test_an_asyncio_consumer_is_woken_on_its_own_loop():
    queue = EventQueue()
    waiting = asyncio.ensure_future(queue.get_async())
    asyncio.get_running_loop().call_soon(queue.put, event(7))
    async with asyncio.timeout(10):
        assert (await waiting).recv_ns == 7


@pytest.mark.asyncio
async def test_a_cancelled_consumer_leaves_nothing_behind_and_takes_nothing():
    queue = EventQueue()
    waiting = asyncio.ensure_future(queue.get_async())
    asyncio.get_running_loop().call_soon(waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert queue._waiters == []
    queue.put(event(1))
    assert (await queue.get_async()).recv_ns == 1


def test_a_consumer_whose_loop_is_gone_does_not_disturb_the_producer():
    queue = EventQueue()
    loop = asyncio.new_event_loop()
    queue._waiters.append((loop, loop.create_future()))
    loop.close()
    queue.put(event(1))
    assert len(queue) == 1


# -- the hub


def test_every_listener_gets_every_event_from_when_it_came():
    hub = EventHub()
    first = hub.listen()
    hub.publish(event(1))
    second = hub.listen()
    hub.publish(event(2))
    first.close()
    hub.publish(event(3))
    hub.close()
    assert (numbers(first), numbers(second)) == ([1, 2], [2, 3])
    assert hub.listen().closed


def test_callbacks_run_in_order_on_a_thread_that_is_not_the_publishers():
    hub, seen = EventHub(), []
    hub.on("message", lambda each: seen.append((each.recv_ns, threading.current_thread().name)))
    hub.on("close", lambda each: seen.append((each.recv_ns, "close")))
    for number in range(100):
        hub.publish(event(number))
    hub.publish(event(100, "close"))
    hub.publish(event(101, "open"))
    hub.close()
    assert seen == [(number, "fastbinance-callbacks") for number in range(100)] + [(100, "close")]


def test_a_failing_callback_is_logged_and_counted_and_the_next_one_called(caplog):
    hub, seen = EventHub(), []
    hub.on("message", lambda each: 1 // each.recv_ns)
    hub.on("message", seen.append)
    with caplog.at_level(logging.ERROR, "fastbinance"):
        hub.publish(event(0))
        hub.publish(event(1))
        hub.close()
    assert (numbers(seen), hub.callback_errors) == ([0, 1], 1)
    assert "a callback for 'message' events failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_can_be_taken_back_and_can_be_given_twice():
    hub, seen = EventHub(), []
    off = hub.on("message", seen.append)
    hub.on("message", seen.append)
    off()
    off()
    off()
    hub.on("message", lambda each: None)
    hub.publish(event(1))
    hub.close()
    assert numbers(seen) == []


def test_a_callback_may_close_the_hub():
    hub, closed = EventHub(), threading.Event()
    hub.on("message", lambda each: (hub.close(), closed.set()))
    hub.publish(event())
    assert closed.wait(10)


def test_without_callbacks_there_is_no_thread():
    hub = EventHub()
    hub.listen()
    hub.publish(event())
    hub.close()
    hub.on("message", print)
    assert hub._thread is None


def test_an_unknown_kind_lists_those_there_are():
    with pytest.raises(ConfigurationError, match="'mesage' is no kind .* " + ", ".join(EVENT_KINDS)):
        EventHub().on("mesage", print)


@pytest.mark.parametrize("callback", [None, "print"])
def test_what_cannot_be_called_is_refused(callback):
    with pytest.raises(ConfigurationError, match="plain function"):
        EventHub().on("message", callback)


def test_a_coroutine_function_is_refused_because_nobody_would_await_it():
    async def callback(each):
        pass

    with pytest.raises(ConfigurationError, match="iterate events"):
        EventHub().on("message", callback)


@pytest.mark.asyncio
async def test_on_a_loop_callbacks_run_after_the_publishing_code_has_returned():
    hub, seen, done = EventHub(asyncio.get_running_loop()), [], asyncio.Event()
    hub.on("message", lambda each: seen.append(each.recv_ns))
    hub.on("close", lambda each: done.set())
    for number in range(3):
        hub.publish(event(number))
    assert seen == []
    hub.publish(event(3, "close"))
    async with asyncio.timeout(10):
        await done.wait()
    assert seen == [0, 1, 2]
    assert hub._thread is None


@pytest.mark.asyncio
async def test_on_a_loop_callbacks_that_publish_do_not_hold_it_up():
    hub, seen, done = EventHub(asyncio.get_running_loop()), [], asyncio.Event()

    def again(each):
        seen.append(each.recv_ns)
        if len(seen) == 50:
            done.set()
        else:
            hub.publish(event(each.recv_ns + 1))

    hub.on("message", again)
    hub.publish(event(0))
    async with asyncio.timeout(10):
        await done.wait()
    assert seen == list(range(50))


@pytest.mark.asyncio
async def test_on_a_loop_close_gives_callbacks_what_was_published_before():
    hub, seen = EventHub(asyncio.get_running_loop()), []
    hub.on("close", seen.append)
    hub.publish(event(1, "close"))
    hub.close()
    hub.close()
    hub.publish(event(2, "close"))
    assert numbers(seen) == [1]


def test_slow_callbacks_lose_the_oldest_events_and_the_loss_is_counted():
    hub, seen, go = EventHub(), [], threading.Event()
    hub._backlog = EventQueue(capacity=5)
    hub.on("message", lambda each: (go.wait(10), seen.append(each.recv_ns)))
    for number in range(50):
        hub.publish(event(number))
    go.set()
    hub.close(timeout=10.0)
    assert hub.lost == 50 - len(seen)
    assert seen[-5:] == [45, 46, 47, 48, 49]


def test_a_hub_forgets_queues_that_are_closed_or_dropped():
    hub = EventHub()
    closed = hub.listen()
    dropped = hub.listen()
    kept = hub.listen()
    closed.close()
    del dropped
    gc.collect()
    assert [reference() for reference in hub._queues] == [None, kept], "one is dropped, and nobody knows yet"
    newest = hub.listen()
    assert [reference() for reference in hub._queues] == [kept, newest]
    hub.publish(Event(kind="open", ws_key="main", recv_ns=1))
    assert (len(kept), len(newest), len(closed)) == (1, 1, 0)
    hub.close()


def test_a_queue_is_not_forgotten_while_another_is_being_added():
    hub = EventHub()
    first = hub.listen()
    closing = threading.Thread(target=first.close)
    with hub._lock:  # as listen() on another thread has it
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
        assert len(hub._queues) == 1
    closing.join(10)
    assert hub._queues == ()


def test_a_queue_says_what_it_is_for():
    queue = EventQueue(capacity=1, only=("usdmMarket", "!contractInfo"))
    for number in range(3):
        queue.put(event(number))
    assert repr(queue) == "<EventQueue usdmMarket !contractInfo: 1 waiting, 2 lost>"
    queue.close()
    assert repr(queue) == "<EventQueue usdmMarket !contractInfo: closed, 1 waiting, 2 lost>"
    assert repr(EventQueue()) == "<EventQueue all events: 0 waiting, 0 lost>"
