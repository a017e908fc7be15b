"""Feeds at once: a process that has imported everything, and splits a feed off itself whenever one is wanted.

A feed of its own Python costs half a second of imports, and the tests want hundreds. What comes from here is
a real process all the same: with a number of its own, ended by its own signals, on the same sockets and
memory, and with the environment, the output and the directory of who wants it. Only its parent is another.
`tests/facade/test_feed_process.py` has what depends on the true start.
"""

import atexit
import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fastbinance._feed.process import FeedProcess

__all__ = ["feeds_at_once"]

_LENGTH_BYTES: Final = 4
_CODE_BYTES: Final = 4
# In the order in which they are sent.
_DESCRIPTORS: Final = 4


class Child:
    """A feed of a nursery's, as `FeedProcess` wants one."""

    def __init__(self, status: socket.socket) -> None:
        self._status = status
        self.pid = int.from_bytes(_receive(status, _CODE_BYTES), "big")
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        if self._code is None and select.select([self._status], [], [], 0.0)[0]:
            self.wait()
        return self._code

    def wait(self) -> int:
        """Wait for its end."""
        if self._code is None:
            self._code = int.from_bytes(_receive(self._status, _CODE_BYTES), "big", signed=True)
            self._status.close()
        return self._code

    def kill(self) -> None:
        """Send it SIGKILL. The nursery says that it has ended before its number is anybody else's; it may
        have ended, and nobody have said so yet.
        """
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """The process with everything imported. It and its feeds end when the process that made it does."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(its.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )

    def begin(self, its: socket.socket) -> Child:
        """Start a feed; takes the place of `FeedProcess.begin`."""
        wants = json.dumps({"environment": dict(os.environ), "directory": os.getcwd()}).encode()
        status, its_status = socket.socketpair()
        with its_status:
            descriptors = [its.fileno(), its_status.fileno(), 1, 2]
            with self._turn:
                socket.send_fds(self._socket, [len(wants).to_bytes(_LENGTH_BYTES, "big")], descriptors)
                self._socket.sendall(wants)
        return Child(status)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()


@functools.cache
def _nursery() -> Nursery:
    """Return the one of this process, made when the first feed is wanted."""
    made = Nursery()
    atexit.register(made.close)
    return made


@contextlib.contextmanager
def feeds_at_once() -> Iterator[None]:
    """Have feeds come from a nursery for the length of a ``with`` block."""
    usual = FeedProcess.__dict__["begin"]
    FeedProcess.begin = staticmethod(_nursery().begin)
    try:
        yield
    finally:
        FeedProcess.begin = usual


def _receive(sock: socket.socket, count: int) -> bytes:
    """Return so many bytes."""
    received = b""
    while len(received) < count:
        chunk = sock.recv(count - len(received))
        if not chunk:
            raise ConnectionError("the other end is gone")
        received += chunk
    return received


# -- the other process


def _serve(sock: socket.socket) -> None:
    """Split off a feed for each request, and tell how each ends, until nobody can ask any more."""
    woken, wakes = socket.socketpair()
    for one in (woken, wakes):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    gc.freeze()
    children: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([sock, woken], [], [])
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
            while children:
                pid, found = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                with children.pop(pid) as status, contextlib.suppress(OSError):
                    status.sendall(os.waitstatus_to_exitcode(found).to_bytes(_CODE_BYTES, "big", signed=True))
        if sock in ready:
            head, descriptors, _, _ = socket.recv_fds(sock, _LENGTH_BYTES, _DESCRIPTORS)
            if not head:
                return
            wants = json.loads(_receive(sock, int.from_bytes(head, "big")))
            pid = os.fork()
            if pid == 0:
                for one in (sock, woken, wakes, *children.values()):
                    one.close()
                _become(wants, descriptors)
            its, its_status, *outputs = descriptors
            for descriptor in (its, *outputs):
                os.close(descriptor)
            children[pid] = status = socket.socket(fileno=its_status)
            with contextlib.suppress(OSError):
                status.sendall(pid.to_bytes(_CODE_BYTES, "big"))


def _become(wants: dict[str, Any], descriptors: list[int]) -> None:
    """Be a feed, in the child."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        its, its_status, output, errors = descriptors
        os.close(its_status)
        os.dup2(output, 1)
        os.dup2(errors, 2)
        os.close(output)
        os.close(errors)
        os.chdir(wants["directory"])
        os.environ.clear()
        os.environ.update(wants["environment"])
        be_a_feed(its)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


if __name__ == "__main__":
    from fastbinance._feed.__main__ import be_a_feed
    from fastbinance._io.feed_thread import new_loop

    new_loop().close()  # imports more
    _serve(socket.socket(fileno=int(sys.argv[1])))
