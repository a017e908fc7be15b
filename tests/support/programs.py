"""Programs of their own, which get real signals and end as a user's do."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from typing import Any, Final, Self

__all__ = ["Program", "plain"]

_FINISH_SECONDS: Final = 20  # a program that takes this long hangs; none of them takes two

_PRELUDE: Final = """
import asyncio, logging, os, signal, socket, ssl, sys, threading
import fastbinance

# Debug mode also tells what took a tenth of a second, which on a busy machine is anything.
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))

def left():
    "What is there besides the main thread and what the process began with."
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    sockets = []
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            target = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:
            continue  # the descriptor of this very look
        if target.startswith(("socket:", "anon_inode:")):
            sockets.append(target)
    return threads + sockets
"""


class Program:
    """A Python program that runs with every warning an error, and asyncio in debug mode.

    Parameters
    ----------
    text
        What it does after the prelude, which imports `fastbinance`, what the programs here need of the
        standard library, and has ``left()``.
    setup
        What stands before it.
    **values
        Its first variables: what ``repr`` can write.
    """

    def __init__(self, text: str, *, setup: str = "", **values: Any) -> None:
        lines = [f"{name} = {value!r}" for name, value in values.items()]
        source = "\n".join([_PRELUDE, *lines, textwrap.dedent(setup), textwrap.dedent(text)])
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self) -> str:
        """Wait for the next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def write(self, line: str) -> None:
        """Give it a line to read."""
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def finish(self) -> tuple[int, list[str], str]:
        """Wait for its end; return its exit code, the lines that it still printed, and its errors."""
        output, errors = self._process.communicate(timeout=_FINISH_SECONDS)
        return self._process.returncode, output.splitlines(), errors


def plain(urls: Mapping[Any, str]) -> dict[str, str]:
    """Return URLs by name, which a program can be given."""
    return {str(key.value): url for key, url in urls.items()}
