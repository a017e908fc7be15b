"""The end of a client: from anywhere, any number of times, and nothing is left."""

import gc
import os
import socket
import textwrap
import threading
from typing import Any

import pytest
from support.faces import FACES, Face, InlineFace, feed_threads
from support.payloads import spot_book_ticker
from support.programs import Program, plain

import fastbinance
from fastbinance import StreamClosed
from fastbinance.sim import RunningSimulator, run_in_thread

pytestmark = pytest.mark.faces(*FACES)

STREAM = "btcusdt@bookTicker"


def sockets() -> set[str]:
    """Return this process's sockets, by what the kernel calls them."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the descriptor of this very look
        if target.startswith("socket:"):
            found.add(target)
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_close_leaves_no_thread_and_no_socket(face: Face, tls: bool) -> None:
    with run_in_thread(tls=tls, messages_per_second=100) as sim:
        before = sockets()
        fb = face.client(urls=sim.urls, ssl_context=sim.ssl_context)
        face.do(lambda: fb.on("message", print))
        face.do(fb.subscribe, ["btcusdt@bookTicker", "btcusdt@kline_1m"])
        rings = [face.do(fb.book_ticker, "btcusdt"), face.do(fb.agg_trades, "btcusdt", market="usdm")]
        for ring in rings:
            face.do(ring.ready, timeout=10)
        face.do(fb.close)
        face.beside(sim.wait_for, lambda sim: sim.connections == 0)
        assert feed_threads() == []
        assert sockets() - before <= inner_sockets(face)
        assert sim.stats.opened == sim.stats.closed == 2


def inner_sockets(face: Face) -> set[str]:
    # The loop of an inline face is the test's, and wakes itself through a pair of sockets.
    if not isinstance(face, InlineFace):
        return set()
    loop: Any = face.loop
    ends = (loop._ssock.fileno(), loop._csock.fileno())
    return {os.readlink(f"/proc/self/fd/{descriptor}") for descriptor in ends}


def test_close_says_goodbye_rather_than_hanging_up(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(urls=silent_sim.urls)
    queue = face.do(fb.events)
    face.live(face.do(fb.book_ticker, "btcusdt"))
    face.do(fb.close)
    assert [face.next(queue).kind for _ in range(3)] == ["open", "response", "close"]
    with pytest.raises(StopIteration):
        face.next(queue)


def test_close_twice_and_unused_is_no_error(face: Face, silent_sim: RunningSimulator) -> None:
    unused = face.client(urls=silent_sim.urls)
    for _ in range(2):
        face.do(unused.close)
    used = face.client(urls=silent_sim.urls)
    face.do(used.book_ticker, "btcusdt")
    for _ in range(3):
        face.do(used.close)


def test_close_while_connecting_is_quick(face: Face) -> None:
    # A peer that accepts and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as server:
        fb = face.client(urls={"main": f"ws://127.0.0.1:{server.getsockname()[1]}"})
        face.do(fb.book_ticker, "btcusdt")
        server.settimeout(10)
        peer, _ = face.beside(server.accept)
        with peer:
            face.do(fb.close)
    assert fb.stats().connections == ()


def test_rings_can_be_read_after_close_and_waiting_says_that_it_is_over(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(urls=silent_sim.urls)
    buf = face.live(face.do(fb.book_ticker, "btcusdt"))
    silent_sim.send("spot", STREAM, spot_book_ticker(1))
    face.until(lambda: buf.cursor == 0, buf)
    reader = buf.reader("oldest")
    face.do(fb.close)
    assert buf.last().update_id == 1
    assert len(buf[-10:]) == 1
    assert len(face.next(reader)) == 1
    with pytest.raises(StopIteration):
        face.next(reader)
    for call in (buf.wait, buf.ready):
        with pytest.raises(StreamClosed):
            face.do(call)


def test_view_keeps_the_memory_of_a_ring_whose_client_is_gone(
    face: Face, silent_sim: RunningSimulator
) -> None:
    def view() -> Any:
        fb = face.client(urls=silent_sim.urls)
        buf = face.live(face.do(fb.book_ticker, "btcusdt"))
        silent_sim.send("spot", STREAM, spot_book_ticker(1, "4.5"))
        face.until(lambda: buf.cursor == 0, buf)
        face.do(fb.close)
        face.clients.clear()
        return buf[-1:]

    window = view()
    gc.collect()
    assert window["bid_price"][0] == 4.5


# -- Client: threads


def test_close_from_another_thread_ends_readers_waits_and_ready(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    buf = fb.book_ticker("btcusdt")
    ends: list[str] = []
    calls: list[tuple[str, Any]] = [
        ("reader", lambda: list(buf.reader())),
        ("many", lambda: list(fb.reader([buf]))),
        ("events", lambda: list(fb.events())),
        ("wait", buf.wait),
        ("ready", buf.ready),
        ("wait_any", lambda: fb.wait_any([buf])),
    ]

    def run(name: str, call: Any) -> None:
        try:
            call()
        except StreamClosed:
            name += " closed"
        ends.append(name)

    threads = [threading.Thread(target=run, args=case) for case in calls]
    for thread in threads:
        thread.start()
    # Waiters are seen by the bell they wait for; the consumer of events is ended whenever it comes.
    while buf.bell.waiting < 5:
        buf.wait(timeout=0.001)
    closer = threading.Thread(target=fb.close)
    closer.start()
    fb.close()
    for thread in (closer, *threads):
        thread.join(10)
        assert not thread.is_alive()
    assert sorted(end for end in ends if not end.startswith("events")) == [
        "many", "reader", "ready closed", "wait closed", "wait_any closed",
    ]  # fmt: skip
    assert feed_threads() == []


def test_close_in_a_callback_does_not_wait_for_itself(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    closed = threading.Event()

    def close(_: object) -> None:
        fb.close()
        closed.set()

    fb.on("open", close)
    buf = fb.book_ticker("btcusdt")
    assert closed.wait(10)
    assert buf.closed
    fb.close()
    for thread in threading.enumerate():
        if thread.name == "fastbinance-callbacks":
            thread.join(10)


def test_close_waits_for_a_callback_that_is_closing_too(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)
    entered = threading.Event()

    def close(_: object) -> None:
        entered.set()
        fb.close()

    fb.on("open", close)
    fb.book_ticker("btcusdt")
    assert entered.wait(10)
    fb.close()
    for thread in threading.enumerate():
        if thread.name.startswith("fastbinance-c") or thread.name == "fastbinance-feed":
            thread.join(10)


def test_exception_in_the_block_closes_and_comes_through(silent_sim: RunningSimulator) -> None:
    fb = fastbinance.Client(urls=silent_sim.urls)

    def fail() -> None:
        with fb:
            fb.book_ticker("btcusdt")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert fb.closed


# -- programs of their own


FORGETFUL = [
    ("falls off the end", "", 0),
    ("exits", "raise SystemExit(3)", 3),
    ("fails", "raise ZeroDivisionError", 1),
]


@pytest.mark.parametrize(
    ("end", "code"), [case[1:] for case in FORGETFUL], ids=[case[0] for case in FORGETFUL]
)
def test_program_that_forgets_to_close_ends_all_the_same(sim: RunningSimulator, end: str, code: int) -> None:
    text = """
        fb = fastbinance.Client(urls=urls)
        fb.on("message", print)
        buf = fb.book_ticker("btcusdt")
        buf.ready(timeout=10)
        waiting = threading.Thread(target=lambda: list(buf.reader()), daemon=True)
        waiting.start()
    """
    with Program(textwrap.dedent(text) + end, urls=plain(sim.urls)) as program:
        found, _, errors = program.finish()
    assert found == code
    assert ("ZeroDivisionError" in errors) if code == 1 else errors == ""
    sim.wait_for(lambda sim: sim.connections == 0)


def test_async_program_that_forgets_to_close_ends_all_the_same(sim: RunningSimulator) -> None:
    text = """
        async def main():
            global fb
            fb = fastbinance.AsyncClient(urls=urls)
            await fb.book_ticker("btcusdt").ready(timeout=10)
        asyncio.run(main())
        print(left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.finish() == (0, ["[]"], "")
    sim.wait_for(lambda sim: sim.connections == 0)
