"""How long `Client.close` takes, in every phase of a connection's life, and that it leaves nothing."""

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from benchmarks._numbered import Numbered
from benchmarks._reliability import client_of, numbered_sim, subscribe
from benchmarks._sim_process import FaultySim
from fastbinance import Client

__all__ = ["PHASES", "closes"]

_STREAMS: Final = (
    Numbered("spot", "btcusdt@trade", 1_000),
    Numbered("spot", "btcusdt@bookTicker", 1_000),
    Numbered("usdm", "ethusdt@depth@0ms", 200),
)
_NAP_SECONDS: Final = 0.05  # at most so long after what begins a phase, so that no two closes meet the same


def _nap(rng: random.Random) -> None:
    time.sleep(rng.random() * _NAP_SECONDS)


def _wanted(client: Client) -> None:
    for one in _STREAMS:
        client.subscribe(one.stream, one.market)


@contextmanager
def _nothing(sim: FaultySim, _: random.Random) -> Iterator[Client]:
    yield client_of(sim)


@contextmanager
def _no_answer(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    # TCP connects by the listener's backlog, and the handshake is never read.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        client = Client(urls={"main": address, "usdm": address})
        _wanted(client)
        _nap(rng)
        yield client


@contextmanager
def _refused(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"ws://127.0.0.1:{listener.getsockname()[1]}"
    client = Client(urls={"main": address, "usdm": address})
    _wanted(client)
    time.sleep(0.3)  # two attempts have failed, and the third waits
    _nap(rng)
    yield client


@contextmanager
def _young(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    client = client_of(sim)
    _wanted(client)
    _nap(rng)
    yield client


@contextmanager
def _streaming(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    client = client_of(sim)
    subscribe(client, _STREAMS)
    _nap(rng)
    yield client


@contextmanager
def _two_lines(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    client = client_of(sim, lines=2)
    subscribe(client, _STREAMS)
    _nap(rng)
    yield client


@contextmanager
def _rolling(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    with _streaming(sim, rng) as client:
        client.rollover()
        time.sleep(rng.random() * _NAP_SECONDS / 5)
        yield client


@contextmanager
def _reset(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    with _streaming(sim, rng) as client:
        sim.call("reset")
        time.sleep(rng.random() * _NAP_SECONDS / 5)
        yield client


@contextmanager
def _frozen(sim: FaultySim, rng: random.Random) -> Iterator[Client]:
    with _streaming(sim, rng) as client:
        sim.call("freeze")
        try:
            yield client
        finally:
            sim.call("resume")


#: What a client is doing when it is closed.
PHASES: Final[dict[str, Callable[[FaultySim, random.Random], AbstractContextManager[Client]]]] = {
    "nothing was wanted yet": _nothing,
    "the handshake is not answered": _no_answer,
    "nobody listens, and it waits to try again": _refused,
    "wanted up to 50 ms ago": _young,
    "2,200 messages a second come": _streaming,
    "the same on two lines": _two_lines,
    "in the middle of a rollover": _rolling,
    "reset up to 10 ms ago": _reset,
    "the peer is frozen: neither reads nor answers": _frozen,
}


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def closes(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of each close by phase.

    Raises
    ------
    RuntimeError
        A thread or a descriptor is left after one.
    """
    rng = random.Random(3)
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    with numbered_sim() as sim:
        sim.pump(_STREAMS)
        with _streaming(sim, rng) as client:
            client.close()  # not counted: the first event loop of a process has a pipe that stays with it
        for _ in range(rounds):
            for phase, prepare in PHASES.items():
                threads, descriptors = threading.active_count(), _descriptors()
                with prepare(sim, rng) as client:
                    begin = time.perf_counter()
                    client.close()
                    found[phase].append((time.perf_counter() - begin) * 1e3)
                left = threading.active_count() - threads, _descriptors() - descriptors
                if left != (0, 0):
                    raise RuntimeError(f"{phase}: {left[0]} threads and {left[1]} descriptors are left")
    return found
