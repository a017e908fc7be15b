"""Who speaks nonsense to a server, and who attaches to something that is none: nobody else notices."""

import contextlib
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.serving import DEADLINE_SECONDS, ServerProcess, runtime_directory

from fastbinance import ConfigurationError, attach
from fastbinance._feed import attached_pool
from fastbinance._feed.attach_messages import FROM_READER, FROM_SERVER, GiveUp, Greeting, Want, Welcome
from fastbinance._version import __version__
from fastbinance.sim import run_in_thread

pytestmark = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no shared memory there")

Impostor = Callable[[Callable[[socket.socket], object]], threading.Thread]

GREETING = FROM_READER.frame(Greeting(__version__))
WANT = FROM_READER.frame(Want(1, "btcusdt@trade", "main", None, None))


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


NONSENSE = {
    "nothing": b"",
    "one byte": b"\x00",
    "half a length": b"\x00\x00",
    "a length without an end": b"\xff\xff\xff\xff" + b"x" * 1000,
    "a message of no bytes": framed(b""),
    "no message": framed(b"\xc1" * 50),
    "a list": framed(b"\x93\x01\x02\x03"),
    "another protocol": b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n",
    "a message of a server's": FROM_SERVER.frame(Welcome(__version__, 1, "prod")),
    "a wish before a greeting": WANT,
    "another version": FROM_READER.frame(Greeting("0.0.0")),
    "half a greeting": GREETING[:-3],
    "a greeting, then no message": GREETING + framed(b"\xc1"),
    "a greeting, then half a wish": GREETING + WANT[:-5],
    "two greetings": GREETING * 2,
    "what was never wanted is given up": GREETING + FROM_READER.frame(GiveUp(2**31)),
    "a wish for nonsense": GREETING + FROM_READER.frame(Want(1, "\x00" * 200, "nowhere", -5, 2**62)),
    "the same number twice": GREETING + WANT * 2,
}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with runtime_directory(monkeypatch) as path:
        yield path


def test_nonsense_costs_who_speaks_it_the_connection_and_nobody_else_anything(place: Path) -> None:
    with (
        run_in_thread(seed=7, messages_per_second=200) as sim,
        ServerProcess("btcusdt@bookTicker", "--service", "main", "--url", sim.urls["main"]) as server,
        attach("desk") as desk,
    ):
        ring = desk.book_ticker("btcusdt")
        ring.ready(timeout=DEADLINE_SECONDS)
        for name, said in NONSENSE.items():
            for leaves in (True, False):
                with socket.socket(socket.AF_UNIX) as stranger:
                    stranger.settimeout(DEADLINE_SECONDS)
                    stranger.connect(str(place / "desk.fastbinance.sock"))
                    with contextlib.suppress(OSError):  # it has hung up already
                        stranger.sendall(said)
                    if not leaves:
                        stranger.shutdown(socket.SHUT_WR)
                        with contextlib.suppress(OSError):
                            while stranger.recv(4096):
                                pass
                cursor = ring.cursor
                assert ring.wait(cursor, timeout=DEADLINE_SECONDS) > cursor, name
        with attach("desk") as other:
            other.book_ticker("btcusdt").ready(timeout=DEADLINE_SECONDS)
        code, _, errors = server.end()
        assert code == 0
        assert "Traceback" not in errors


def test_strangers_who_stay_and_say_nothing_keep_nobody_out(place: Path) -> None:
    with (
        run_in_thread(messages_per_second=0.000_001) as sim,
        ServerProcess("btcusdt@bookTicker", "--service", "main", "--url", sim.urls["main"]) as server,
        contextlib.ExitStack() as strangers,
    ):
        for _ in range(30):
            stranger = strangers.enter_context(socket.socket(socket.AF_UNIX))
            stranger.connect(str(place / "desk.fastbinance.sock"))
        with attach("desk") as desk:
            assert desk.server_pid == server.pid


# -- what only looks like a server


@pytest.fixture
def impostor(place: Path) -> Iterator[Impostor]:
    """Listen where a server would, and do something to each who connects."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(place / "desk.fastbinance.sock"))
        listener.listen()

        def serve(play: Callable[[socket.socket], object]) -> threading.Thread:
            def run() -> None:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(4096)
                    play(connection)

            thread = threading.Thread(target=run)
            thread.start()
            stack.callback(thread.join, DEADLINE_SECONDS)
            return thread

        yield serve


def _files(connection: socket.socket, message: bytes, *sizes: int) -> None:
    files = [os.memfd_create("nothing") if hasattr(os, "memfd_create") else os.dup(0) for _ in sizes]
    try:
        for file, size in zip(files, sizes, strict=True):
            os.ftruncate(file, size)
        socket.send_fds(connection, [message], files)
        connection.recv(4096)
    finally:
        for file in files:
            os.close(file)


WELCOME = FROM_SERVER.frame(Welcome(__version__, 4711, "prod"))
IMPOSTORS = {
    "hangs up": (lambda one: None, "has hung up: it is ending, or of another version"),
    "speaks another language": (
        lambda one: one.sendall(b"220 mail.example ready\r\n"),
        "does not speak this version's language",
    ),
    "says less than it announces": (
        lambda one: one.sendall(b"\x00\x00\xff\xff\x81"),
        "does not speak this version's language",
    ),
    "hands over nothing": (lambda one: one.sendall(WELCOME), "has handed over no memory"),
    "hands over one file": (lambda one: _files(one, WELCOME, 4096), "has handed over no memory"),
    "hands over empty files": (lambda one: _files(one, WELCOME, 0, 0), "no segment of fastbinance's"),
    "hands over zeros": (lambda one: _files(one, WELCOME, 1 << 20, 4096), "no segment of fastbinance's"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="files without a name are made as on Linux")
@pytest.mark.parametrize(("play", "why"), IMPOSTORS.values(), ids=IMPOSTORS)
def test_who_only_looks_like_a_server_is_found_out(
    impostor: Impostor,
    play: Callable[[socket.socket], object],
    why: str,
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    playing = impostor(play)
    with pytest.raises(ConfigurationError, match=why):
        attach("desk")
    gc.collect()  # what the error's traceback has kept
    playing.join(DEADLINE_SECONDS)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_who_never_answers_is_waited_for_no_longer_than_that(
    impostor: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    impostor(lambda one: over.wait(DEADLINE_SECONDS))
    monkeypatch.setattr(attached_pool, "_ANSWER_SECONDS", 0.05)
    try:
        with pytest.raises(ConfigurationError, match="the server 'desk' does not answer"):
            attach("desk")
    finally:
        over.set()
