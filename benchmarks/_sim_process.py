"""The handle of a simulator in another process, so that its work is not the client's."""

import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, NamedTuple, Self

from benchmarks import _compile
from benchmarks._numbered import Numbered

__all__ = ["Answer", "FaultySim"]

_EXIT_SECONDS = 10.0


class Answer(NamedTuple):
    """What a call gave.

    Attributes
    ----------
    value
        What the simulator's method returned.
    at_ns
        The simulator's clock just before the call, which is this machine's: UTC nanoseconds.
    numbers
        Last number sent of each numbered stream by then: a record with a greater one was sent afterwards.
    """

    value: Any
    at_ns: int
    numbers: dict[str, int]


class FaultySim:
    """A `fastbinance.sim.Simulator` in a process of its own. Calls may come from any thread.

    Parameters
    ----------
    silent
        Markets that do not trade at random: what comes of them is what `pump` sends.
    **options
        The simulator's, as far as JSON can say them.
    """

    def __init__(self, silent: Sequence[str] = (), **options: Any) -> None:
        settings = json.dumps({"silent": list(silent), "options": options})
        path = [str(_compile.ROOT), str(_compile.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._faulty_sim", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )
        self._lock = threading.Lock()
        try:
            greeting = self._line()
        except BaseException:
            self.close()
            raise
        #: Base URL of every key, ready for a client's ``urls=``.
        self.urls: dict[str, str] = greeting["urls"]
        #: Base URL of every product's REST, ready for a client's ``rest_urls=``.
        self.rest_urls: dict[str, str] = greeting["rest_urls"]
        #: Trusts the certificate; None without ``tls``.
        self.ssl_context: ssl.SSLContext | None = None
        if greeting["certificate"]:
            self.ssl_context = ssl.create_default_context(cadata=greeting["certificate"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, name: str, **arguments: Any) -> Answer:
        """Call a method of the simulator, or one of ``pump``, ``halt``, ``numbers`` and ``stats``.

        Raises
        ------
        RuntimeError
            It failed there, or the process has ended.
        """
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
            self._process.stdin.flush()
            answer = self._line()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return Answer(answer["value"], answer["at_ns"], answer["numbers"])

    def pump(self, streams: Sequence[Numbered]) -> None:
        """Begin to send numbered messages, each stream at its rate, in place of what was sent before."""
        self.call("pump", streams=[asdict(stream) for stream in streams])

    def close(self) -> None:
        """End the process; it says goodbye to its connections first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(_EXIT_SECONDS)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(_EXIT_SECONDS)
        finally:
            self._process.stdout.close()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator has ended; what it said is above")
        answer: dict[str, Any] = json.loads(line)
        return answer
