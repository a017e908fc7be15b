"""What a client tells besides records: raw messages, answers, the life of connections; to whom, and how."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from support.faces import Face, ThreadFace
from support.payloads import combined, kline, spot_book_ticker

from fastbinance import Event, SubscriptionRejected
from fastbinance.sim import RunningSimulator

# A name that our table does not have: neither ring nor struct.
NEWS = "btcusdt@brandNew"
STREAM = "btcusdt@bookTicker"


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    return face.client(urls=silent_sim.urls)


class Calls:
    """A callback that remembers; `gone_by` waits for so many events, on whichever side they come."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.events: list[Event] = []
        self.threads: set[str] = set()
        self._happened = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.threads.add(threading.current_thread().name)
        self._happened.set()

    def gone_by(self, count: int) -> None:
        while len(self.events) < count:
            assert self.face.beside(self._happened.wait, 10)
            self._happened.clear()


def test_message_of_a_stream_without_ring_is_an_event_with_its_payload(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    face.do(fb.subscribe, NEWS, strict=False)
    face.event(queue, "response")
    assert silent_sim.send("spot", NEWS, kline(1)) == 1
    event = face.event(queue, "message")
    assert isinstance(event, Event)
    assert (event.kind, event.ws_key, event.stream) == ("message", "main", NEWS)
    assert event.payload == combined(NEWS, kline(1))
    assert event.recv_ns > 0
    assert event.json()["data"]["k"]["o"] == "0.0010", "decimals stay the text they came in"


def test_raw_json_of_an_event_without_payload_is_a_clear_error(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    face.do(fb.book_ticker, "btcusdt")
    opened = face.event(queue, "open")
    with pytest.raises(ValueError, match="'open' has no payload"):
        opened.json()


def test_events_tell_the_life_of_a_connection_in_order(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    queue = face.do(fb.events)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    silent_sim.cut()
    seen = []
    while not seen or seen[-1].kind != "resubscribed":
        seen.append(face.next(queue))
    face.do(fb.close)
    seen += iter_all(face, queue)
    assert [event.kind for event in seen] == [
        "open", "response", "reconnecting", "reconnected", "response", "resubscribed", "close",
    ]  # fmt: skip
    assert {event.ws_key for event in seen} == {"main"}
    assert seen[1].json() == {"result": None, "id": 1}
    assert seen[1].streams == seen[5].streams == (STREAM,)
    assert "lost without a close frame" in str(seen[2].error)
    assert seen[2].attempt == 1
    with pytest.raises(StopIteration):
        face.next(queue)


def iter_all(face: Face, queue: Any) -> list[Event]:
    found = []
    while True:
        try:
            found.append(face.next(queue))
        except StopIteration:
            return found


def test_refused_stream_is_an_exception_event(face: Face, fb: Any) -> None:
    queue = face.do(fb.events)
    face.do(fb.subscribe, ["btc$usdt@kline_1m", NEWS], strict=False)
    event = face.event(queue, "exception")
    assert isinstance(event.error, SubscriptionRejected)
    assert (event.streams, event.error.code) == (("btc$usdt@kline_1m",), 2)


def test_every_queue_gets_every_event_from_when_it_was_made(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    first = face.do(fb.events)
    face.do(fb.subscribe, NEWS, strict=False)
    face.event(first, "response")
    second = face.do(fb.events)
    silent_sim.send("spot", NEWS, kline(2))
    assert face.next(first) == (event := face.next(second))
    assert kline(2) in event.payload


def test_callbacks_run_off_the_feed_and_get_the_events_of_their_kind(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    messages, opened = Calls(face), Calls(face)
    face.do(fb.on, "message", messages)
    face.do(fb.on, "open", opened)
    face.do(fb.subscribe, NEWS, strict=False)
    opened.gone_by(1)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    for number in range(3):
        silent_sim.send("spot", NEWS, kline(number))
    messages.gone_by(3)
    assert all(kline(number) in event.payload for number, event in enumerate(messages.events))
    assert [event.kind for event in opened.events] == ["open"]
    where = "fastbinance-callbacks" if isinstance(face, ThreadFace) else threading.main_thread().name
    assert messages.threads == opened.threads == {where}


def test_callback_ends_when_its_handle_is_called(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    ended, other = Calls(face), Calls(face)
    end = face.do(fb.on, "message", ended)
    face.do(fb.on, "message", other)
    face.do(fb.subscribe, NEWS, strict=False)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    silent_sim.send("spot", NEWS, kline(1))
    other.gone_by(1)
    end()
    end()
    silent_sim.send("spot", NEWS, kline(2))
    other.gone_by(2)
    assert len(ended.events) == 1


def test_exception_in_a_callback_is_logged_and_counted_and_the_next_event_comes(
    face: Face, silent_sim: RunningSimulator, fb: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        raise ZeroDivisionError("my own mistake")

    calls = Calls(face)
    face.do(fb.on, "message", fail)
    face.do(fb.on, "message", calls)
    face.do(fb.subscribe, NEWS, strict=False)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    with caplog.at_level(logging.ERROR, "fastbinance"):
        for number in range(2):
            silent_sim.send("spot", NEWS, kline(number))
        calls.gone_by(2)
    assert fb.stats().callback_errors == 2
    assert "my own mistake" in caplog.text


def test_slow_consumer_loses_the_oldest_events_and_they_are_counted(
    face: Face, silent_sim: RunningSimulator, fb: Any
) -> None:
    buf = face.do(fb.book_ticker, "btcusdt")
    face.do(fb.subscribe, NEWS, strict=False)
    face.live(buf)
    queue = face.do(fb.events)
    count = queue.capacity + 1_000
    payloads = [combined(NEWS, kline(number)) for number in range(count)]
    face.beside(silent_sim.flood, payloads, count=count, stream=NEWS)
    silent_sim.send("spot", STREAM, spot_book_ticker(1))
    face.until(lambda: buf.cursor == 0, buf)
    for _ in range(count):
        if queue.lost + len(queue) == count:
            break
        face.do(fb.stats)  # events of a feed in a process of its own come on another way than records
    assert (queue.lost, len(queue)) == (1_000, 65_536)
    assert kline(1_000) in face.next(queue).payload


def test_events_end_when_the_client_closes(face: Face, fb: Any) -> None:
    queue = face.do(fb.events)
    face.do(fb.close)
    assert iter_all(face, queue) == []
    assert queue.closed


def test_consumer_that_waits_is_released_by_close(face: Face, silent_sim: RunningSimulator, fb: Any) -> None:
    queue = face.do(fb.events)
    if isinstance(face, ThreadFace):
        seen: list[Event] = []
        consumer = threading.Thread(target=lambda: seen.extend(queue))
        consumer.start()
        face.do(fb.close)
        consumer.join(10)
        assert not consumer.is_alive()
    else:

        async def consume() -> list[Event]:
            return [event async for event in queue]

        async def scene() -> list[Event]:
            task = asyncio.create_task(consume())
            await asyncio.sleep(0)
            await fb.close()
            return await task

        assert face.do(scene) == []
