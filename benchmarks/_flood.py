"""A flood over loopback: a sender process for each set of frames, a client process for each round."""

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from benchmarks import _compile, _harness, corpus
from benchmarks._peers import PEERS

__all__ = ["Cost", "Flood", "Sender", "expected_sums"]

_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What one client paid for one flood, and the sums that prove what it decoded."""

    messages: int
    cpu_ns: int
    sums: tuple[int, int]
    reads: int = 0  # socket reads, of the bare loop only
    versions: dict[str, str] = field(default_factory=dict)  # of a peer's packages

    @property
    def ns(self) -> float:
        """CPU nanoseconds a message."""
        return self.cpu_ns / self.messages


@dataclass(slots=True)
class Sender:
    """A process that sends one block of frames as often as it is asked."""

    case: corpus.Case
    routes: Path
    url: str
    port: str
    process: "subprocess.Popen[str]" = field(repr=False)


def expected_sums(payloads: tuple[bytes, ...]) -> tuple[int, int]:
    """Return what the clients must arrive at: update ids, and the bits of `float` of the figures."""
    ids = bits = 0
    for payload in payloads:
        data = json.loads(payload)["data"]
        ids += data["u"]
        for key in "bBaA":
            bits += struct.unpack("<Q", struct.pack("<d", float(data[key])))[0]
    return ids & _WORD, bits & _WORD


def _span(payloads: tuple[bytes, ...]) -> int:
    """Return by how much the sender moves ids on with each block."""
    ids = [json.loads(payload)["data"]["u"] for payload in payloads]
    return int(max(ids) - min(ids) + 1)


class Flood:
    """Senders on one core, clients on another."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        # The clients run on our last core (the one, where we are pinned), the senders on the first other one.
        self.client_core = max(os.sched_getaffinity(0))
        others = [core for core in range(os.cpu_count() or 1) if core != self.client_core]
        self.sender_core = others[0] if others else self.client_core
        self._senders: list[Sender] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sender in self._senders:
            stdin: IO[str] | None = sender.process.stdin
            if stdin is not None:
                stdin.close()
            sender.process.wait(10)
            if sender.process.stdout is not None:
                sender.process.stdout.close()

    def _on(self, core: int, command: list[str]) -> list[str]:
        return ["taskset", "-c", str(core), *command]

    def sender(self, case: corpus.Case) -> Sender:
        """Start a sender of a case's frames."""
        frames, routes = _harness.write_frames(f"flood-{case.name}", case.routes, case.payloads)
        command = self._on(self.sender_core, [str(_compile.with_openssl("sender")), str(frames), self.scheme])
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the sender did not start")
        sender = Sender(case, routes, f"{self.scheme}://127.0.0.1:{port}", port, process)
        self._senders.append(sender)
        return sender

    def bare(self, sender: Sender, blocks: int, capacity: int = 1_024) -> Cost:
        """Run the bare C loop: a tenth of the blocks for warmth, then the flood that counts."""
        program = str(_compile.with_openssl("bare_loop"))
        warm = str(max(1, blocks // 10))
        done = self._run(
            [program, str(sender.routes), str(capacity), self.scheme, sender.port, warm, str(blocks)]
        )
        messages, cpu_ns, reads, ids, bits = map(int, done.splitlines()[-1].split())
        return self._checked("bare C", sender, blocks, capacity, Cost(messages, cpu_ns, (ids, bits), reads))

    def python(self, contender: str, sender: Sender, blocks: int, capacity: int = 1_024) -> Cost:
        """Run one of `benchmarks._clients`, in the same way."""
        command = [
            sys.executable,
            "-m",
            "benchmarks._clients",
            contender,
            sender.url,
            str(sender.routes),
            str(capacity),
        ]
        return self._last_line(contender, command, sender, blocks, capacity)

    def peer(self, name: str, sender: Sender, blocks: int, capacity: int = 1_024) -> Cost:
        """Run one of `benchmarks._peers`, in the same way."""
        command = [*PEERS[name].command, sender.url, str(len(sender.case.payloads)), str(capacity)]
        return self._last_line(name, command, sender, blocks, capacity)

    def _last_line(self, name: str, command: list[str], sender: Sender, blocks: int, capacity: int) -> Cost:
        done = self._run([*command, str(max(1, blocks // 10)), str(blocks)])
        row = json.loads(done.splitlines()[-1])
        sums = (row["ids"], row["bits"])
        cost = Cost(row["messages"], row["cpu_ns"], sums, versions=row.get("versions", {}))
        return self._checked(name, sender, blocks, capacity, cost)

    def _run(self, command: list[str]) -> str:
        path = os.pathsep.join(
            [str(_compile.ROOT), str(_compile.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
        )
        done = subprocess.run(
            self._on(self.client_core, command), capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout

    def _checked(self, name: str, sender: Sender, blocks: int, capacity: int, cost: Cost) -> Cost:
        payloads = sender.case.payloads
        if cost.messages != blocks * len(payloads):
            raise RuntimeError(f"{name} counted {cost.messages} messages of {blocks * len(payloads)}")
        if len(sender.case.routes) == 1:
            kept = payloads[-1:] if name in ("msgspec", "orjson") else payloads[-capacity:]
            ids, bits = expected_sums(kept)
            # The sender moves all ids on by their span with every block, and has sent some before.
            moved, rest = divmod(cost.sums[0] - ids, len(kept) * _span(payloads))
            if rest or moved < 1 or cost.sums[1] != bits:
                raise RuntimeError(
                    f"{name} decoded other figures: sums {cost.sums}, not {(ids, bits)} moved on"
                )
        return cost
