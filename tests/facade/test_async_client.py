"""`AsyncClient` as asyncio programs use it: tasks, cancellation, other loops' worth of trouble."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from support.faces import DEADLINE_SECONDS
from support.payloads import spot_book_ticker

from fastbinance import AsyncClient, Event, StreamClosed, WaitTimeout
from fastbinance.sim import RunningSimulator

STREAM = "btcusdt@bookTicker"
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
with contextlib.suppress(ImportError):  # not on every platform
    import uvloop

    LOOPS["uvloop"] = uvloop.new_event_loop


@pytest.fixture(params=list(LOOPS))
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine on a loop of its own, and see that it leaves no task behind."""

    def run(scene: Coroutine[Any, Any, Any]) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(DEADLINE_SECONDS):
                result = await scene
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert left == set()
            return result

        with asyncio.Runner(loop_factory=LOOPS[request.param], debug=True) as runner:
            return runner.run(bounded())

    return run


def test_quotes_are_read_as_the_documentation_shows(run: Any, sim: RunningSimulator) -> None:
    async def scene() -> int:
        seen = 0
        async with AsyncClient(urls=sim.urls) as fb:
            buf = fb.book_ticker("btcusdt", market="usdm")
            await buf.ready(timeout=10)
            async for batch in buf.reader("oldest"):
                assert batch["sequence"][0] == seen
                seen += len(batch)
                if seen >= 50:
                    break
            assert buf.bid_price < buf.ask_price
        assert buf.closed
        return seen

    assert run(scene()) >= 50


def test_several_readers_run_beside_each_other_and_end_with_the_client(
    run: Any, sim: RunningSimulator
) -> None:
    async def scene() -> None:
        fb = AsyncClient(urls=sim.urls)
        rings = [fb.book_ticker("btcusdt"), fb.trades("ethusdt"), fb.diff_depth("btcusdt", market="usdm")]
        counts = [0, 0, 0, 0]

        async def count(index: int, batches: AsyncIterator[Any]) -> None:
            async for batch in batches:
                counts[index] += len(batch[1] if index == 3 else batch)

        async with asyncio.TaskGroup() as group:
            for index, ring in enumerate(rings):
                group.create_task(count(index, ring.reader("oldest")))
            group.create_task(count(3, fb.reader(rings, "oldest")))
            while not all(counts):
                await fb.wait_any(rings)
            await fb.close()
        assert sum(counts[:3]) == counts[3] == sum(ring.cursor + 1 for ring in rings)

    run(scene())


def test_events_are_iterated_asynchronously(run: Any, sim: RunningSimulator) -> None:
    async def scene() -> list[str]:
        kinds = []
        async with AsyncClient(urls=sim.urls) as fb:
            queue = fb.events()
            fb.book_ticker("btcusdt")
            async for event in queue:
                kinds.append(event.kind)
                if event.kind == "response":
                    break
        return kinds + [event.kind async for event in queue]

    assert run(scene()) == ["open", "response", "close"]


@pytest.mark.parametrize("what", ["reader", "wait", "ready", "wait_any", "many", "events"])
def test_cancelled_wait_leaves_nothing_behind(run: Any, silent_sim: RunningSimulator, what: str) -> None:
    async def scene() -> None:
        async with AsyncClient(urls=silent_sim.urls) as fb:
            buf = fb.book_ticker("btcusdt")
            waits: dict[str, Callable[[], Any]] = {
                "reader": lambda: anext(buf.reader()),
                "wait": buf.wait,
                "ready": buf.ready,
                "wait_any": lambda: fb.wait_any([buf]),
                "many": lambda: anext(fb.reader([buf])),
                "events": lambda: drain(fb.events()),
            }
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await waits[what]()
            assert buf.bell.waiting == 0

    async def drain(queue: Any) -> None:
        async for _ in queue:
            pass

    run(scene())


def test_reader_goes_on_where_a_cancelled_one_stopped(run: Any, silent_sim: RunningSimulator) -> None:
    async def scene() -> None:
        async with AsyncClient(urls=silent_sim.urls) as fb:
            buf = fb.book_ticker("btcusdt")
            with pytest.raises(WaitTimeout):
                await buf.ready(timeout=0.2)
            reader = buf.reader()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(reader), 0.01)
            assert await asyncio.to_thread(silent_sim.send, "spot", STREAM, spot_book_ticker(1)) == 1
            assert (await anext(reader))["update_id"].tolist() == [1]

    run(scene())


def test_close_from_other_tasks_at_once_and_in_a_callback(run: Any, silent_sim: RunningSimulator) -> None:
    async def scene() -> None:
        fb = AsyncClient(urls=silent_sim.urls)
        tasks: list[asyncio.Task[None]] = []
        opened = asyncio.Event()

        def on_open(_: Event) -> None:
            tasks.append(asyncio.create_task(fb.close()))
            opened.set()

        fb.on("open", on_open)
        buf = fb.book_ticker("btcusdt")
        await opened.wait()
        await asyncio.gather(fb.close(), fb.close(), *tasks)
        assert buf.closed
        await asyncio.to_thread(silent_sim.wait_for, lambda sim: sim.connections == 0)

    run(scene())


def test_close_that_is_cancelled_leaves_no_socket(run: Any, silent_sim: RunningSimulator) -> None:
    async def scene() -> None:
        fb = AsyncClient(urls=silent_sim.urls)
        buf = fb.book_ticker("btcusdt")
        with pytest.raises(WaitTimeout):
            await buf.ready(timeout=0.2)
        closing = asyncio.create_task(fb.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(StreamClosed):
            await buf.wait()
        await fb.close()
        await asyncio.to_thread(silent_sim.wait_for, lambda sim: sim.connections == 0)

    run(scene())


def test_exception_in_the_block_closes_and_comes_through(run: Any, silent_sim: RunningSimulator) -> None:
    fb = AsyncClient(urls=silent_sim.urls)

    async def scene() -> None:
        async with fb:
            fb.book_ticker("btcusdt")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(scene())
    assert fb.closed


def test_callback_runs_on_the_loop_with_its_task_free_to_go_on(
    run: Any, silent_sim: RunningSimulator
) -> None:
    async def scene() -> None:
        async with AsyncClient(urls=silent_sim.urls) as fb:
            loops: list[asyncio.AbstractEventLoop] = []
            opened = asyncio.Event()

            def on_open(_: Event) -> None:
                loops.append(asyncio.get_running_loop())
                opened.set()

            fb.on("open", on_open)
            fb.book_ticker("btcusdt")
            await opened.wait()
            assert loops == [asyncio.get_running_loop()]

    run(scene())
