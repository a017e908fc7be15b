"""``fastbinance serve`` as a process of its own, and a directory where it is found."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import fastbinance

__all__ = ["DEADLINE_SECONDS", "ServerProcess", "runtime_directory"]

DEADLINE_SECONDS: Final = 20.0


class ServerProcess:
    """A server from its last line of greeting to its end.

    Parameters
    ----------
    *arguments
        Of ``fastbinance serve``, but the name.
    name
        What it is found by.
    """

    def __init__(self, *arguments: str, name: str = "desk") -> None:
        package = str(Path(fastbinance.__file__).parents[1])
        self.name: Final = name
        self.process: Final = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "fastbinance", "serve", "--name", name, *arguments],
            env={**os.environ, "PYTHONPATH": package},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.greeting: Final = self._greeting()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process as process:
            process.kill()

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """End it; return its exit code, what it still printed, and its errors."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, output, errors

    def _greeting(self) -> list[str]:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                return lines
        _, errors = self.process.communicate()
        raise AssertionError(f"the server did not start: {errors}")


@contextmanager
def runtime_directory(monkeypatch: Any) -> Iterator[Path]:
    """Give servers and those who attach a directory of their own, whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="fb-") as name:
        monkeypatch.setenv("FASTBINANCE_RUNTIME_DIR", name)
        yield Path(name)
