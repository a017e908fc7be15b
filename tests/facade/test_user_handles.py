"""Handles of user data: callbacks that begin and end, and what is said of a handle that is over."""

import asyncio
import gc
import threading
from typing import Any

import pytest
from support.faces import Face

from fastbinance import AsyncClient, Client, ConfigurationError, StreamClosed, WaitTimeout
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator
from fastbinance.user_events import UserDataInterrupted


@pytest.fixture
def fb(face: Face, silent_sim: RunningSimulator) -> Any:
    """Give a client with an HMAC key."""
    return face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )


class Listener:
    """Keeps the times of the events of one name, and lets a test wait for one."""

    def __init__(self, face: Any) -> None:
        self.seen: list[int] = []
        self._face = face
        self._changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        with self._changed:
            self.seen.append(event.event_ms)
            self._changed.notify_all()

    def wait_for(self, moment: int) -> None:
        """Wait until an event of this time has come."""
        assert self._face.beside(self.until, moment)

    def until(self, moment: int) -> bool:
        """Block until it has, and tell whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: moment in self.seen, 10)


def send(sim: RunningSimulator, *moments: int) -> None:
    for moment in moments:
        sim.user.send({"e": "balanceUpdate", "E": moment, "a": "BTC", "d": "1", "T": 2}, "spot")


def wait_for_waiting(face: Face, handle: Any, count: int, beside: Any, left: int | None = None) -> None:
    """Wait until so many events have come, by another handle of the same stream; see how many are left."""
    for _ in range(count):
        face.do(beside.get)
    assert handle.waiting == (count if left is None else left)


def handles(face: Face, fb: Any, count: int) -> list[Any]:
    """Return handles of one account; all but the first have taken what tells that events come."""
    made = [face.do(fb.user_data, reconcile=False) for _ in range(count)]
    for handle in made:
        face.do(handle.ready, timeout=10)
    for handle in made[1:]:
        face.do(handle.get)
    return made


def test_after_the_last_callback_events_wait_for_the_next(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine, beside = handles(face, fb, 2)
    first, second = Listener(face), Listener(face)
    end = mine.on(first, "balanceUpdate")
    send(silent_sim, 1)
    first.wait_for(1)
    face.do(beside.get)
    end()
    send(silent_sim, 2, 3)
    wait_for_waiting(face, mine, 2, beside)
    face.do(mine.on, second, "balanceUpdate")
    second.wait_for(3)
    assert (first.seen, second.seen) == ([1], [2, 3])


def test_after_the_last_callback_a_handle_can_be_iterated(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine, beside = handles(face, fb, 2)
    first, other = Listener(face), Listener(face)
    ends = [mine.on(first, "balanceUpdate"), mine.on(other, "balanceUpdate")]
    send(silent_sim, 1)
    other.wait_for(1)
    face.do(beside.get)
    for end in ends:
        end()
    send(silent_sim, 2, 3)
    wait_for_waiting(face, mine, 2, beside)
    assert [face.do(mine.get).event_ms for _ in range(2)] == [2, 3]
    with pytest.raises(ConfigurationError, match="iterated"):
        face.do(mine.on, first)


def test_a_callback_that_ends_itself_has_no_more(face: Face, fb: Any, silent_sim: RunningSimulator) -> None:
    mine, beside = handles(face, fb, 2)
    listener, ends = Listener(face), []

    def once(event: Any) -> None:
        for end in ends:
            end()
        listener(event)

    ends.append(mine.on(once, "balanceUpdate"))
    send(silent_sim, 1, 2, 3)
    listener.wait_for(1)
    wait_for_waiting(face, mine, 3, beside, left=2)
    assert listener.seen == [1]


def test_callbacks_that_begin_and_end_on_many_threads_lose_no_event_and_keep_their_order(
    silent_sim: RunningSimulator,
) -> None:
    count, seen = 200, Listener(None)
    keys = {"api_key": API_KEY, "api_secret": API_SECRET}
    with Client(urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, **keys) as fb:
        mine = fb.user_data(reconcile=False).ready(timeout=10)
        done = threading.Event()

        def begin_and_end() -> None:
            while not done.is_set():
                mine.on(seen, "balanceUpdate")()

        threads = [threading.Thread(target=begin_and_end) for _ in range(2)]
        for thread in threads:
            thread.start()
        send(silent_sim, *range(1, count + 1))
        done.set()
        for thread in threads:
            thread.join()
        mine.on(seen, "balanceUpdate")
        assert seen.until(count)
    # Two that are there at once have it each, and one that is told in order has none before another.
    assert sorted(set(seen.seen)) == list(range(1, count + 1))
    assert seen.seen == sorted(seen.seen)


def test_a_handle_that_is_closed_says_so(face: Face, fb: Any) -> None:
    mine = face.do(fb.user_data, "usdm")
    face.do(mine.ready, timeout=10)
    face.do(mine.close)
    face.do(mine.close)
    with pytest.raises(StreamClosed, match="user data of usdm"):
        face.do(mine.ready, timeout=10)


def test_a_handle_of_a_closed_client_says_so(face: Face, fb: Any) -> None:
    mine = face.do(fb.user_data, "usdm")
    face.do(mine.ready, timeout=10)
    face.do(fb.close)
    with pytest.raises(StreamClosed):
        face.do(mine.ready, timeout=10)
    face.do(mine.close)


def test_ready_waits_for_the_end_of_an_interruption(
    face: Face, fb: Any, silent_sim: RunningSimulator
) -> None:
    mine = face.do(fb.user_data, "usdm", reconcile=False)
    face.do(mine.ready, timeout=10)
    face.do(mine.get)
    silent_sim.rest_answers(status=400, code=-1000, path="/fapi/v1/listenKey")
    silent_sim.user.expire_key("usdm")
    while not isinstance(face.do(mine.get), UserDataInterrupted):
        pass
    with pytest.raises(WaitTimeout):
        face.do(mine.ready, timeout=0)
    silent_sim.rest_answers()
    face.do(mine.ready, timeout=10)
    assert mine.state == "live"


def test_what_is_closed_after_its_loop_is_harmless(silent_sim: RunningSimulator) -> None:
    async def run() -> list[Any]:
        fb = AsyncClient(
            urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
        )
        kept, left = fb.user_data("usdm"), fb.user_data("coinm")
        await kept.ready(timeout=10)
        await left.ready(timeout=10)
        await fb.close()
        kept.close()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        return [kept, left]

    for handle in asyncio.run(run()):
        handle.close()
        assert handle.state == "closed"


def test_what_is_closed_without_its_client_on_a_closed_loop_is_harmless(
    silent_sim: RunningSimulator, recwarn: pytest.WarningsRecorder
) -> None:
    async def run() -> Any:
        fb = AsyncClient(
            urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
        )
        return fb, fb.user_data("usdm")

    fb, handle = asyncio.run(run())
    handle.close()
    asyncio.run(fb.close())
    handle.close()
    gc.collect()
    assert [one for one in recwarn if "never awaited" in str(one.message)] == []
