"""10,000 orders in flight: no answer comes to another's caller, and nothing of them is left.

``python -m benchmarks._order_many URL KEYS MODE`` prints one JSON line. The exchange holds all answers
back and sends them in an order of its own.
"""

import asyncio
import gc
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import uvloop

from benchmarks import _harness
from benchmarks._order_clients import Exchange
from benchmarks._order_common import cpu_ns, secret_of
from benchmarks._order_ours import connect
from benchmarks._order_split import connection_of
from benchmarks._order_terms import FIRST_ORDER_ID
from fastbinance._protocol.requests import Request

__all__ = ["IN_FLIGHT", "Many"]

IN_FLIGHT: Final = 10_000
_ROUNDS: Final = 20
_QUARTER: Final = _ROUNDS // 4


@dataclass(frozen=True, slots=True)
class Round:
    """One time 10,000 orders.

    Attributes
    ----------
    cpu_ns, wall_ns
        An order.
    resident_bytes
        Of the process afterwards, when nothing is in flight any more.
    pending
        Requests without an outcome.
    blocks
        Of memory that Python has given out: objects of any kind, far more exact than the process's size.
    requests, tasks
        What is left of them in memory.
    """

    cpu_ns: float
    wall_ns: float
    resident_bytes: int
    blocks: int
    pending: int
    requests: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Many:
    """What came of it."""

    mode: str
    rounds: tuple[Round, ...]

    @classmethod
    def measure(cls, exchange: Exchange, mode: str = "logon") -> Self:
        """Run the program."""
        command = [sys.executable, "-m", "benchmarks._order_many", exchange.url, str(exchange.keys), mode]
        rows = json.loads(exchange.run(command).splitlines()[-1])
        return cls(mode, tuple(Round(**row) for row in rows))

    @property
    def growth_bytes(self) -> float:
        """Resident memory, median of the last quarter less that of the second: the first is for warmth."""
        return self._growth([row.resident_bytes for row in self.rounds])

    @property
    def growth_blocks(self) -> float:
        """The same of blocks of memory that Python has given out."""
        return self._growth([row.blocks for row in self.rounds])

    def _growth(self, values: list[int]) -> float:
        return _harness.median(values[-_QUARTER:]) - _harness.median(values[_QUARTER : 2 * _QUARTER])

    def table(self) -> _harness.Table:
        """Return what people read."""
        table = _harness.Table(
            f"{IN_FLIGHT:,} orders in flight, {len(self.rounds)} times", "answers that came to another",
            "CPU us an order", "pending", "requests left", "tasks left", "blocks more",
            "resident bytes more, an order",
        )  # fmt: skip
        orders = IN_FLIGHT * 2 * _QUARTER
        table.add(
            "logged on", "0", _harness.median(row.cpu_ns for row in self.rounds) / 1e3,
            max(row.pending for row in self.rounds), max(row.requests for row in self.rounds),
            max(row.tasks for row in self.rounds),
            f"{self.growth_blocks:.0f}", self.growth_bytes / orders,
        )  # fmt: skip
        return table

    def data(self) -> dict[str, Any]:
        """Return what the JSON result keeps."""
        rounds = [asdict(row) for row in self.rounds]
        growth = {"growth_bytes": self.growth_bytes, "growth_blocks": self.growth_blocks}
        return {"mode": self.mode, **growth, "rounds": rounds}


def _requests() -> int:
    gc.collect()
    return sum(type(thing) is Request for thing in gc.get_objects())


async def _run(url: str, keys: Path, mode: str) -> list[Round]:
    rounds: list[Round] = []
    async with connect(url, mode, secret_of(keys, mode)) as (client, place):

        async def one(client_id: str) -> int:
            order_id, answered = await place(client_id)
            if answered != client_id:
                raise RuntimeError(f"the answer for {answered} came to {client_id}")
            return order_id

        # The desk drops what is done when it next takes a request, at the latest when it would be late: after
        # two of these, what was before them is gone.
        for _ in range(2):
            await client.spot.time()
        requests_before, tasks_before = _requests(), len(asyncio.all_tasks())
        for number in range(_ROUNDS):
            cpu, wall = cpu_ns(), time.perf_counter_ns()
            ids = await asyncio.gather(*[one(f"fb-{number}-{n}") for n in range(IN_FLIGHT)])
            cpu, wall = cpu_ns() - cpu, time.perf_counter_ns() - wall
            first = FIRST_ORDER_ID + number * IN_FLIGHT
            # In the order in which they were sent, which is not that of the answers.
            if ids != list(range(first, first + IN_FLIGHT)):
                raise RuntimeError(f"round {number}: answers came to others")
            del ids
            for _ in range(2):
                await client.spot.time()
            left = _requests() - requests_before
            pending = connection_of(client)._owner.desk.pending
            tasks = len(asyncio.all_tasks()) - tasks_before
            rounds.append(
                Round(
                    cpu / IN_FLIGHT, wall / IN_FLIGHT, _harness.resident_bytes(), sys.getallocatedblocks(),
                    pending, left, tasks,
                )
            )  # fmt: skip
    return rounds


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in uvloop.run(_run(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))]))
