"""Ctrl-C and SIGTERM in every phase of a program: it ends at once, says what it should, leaves nothing."""

import os
import signal
import sys

import pytest
from support.deaf import DeafPeer, Depth
from support.programs import Program, plain

from fastbinance.sim import RunningSimulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals there end the process by themselves")

CONNECTING: list[tuple[str, Depth, bool]] = [
    ("until the WebSocket answers", "accepts", False),
    ("until TLS answers", "reads the hello", True),
    ("for a first record", "opens and reads", False),
    ("for a first record over TLS", "opens and reads", True),
]
CASES = pytest.mark.parametrize(
    ("depth", "tls"), [case[1:] for case in CONNECTING], ids=[case[0] for case in CONNECTING]
)

TRUSTING = """
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
"""


@CASES
def test_ctrl_c_while_ready_waits(depth: Depth, tls: bool) -> None:
    text = """
        try:
            with fastbinance.Client(urls={"main": url}, ssl_context=context) as fb:
                fb.on("open", lambda event: None)
                buf = fb.book_ticker("btcusdt")
                print("waiting", flush=True)
                buf.ready()
        except KeyboardInterrupt:
            print(fb.closed, buf.closed, left())
    """
    with DeafPeer(depth, tls=tls) as peer, Program(text, setup=TRUSTING, url=peer.url) as program:
        assert program.read() == "waiting"
        peer.wait_reached()
        program.signal(signal.SIGINT)
        assert program.finish() == (0, ["True True []"], "")


@CASES
def test_ctrl_c_while_ready_is_awaited(depth: Depth, tls: bool) -> None:
    text = """
        async def main():
            global fb
            async with fastbinance.AsyncClient(urls={"main": url}, ssl_context=context) as fb:
                buf = fb.book_ticker("btcusdt")
                print("waiting", flush=True)
                await buf.ready()
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print(fb.closed, left())
    """
    with DeafPeer(depth, tls=tls) as peer, Program(text, setup=TRUSTING, url=peer.url) as program:
        assert program.read() == "waiting"
        peer.wait_reached()
        program.signal(signal.SIGINT)
        assert program.finish() == (0, ["True []"], "")


def test_ctrl_c_in_a_reader(sim: RunningSimulator) -> None:
    text = """
        try:
            with fastbinance.Client(urls=urls) as fb:
                fb.on("open", lambda event: None)
                for batch in fb.book_ticker("btcusdt").reader():
                    print("reading", flush=True)
        except KeyboardInterrupt:
            print(fb, left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "reading"
        program.signal(signal.SIGINT)
        code, output, errors = program.finish()
    assert (code, output[-1], errors) == (0, "<Client prod: closed> []", "")


def test_ctrl_c_in_an_async_reader(sim: RunningSimulator) -> None:
    text = """
        async def main():
            global fb
            async with fastbinance.AsyncClient(urls=urls) as fb:
                async for batch in fb.book_ticker("btcusdt").reader():
                    print("reading", flush=True)
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print(fb, left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "reading"
        program.signal(signal.SIGINT)
        code, output, errors = program.finish()
    assert (code, output[-1], errors) == (0, "<AsyncClient prod: closed> []", "")


# A close that takes its time, because the peer does not answer; and whoever is too late is awaited.
SLOW_CLOSE = """
fb = fastbinance.Client(urls={"main": url})
opened = threading.Event()
fb.on("open", lambda event: opened.set())
buf = fb.book_ticker("btcusdt")
opened.wait()
"""


def test_ctrl_c_during_close_is_not_swallowed_and_what_it_began_goes_on() -> None:
    text = """
        try:
            print("closing", flush=True)
            fb.close()
            input()
        except KeyboardInterrupt:
            print("interrupted", buf.closed or "not yet")
        fb.close()
        print(fb, buf.closed, left())
    """
    with DeafPeer("opens and reads") as peer, Program(text, setup=SLOW_CLOSE, url=peer.url) as program:
        assert program.read() == "closing"
        program.signal(signal.SIGINT)
        code, output, errors = program.finish()
        assert output[0].startswith("interrupted")
        assert (code, output[1], errors) == (0, "<Client prod: closed> True []", "")
        peer.wait_ended()


def test_ctrl_c_during_close_ends_a_program_that_does_not_catch_it() -> None:
    text = """
        print("closing", flush=True)
        fb.close()
        input()
    """
    with DeafPeer("opens and reads") as peer, Program(text, setup=SLOW_CLOSE, url=peer.url) as program:
        assert program.read() == "closing"
        program.signal(signal.SIGINT)
        code, output, errors = program.finish()
        assert (code, output) == (-signal.SIGINT, [])
        assert errors.startswith("Traceback")
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert errors.count("Traceback") == 1
        peer.wait_ended()


def test_ctrl_c_again_and_again_ends_a_program_all_the_same() -> None:
    text = """
        with fb:
            print("open", flush=True)
            buf.ready()
    """
    with DeafPeer("opens and reads") as peer, Program(text, setup=SLOW_CLOSE, url=peer.url) as program:
        assert program.read() == "open"
        for _ in range(5):  # one in ready(), others in close(), in close() again at exit, or too late
            program.signal(signal.SIGINT)
        code, _, errors = program.finish()
        # In the interpreter's own end it may be that of the signal or 1; but it ends, without a word of ours.
        assert code in (-signal.SIGINT, 1, 130)
        assert "KeyboardInterrupt" in errors
        assert "Warning" not in errors
        assert "was destroyed" not in errors
        peer.wait_ended()


def test_ctrl_c_while_a_cancelled_close_is_awaited() -> None:
    text = """
        async def main():
            global fb
            fb = fastbinance.AsyncClient(urls={"main": url})
            queue = fb.events()
            fb.book_ticker("btcusdt")
            async for event in queue:
                if event.kind == "open":
                    break
            print("closing", flush=True)
            await fb.close()
            await asyncio.Event().wait()
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print(fb, left())
    """
    with DeafPeer("opens and reads") as peer, Program(text, url=peer.url) as program:
        assert program.read() == "closing"
        program.signal(signal.SIGINT)
        assert program.finish() == (0, ["<AsyncClient prod: closed> []"], "")
        peer.wait_ended()


# -- SIGTERM


def test_sigterm_that_becomes_an_exit_closes(sim: RunningSimulator) -> None:
    text = """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        with fastbinance.Client(urls=urls) as fb:
            for batch in fb.book_ticker("btcusdt").reader():
                print("reading", flush=True)
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "reading"
        program.signal(signal.SIGTERM)
        code, _, errors = program.finish()
    assert (code, errors) == (7, "")
    sim.wait_for(lambda sim: sim.connections == 0)


def test_sigterm_whose_handler_closes_ends_the_reader_that_it_interrupted(sim: RunningSimulator) -> None:
    text = """
        fb = fastbinance.Client(urls=urls)
        signal.signal(signal.SIGTERM, lambda *_: fb.close())
        for batch in fb.book_ticker("btcusdt").reader():
            print("reading", flush=True)
        print(fb, left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "reading"
        program.signal(signal.SIGTERM)
        code, output, errors = program.finish()
    assert (code, output[-1], errors) == (0, "<Client prod: closed> []", "")


def test_sigterm_whose_handler_closes_may_come_in_the_midst_of_a_call(sim: RunningSimulator) -> None:
    text = """
        fb = fastbinance.Client(urls=urls)
        signal.signal(signal.SIGTERM, lambda *_: fb.close())
        queue = fb.events()
        print("calling", flush=True)
        try:
            while True:
                fb.unsubscribe([fb.book_ticker("btcusdt")])
                fb.stats()
                fb.on("open", print)()
                fb.events()
        except fastbinance.ConfigurationError as error:
            print(error, left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "calling"
        program.signal(signal.SIGTERM)
        code, output, errors = program.finish()
    assert (code, errors) == (0, "")
    assert output == ["the client is closed; make a new one []"]


def test_sigterm_without_a_handler_ends_the_process(sim: RunningSimulator) -> None:
    text = """
        fb = fastbinance.Client(urls=urls)
        fb.book_ticker("btcusdt").ready(timeout=10)
        print("ready", flush=True)
        signal.pause()
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.read() == "ready"
        program.signal(signal.SIGTERM)
        assert program.finish() == (-signal.SIGTERM, [], "")
    sim.wait_for(lambda sim: sim.connections == 0)


# -- without a signal


def test_program_ends_while_a_name_is_being_looked_up() -> None:
    text = """
        asked = threading.Event()
        def hang(*_, **__):
            asked.set()
            threading.Event().wait()
        socket.getaddrinfo = hang
        fb = fastbinance.Client(urls={"main": "wss://host.test:9443"})
        fb.book_ticker("btcusdt")
        asked.wait()
        fb.close()
        print([name for name in left() if "fastbinance" in name or "socket" in name])
    """
    with Program(text) as program:
        assert program.finish() == (0, ["[]"], "")


def test_async_program_ends_while_a_name_is_being_looked_up() -> None:
    text = """
        asked = threading.Event()
        def hang(*_, **__):
            asked.set()
            threading.Event().wait()
        socket.getaddrinfo = hang
        async def main():
            async with fastbinance.AsyncClient(urls={"main": "wss://host.test:9443"}) as fb:
                fb.book_ticker("btcusdt")
                await asyncio.to_thread(asked.wait)
        asyncio.run(main())
    """
    with Program(text) as program:
        assert program.finish() == (0, [], "")


def test_program_ends_while_a_callback_does_not_return(sim: RunningSimulator) -> None:
    text = """
        entered = threading.Event()
        def stay(event):
            entered.set()
            threading.Event().wait()
        fb = fastbinance.Client(urls=urls)
        fb.on("open", stay)
        fb.book_ticker("btcusdt")
        entered.wait()
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.finish() == (0, [], "")
    sim.wait_for(lambda sim: sim.connections == 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_process_closes_its_copy_and_leaves_the_parents_connection_alone(sim: RunningSimulator) -> None:
    text = """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is the point
        fb = fastbinance.Client(urls=urls)
        fb.on("open", print)
        queue = fb.events()
        buf = fb.book_ticker("btcusdt")
        buf.ready(timeout=10)
        child = os.fork()
        if child == 0:
            try:
                fb.book_ticker("ethusdt")
            except fastbinance.ConfigurationError as error:
                print(error, fb, buf.closed, list(queue)[-1:], flush=True)
            fb.stats()
            fb.close()
            # The parent's: a new one has a feed of its own.
            with fastbinance.Client(urls=urls) as own:
                own.book_ticker("btcusdt").ready(timeout=10)
            sys.exit(5)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        buf.wait(timeout=10)
        print(fb.stats().connections[0].reconnects, buf.state is fastbinance.RingState.LIVE)
        fb.close()
        print(left())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        code, output, errors = program.finish()
    assert (code, errors) == (0, "")
    told = [line for line in output if not line.startswith("Event(")]
    assert told[0].startswith("the client is closed; make a new one <Client prod: closed> True")
    assert told[1:] == ["5", "0 True", "[]"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_process_of_an_async_program_leaves_the_parents_connection_alone(sim: RunningSimulator) -> None:
    text = """
        async def child_main():
            await fb.close()
            await fb.close()
        async def main():
            global fb
            fb = fastbinance.AsyncClient(urls=urls)
            buf = fb.book_ticker("btcusdt")
            await buf.ready(timeout=10)
            child = os.fork()
            if child == 0:
                # As multiprocessing does: out of the loop that it was forked in, without looking back.
                code = 1
                try:
                    thread = threading.Thread(target=lambda: asyncio.run(child_main()))
                    thread.start()
                    thread.join()
                    code = 5 if fb.closed else 6
                finally:
                    os._exit(code)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            await buf.wait(timeout=10)
            print(fb.stats().connections[0].reconnects)
            await fb.close()
        asyncio.run(main())
    """
    with Program(text, urls=plain(sim.urls)) as program:
        assert program.finish() == (0, ["5", "0"], "")
