"""A simulator in a process of its own, told line by line what to send and what to suffer.

``python -m benchmarks._faulty_sim SETTINGS`` prints a line with its URLs, then answers each JSON line of its
input with one of its output, until the input ends. `_sim_process.FaultySim` is the other end.
"""

import asyncio
import contextlib
import json
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, cast

import uvloop

from benchmarks._numbered import Numbered, Schedule
from fastbinance.keys import Market
from fastbinance.sim import Replay, Simulator
from fastbinance.sim.replay import ReplayFrame

__all__: list[str] = []

# What a line may call, by the simulator's own names.
_CALLS: Final = frozenset((
    "admit", "announce_shutdown", "close_all", "cut", "delay", "disturb", "freeze", "garbage", "refuse",
    "reset", "resume", "silence", "stall", "subscriptions", "throttle", "truncate", "undisturb", "unsilence",
))  # fmt: skip
_MOST_A_TURN: Final = 256
_SHORTEST_NAP_SECONDS: Final = 0.0005  # a burst of what is due in the meantime costs less than a turn each


def _silent(market: str) -> Replay:
    """Return a capture that never begins: its market does not trade at random, and all that comes is ours."""
    frame = ReplayFrame((f"never@{market}",), b"{}", 0)
    return Replay((frame,), wait_for=frozenset(frame.streams))


class _Server:
    """The simulator and what is asked of it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._schedule: Schedule | None = None
        self._pumping: asyncio.Task[None] | None = None
        self._own: dict[str, Callable[..., object]] = {
            "pump": self._pump, "halt": self._halt, "numbers": lambda: None, "stats": self._stats,
        }  # fmt: skip

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do what a line asks. ``at_ns`` is our clock before it was done, ``numbers`` the last ones sent by
        then.
        """
        request = json.loads(line)
        name = request.pop("call")
        if name in self._own:
            call = self._own[name]
        elif name in _CALLS:
            call = getattr(self._simulator, name)
        else:
            return {"error": f"no call {name!r}"}
        if self._pumping is not None and self._pumping.done() and not self._pumping.cancelled():
            return {"error": f"nothing is sent any more: {self._pumping.exception()!r}"}
        numbers = dict(self._schedule.numbers) if self._schedule is not None else {}
        at_ns = time.time_ns()
        try:
            value = call(**request)
        except Exception as error:  # the caller's fault or the simulator's: either way the caller raises it
            return {"error": f"{name}: {type(error).__name__}: {error}"}
        return {"value": value, "at_ns": at_ns, "numbers": numbers}

    def stop(self) -> None:
        """End the messages."""
        if self._pumping is not None:
            self._pumping.cancel()

    def _pump(self, streams: list[dict[str, Any]]) -> None:
        self.stop()
        numbered = [Numbered(**stream) for stream in streams]
        self._schedule = Schedule(numbered, asyncio.get_running_loop().time())
        self._pumping = asyncio.create_task(self._send_for_ever(self._schedule))

    def _halt(self) -> dict[str, int]:
        if self._schedule is None:
            raise RuntimeError("nothing is being sent")
        self.stop()
        return dict(self._schedule.numbers)

    def _stats(self) -> dict[str, int]:
        return asdict(self._simulator.stats) | {"connections": self._simulator.connections}

    async def _send_for_ever(self, schedule: Schedule) -> None:
        loop, send = asyncio.get_running_loop(), self._simulator.send
        while True:
            time_ms = time.time_ns() // 1_000_000
            for stream, number in schedule.due(loop.time(), _MOST_A_TURN):
                send(cast(Market, stream.market), stream.stream, stream.spell(number, time_ms))
            await asyncio.sleep(max(schedule.next_at - loop.time(), _SHORTEST_NAP_SECONDS))


async def _serve(settings: dict[str, Any]) -> None:
    options = settings["options"]
    if "connects_limit" in options:
        options["connects_limit"] = tuple(options["connects_limit"])
    replay: dict[Market, Replay] = {market: _silent(market) for market in settings["silent"]}
    async with Simulator(replay=replay, **options) as simulator:
        trust = simulator.ssl_context
        certificates = [] if trust is None else trust.get_ca_certs(binary_form=True)
        greeting = {
            "urls": simulator.urls,
            "rest_urls": simulator.rest_urls,
            "certificate": "".join(map(ssl.DER_cert_to_PEM_cert, certificates)),
        }
        print(json.dumps(greeting), flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        server = _Server(simulator)
        try:
            while line := await reader.readline():
                print(json.dumps(server.answer(line)), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # whoever asks is gone, and so are we
        uvloop.run(_serve(json.loads(sys.argv[1])))
