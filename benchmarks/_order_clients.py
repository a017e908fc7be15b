"""The clients that place orders: how each is started, which kinds of key it can, whether it is installed.

FASTBINANCE_PEER_PYTHON and FASTBINANCE_PEER_NODE say where other people's are: `benchmarks._peers`.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Final, Self

from benchmarks import _compile
from benchmarks._order_terms import FIRST_ORDER_ID, MODES, write_keys
from benchmarks._peers import NODE_DIRECTORY, PYTHON, is_installed

__all__ = ["CLIENTS", "Client", "Cost", "Exchange"]

_EXIT_SECONDS: Final = 10.0
_NODE_PROGRAM: Final = str(_compile.HERE / "_order_js_sdk.cjs")
_ALL: Final = tuple(MODES)


@dataclass(frozen=True, slots=True)
class Client:
    """Who places orders."""

    meaning: str
    command: tuple[str, ...]
    modes: tuple[str, ...]
    probe: tuple[str, ...] = ()  # succeeds where it is installed
    install: str = ""  # what to type where it is missing
    keeps_several: bool = True  # can have more than one order in flight

    def is_installed(self) -> bool:
        """Tell whether its packages are there."""
        return not self.probe or is_installed(self.probe)


def _python(module: str, package: str, meaning: str, install: str, modes: tuple[str, ...]) -> Client:
    probe = (PYTHON, "-c", f"import {package}, uvloop")
    return Client(meaning, (PYTHON, "-m", f"benchmarks.{module}"), modes, probe, f"pip install {install}")


CLIENTS: Final = {
    "ours": Client("fastbinance, `AsyncClient`", (sys.executable, "-m", "benchmarks._order_ours"), _ALL),
    "ours-thread": Client(
        "fastbinance, `Client`: a thread of its own", (sys.executable, "-m", "benchmarks._order_ours_thread"),
        _ALL, keeps_several=False,
    ),
    "js-sdk": Client(
        "JavaScript SDK, `WebsocketAPIClient`", ("node", _NODE_PROGRAM, NODE_DIRECTORY), _ALL,
        ("node", _NODE_PROGRAM, NODE_DIRECTORY, "installed"), "npm install binance",
    ),
    "python-binance": _python(
        "_order_python_binance", "binance", "python-binance (with orjson)", "python-binance orjson uvloop",
        ("hmac", "ed25519", "rsa"),
    ),
    "official-sdk": _python(
        "_order_official_sdk", "binance_sdk_spot", "official SDK (binance-sdk-spot)",
        "binance-sdk-spot uvloop", _ALL,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """What one client paid for its orders."""

    orders: int
    cpu_ns: int
    wall_ns: int
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def ns(self) -> float:
        """CPU nanoseconds an order, of all threads, in the kernel and out of it."""
        return self.cpu_ns / self.orders


class Exchange:
    """The process that answers, on one core; clients are run on another.

    Parameters
    ----------
    hold
        Answers that go out together, in another order: 0 answers each at once.
    """

    def __init__(self, hold: int = 0) -> None:
        # The clients run on our last core (the one, where we are pinned), the exchange on another.
        self.client_core = max(os.sched_getaffinity(0))
        others = [core for core in range(os.cpu_count() or 1) if core != self.client_core]
        self.keys = _compile.BUILD / "order-keys"
        write_keys(self.keys)
        command = [sys.executable, "-m", "benchmarks._order_exchange", str(self.keys), str(hold)]
        self._process = subprocess.Popen(
            _on(others[0] if others else self.client_core, command),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment(),
        )  # fmt: skip
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the exchange did not start; what it said is above")
        self.url = f"ws://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stdin: IO[str] | None = self._process.stdin
        if stdin is not None:
            stdin.close()
        self._process.wait(_EXIT_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def cost(self, name: str, mode: str, depth: int, warm: int, orders: int) -> Cost:
        """Have a client place orders, ``depth`` in flight; those for warmth come first and do not count."""
        numbers = [str(number) for number in (depth, warm, orders)]
        line = self.run([*CLIENTS[name].command, self.url, mode, str(self.keys), *numbers]).splitlines()[-1]
        row = json.loads(line)
        # The exchange counts ids up on each connection: who read every answer knows their sum.
        ids = range(FIRST_ORDER_ID + warm, FIRST_ORDER_ID + warm + orders)
        if row["orders"] != orders or row["ids"] != sum(ids):
            raise RuntimeError(f"{name} ({mode}) read other answers than were sent: {line}")
        return Cost(orders, row["cpu_ns"], row["wall_ns"], row["versions"])

    def run(self, command: list[str]) -> str:
        """Run a program on the clients' core, and return what it printed."""
        done = subprocess.run(
            _on(self.client_core, command), capture_output=True, text=True, check=False, env=_environment()
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout


def _on(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command]


def _environment() -> dict[str, str]:
    path = [str(_compile.ROOT), str(_compile.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
