"""Notebooks: cells run inside an event loop of the main thread, are interrupted and run again, and nobody
closes anything before the kernel ends.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from support.deaf import DeafPeer
from support.faces import feed_threads
from support.payloads import spot_book_ticker
from support.programs import Program, plain

import fastbinance
from fastbinance.sim import RunningSimulator

STREAM = "btcusdt@bookTicker"

# What a kernel does: a loop that runs for ever in the main thread, and one cell after the other on it. Ctrl-C
# interrupts a cell and not the kernel; a restart ends the loop, and then the interpreter.
KERNEL = """
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.set_debug(False)  # cells block it: that is what they are

def run(*cells):
    async def kernel():
        for cell in cells:
            try:
                found = cell()
                if asyncio.iscoroutine(found):
                    await found
            except KeyboardInterrupt:
                print("interrupted", flush=True)
        loop.stop()
    task = loop.create_task(kernel())
    loop.run_forever()
    task.result()
"""


async def test_client_works_inside_a_running_loop(sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=sim.urls)
    buf = fb.book_ticker("btcusdt")
    buf.ready(timeout=10)
    assert buf.last().bid_price > 0
    assert len(next(buf.reader("oldest"))) > 0
    assert asyncio.get_running_loop() is not fb._feed._loop
    fb.close()
    assert feed_threads() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_block_in_one_cell_leaves_the_kernels_loop_as_it_was(sim: RunningSimulator) -> None:
    with fastbinance.Client(urls=sim.urls) as fb:
        fb.on("open", lambda event: None)
        fb.book_ticker("btcusdt").ready(timeout=10)
    assert feed_threads() == []
    assert asyncio.get_event_loop() is asyncio.get_running_loop()


async def test_events_of_a_blocking_client_can_be_awaited_in_a_cell(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    queue = fb.events()
    fb.book_ticker("btcusdt")
    assert (await anext(queue)).kind == "open"
    waiting = asyncio.create_task(anext(_past(queue, "response")))
    await asyncio.sleep(0)
    fb.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def _past(queue: fastbinance.EventQueue, *kinds: str) -> AsyncIterator[fastbinance.Event]:
    # Only what is of no other kind than these and the end of a connection.
    async for event in queue:
        if event.kind not in (*kinds, "close"):
            yield event


async def test_both_clients_live_side_by_side_in_one_kernel(silent_sim: RunningSimulator) -> None:
    blocking = fastbinance.Client(urls=silent_sim.urls)
    awaiting = fastbinance.AsyncClient(urls=silent_sim.urls)
    rings = (blocking.book_ticker("btcusdt"), awaiting.book_ticker("btcusdt"))
    queue = awaiting.events()
    async for event in queue:
        if event.kind == "response":
            break
    while rings[0].state is not fastbinance.RingState.LIVE:
        rings[0].wait(timeout=0.01)
    silent_sim.send("spot", STREAM, spot_book_ticker(1))
    await rings[1].wait(after=-1, timeout=10)
    rings[0].wait(after=-1, timeout=10)
    blocking.close()
    assert rings[0].closed
    assert not rings[1].closed
    await awaiting.close()
    assert rings[1].closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.skipif(sys.platform == "win32", reason="signals there end the process by themselves")
def test_interrupted_cell_leaves_the_client_usable_and_a_restart_ends_it(sim: RunningSimulator) -> None:
    text = """
        def make():
            global fb, buf
            fb = fastbinance.Client(urls=urls)
            fb.on("open", lambda event: None)
            buf = fb.book_ticker("btcusdt")
        def read():
            for batch in buf.reader():
                print("reading", flush=True)
        def look():
            buf.wait(timeout=10)
            print(fb, buf.state is fastbinance.RingState.LIVE, fb.stats().connections[0].reconnects)
        run(make, read, look)
    """
    with Program(text, setup=KERNEL, urls=plain(sim.urls)) as program:
        assert program.read() == "reading"
        program.signal(signal.SIGINT)
        code, output, errors = program.finish()
    assert [line for line in output if line != "reading"] == [
        "interrupted", "<Client prod: 1 streams> True 0",
    ]  # fmt: skip
    assert (code, errors) == (0, "")
    sim.wait_for(lambda sim: sim.connections == 0)


def test_restart_ends_the_clients_of_every_run_of_a_cell_together() -> None:
    # One after the other they would take half a minute: each of these peers lets its goodbye time out.
    text = """
        def make():
            global fb
            fb = fastbinance.Client(urls={"main": url})
            queue = fb.events()
            fb.book_ticker("btcusdt")
            next(queue)
        run(*[make] * 60)
    """
    with DeafPeer("opens and reads") as peer:
        with Program(text, setup=KERNEL, url=peer.url) as program:
            code, output, errors = program.finish()
        assert (code, output, errors) == (0, [], "")
        peer.wait_ended(60)


def test_restart_ends_an_async_client_that_cells_have_awaited(sim: RunningSimulator) -> None:
    text = """
        async def make():
            global fb, buf
            fb = fastbinance.AsyncClient(urls=urls)
            buf = fb.book_ticker("btcusdt")
            await buf.ready(timeout=10)
        async def read():
            await anext(buf.reader())
            print("read")
        run(make, read, read)
    """
    with Program(text, setup=KERNEL, urls=plain(sim.urls)) as program:
        code, output, errors = program.finish()
    assert (code, output, errors) == (0, ["read", "read"], "")
    sim.wait_for(lambda sim: sim.connections == 0)


def test_cell_that_closes_twice_and_begins_again(sim: RunningSimulator) -> None:
    text = """
        def make():
            global fb
            fb = fastbinance.Client(urls=urls)
            fb.book_ticker("btcusdt").ready(timeout=10)
        def close():
            fb.close()
        def show():
            print(fb, [name for name in left() if name.startswith("fastbinance")])
        run(make, close, close, show, make, close, show)
    """
    with Program(text, setup=KERNEL, urls=plain(sim.urls)) as program:
        code, output, errors = program.finish()
    assert output == ["<Client prod: closed> []"] * 2
    assert (code, errors) == (0, "")
