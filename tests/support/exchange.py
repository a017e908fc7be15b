"""A shard against an exchange in simulated time: no socket, no clock, and every rule of the peer enforced.

The exchange answers control messages after a while, numbers what it sends, and loses, refuses or falls silent
when a test says so. What a rule forbids is noted in `broken`.
"""

import heapq
import itertools
import json
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.lifecycle import State
from fastbinance._protocol.limits import attempts_bucket
from fastbinance._protocol.line import Line
from fastbinance._protocol.shard import Shard

LATENCY = 0.02
LOOK_EVERY = 0.05


class Peer:
    """The server's end of one connection."""

    def __init__(self, line: Line, streams: tuple[str, ...]) -> None:
        self.line = line
        self.streams = dict.fromkeys(streams)
        self.arrivals: deque[float] = deque()
        self.counts: dict[str, int] = {}
        self.alive = True
        self.heard = True  # something has come since the last PING
        self.mute = False  # takes control messages and answers none
        self.stalled = False  # sends no data


class SimulatedExchange:
    """Drives one shard; `run` lets time pass.

    Parameters
    ----------
    rng
        Decides latencies.
    lines
        Lines of the shard.
    per_second
        Messages a second and connection that the exchange takes of a client.
    attempts, seconds
        Connects that it takes in any so many seconds.
    rate
        Messages a second of each stream.
    """

    def __init__(
        self,
        rng: Random,
        *,
        lines: int = 1,
        per_second: int = 5,
        attempts: int = 300,
        seconds: float = 300.0,
        rate: float = 20.0,
        roll_after: float = 82_800.0,
        ping_every: float | None = None,
    ) -> None:
        self.rng = rng
        self.now = 1000.0
        self.per_second = per_second
        self.attempts, self.seconds = attempts, seconds
        self.rate = rate
        self.roll_after = roll_after
        self.broken: list[str] = []
        self.events: list[tuple[Any, ...]] = []
        self.refusing: tuple[float, float] | None = None  # chance, retry after
        self.refuses: Callable[[Line, str], bool] = lambda line, name: name.startswith("bad")
        self.pings = 0
        self.ping_every = ping_every
        self.refuse_next: deque[float] = deque()  # of the attempts to come: retry after
        self.mute_next = False
        self.stall_next = False
        self.lose_next = False
        self.dials: list[float] = []
        self.peers: dict[Line, Peer] = {}
        self.confirmed_names: set[str] = set()
        self.rejected_names: set[str] = set()
        self.carried_by: dict[str, int] = {}
        self.sent: dict[str, int] = {}  # newest id of each stream
        self.delivered: dict[str, list[tuple[int, int]]] = {}  # ids in order of arrival, by line
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._next_data: dict[str, float] = {}
        self._budget = attempts_bucket(attempts, seconds, self.now)
        self._next_look = self.now + LOOK_EVERY
        self.shard = Shard(self, lines, self.now)
        self.shard.start(self.now)

    # -- what a test does

    def want(self, *names: str) -> None:
        for name in names:
            self.shard.want(name, self.now)
            self.rejected_names.discard(name)

    def drop(self, *names: str) -> None:
        for name in names:
            self.shard.drop(name, self.now)
            self.confirmed_names.discard(name)

    def lose(self, peer: Peer) -> None:
        """End a connection without a word."""
        if peer.alive:
            peer.alive = False
            self.peers.pop(peer.line, None)
            self.shard.lost(peer.line, "lost", self.now)

    def server_ping(self, peer: Peer) -> None:
        self._count(peer)
        self.shard.pinged(peer.line, self.now)

    def run(self, seconds: float) -> None:
        """Let time pass, event by event."""
        end = self.now + seconds
        while True:
            at = min(self._due(), end)
            self.now = max(self.now, at)
            if at >= end:
                break
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            self._trade()
            if self.now >= self._next_look:
                self._next_look = self.now + LOOK_EVERY
                counts = {
                    line: self.peers[line].counts for line in self.shard.replacing if line in self.peers
                }
                self.shard.arrived(counts, self.now)
            self.shard.tick(self.now)
            self.check()

    def check(self) -> None:
        """Note every rule that does not hold now."""
        shard = self.shard
        alive = [line for line, peer in self.peers.items() if peer.alive]
        known = set(shard.lines)
        if any(line not in known and line.state is not State.CLOSED for line in alive):
            self.broken.append("an open connection belongs to nobody")
        if len({line.number for line in shard.lines}) != len(shard.lines):
            self.broken.append("two lines have one number")
        for line in shard.lines:
            if line.state is State.LIVE and line not in self.peers:
                self.broken.append("a line is live without a connection")
        for name in self.confirmed_names:
            carriers = shard.carriers(name)
            if not carriers:
                self.broken.append(f"{name} counts as confirmed and nobody carries it")
            if not any(line in self.peers and name in self.peers[line].streams for line in carriers):
                self.broken.append(f"{name} counts as confirmed and the exchange does not send it")

    @property
    def settled(self) -> bool:
        """Whether what is wanted is confirmed on every line that does not refuse it, and all are in place."""
        shard = self.shard
        return (
            not shard.replacing
            and set(shard.lines) == set(shard.current)
            and all(line.state is State.LIVE and line.subscriptions.settled for line in shard.current)
            and set(shard.wanted) == self.confirmed_names
            and all(
                shard.carriers(name) | {line for line in shard.current if name in line.subscriptions.rejected}
                == frozenset(shard.current)
                for name in shard.wanted
            )
        )

    # -- LineDriver

    def dial(self, line: Line, in_url: tuple[str, ...], /) -> None:
        self.dials.append(self.now)
        recent = sum(at > self.now - self.seconds for at in self.dials)
        if recent > self.attempts:
            self.broken.append(f"{recent} connects in {self.seconds:g} s")
        later = self._later()
        retry_after: float | None = None
        if self.refuse_next:
            retry_after = self.refuse_next.popleft()
        elif self.refusing is not None and self.rng.random() < self.refusing[0]:
            retry_after = self.refusing[1]
        if retry_after is not None:
            self._at(later, lambda: self._fail(line, retry_after))
        else:
            self._at(later, lambda: self._open(line, in_url))

    def send(self, line: Line, frame: bytes, /) -> None:
        peer = self.peers.get(line)
        if peer is None:
            self.broken.append("a message to nobody")
            return
        if len(frame) > 4_000:
            self.broken.append(f"a control message of {len(frame)} bytes")
        self._count(peer)
        if not peer.mute:
            self._at(self._later(), lambda: self._answer(peer, json.loads(frame)))

    def ping(self, line: Line, /) -> bool:
        peer = self.peers.get(line)
        if peer is None:
            self.broken.append("a PING to nobody")
            return True
        self._count(peer)
        self.pings += 1
        heard, peer.heard = peer.heard, not peer.mute
        return heard

    def say_goodbye(self, line: Line, /) -> None:
        self._at(self._later(), lambda: self._ended(line))

    def hang_up(self, line: Line, /) -> None:
        self._at(self.now, lambda: self._ended(line))

    # -- ShardDriver

    def make_line(self, slot: int, number: int, now: float, /) -> Line:
        return Line(
            number,
            self,
            messages_per_second=self.per_second,
            budget=self._take,
            backoff=Backoff(rng=self.rng),
            now=now,
            ping_every=self.ping_every,
        )

    def roll_at(self, line: Line, now: float, /) -> float:
        return now + self.roll_after

    def carried(self, name: str, lines: int, /) -> None:
        self.carried_by[name] = lines

    def confirmed(self, names: tuple[str, ...], now: float, /) -> None:
        self.confirmed_names.update(names)

    def down(self, names: tuple[str, ...], trouble: Any, now: float, /) -> None:
        self.confirmed_names.difference_update(names)

    def rejected(self, line: Line, answer: Any, /) -> None:
        self.events.append(("rejected", *answer.rejected))
        self.rejected_names.update(answer.rejected)
        self.confirmed_names.difference_update(answer.rejected)

    def refused(self, line: Line, answer: Any, /) -> None:
        self.events.append(("refused", *answer.rejected))

    def resubscribed(self, line: Line, /) -> None:
        self.events.append(("resubscribed", line.number))
        missing = [
            name
            for name in self.shard.wanted
            if line not in self.shard.carriers(name) and name not in line.subscriptions.rejected
        ]
        if missing:
            self.broken.append(f"resubscribed without {missing}")

    def replaced(self, old: Line, new: Line, reason: str, /) -> None:
        self.events.append(("replaced", reason))

    def ended(self, line: Line, /) -> None:
        self.events.append(("ended", line.number))

    # -- the exchange

    def _take(self, now: float) -> float:
        if self._budget.take(now):
            return 0.0
        return max(self._budget.next_at(now) - now, 0.001)

    def _at(self, when: float, call: Callable[[], object]) -> None:
        heapq.heappush(self._queue, (when, next(self._order), call))

    def _later(self) -> float:
        return self.now + LATENCY * self.rng.uniform(0.5, 1.5)

    def _due(self) -> float:
        times = [self._next_look] if self.shard.replacing else [float("inf")]
        if self._queue:
            times.append(self._queue[0][0])
        if self.shard.next_at is not None:
            times.append(self.shard.next_at)
        if self._next_data:
            times.append(min(self._next_data.values()))
        return max(min(times), self.now)

    def _open(self, line: Line, in_url: tuple[str, ...]) -> None:
        if line.state is not State.CONNECTING:
            return
        peer = self.peers[line] = Peer(line, in_url)
        peer.mute, self.mute_next = self.mute_next, False
        peer.stalled, self.stall_next = self.stall_next, False
        for name in in_url:
            self._next_data.setdefault(name, self.now + 1.0 / self.rate)
        self.shard.opened(line, self.now)
        if self.lose_next:
            self.lose_next = False
            self.lose(peer)

    def _fail(self, line: Line, retry_after: float) -> None:
        if line.state is State.CONNECTING:
            self.shard.failed(line, "refused", self.now, retry_after)

    def _ended(self, line: Line) -> None:
        peer = self.peers.pop(line, None)
        if peer is not None:
            peer.alive = False
        if line.state is State.CONNECTING:
            self.shard.failed(line, "hung up", self.now)
        else:
            self.shard.lost(line, "hung up", self.now)

    def _count(self, peer: Peer) -> None:
        peer.arrivals.append(self.now)
        while peer.arrivals[0] <= self.now - 1.0:
            peer.arrivals.popleft()
        if len(peer.arrivals) > self.per_second:
            self.broken.append(f"{len(peer.arrivals)} messages in a second")

    def _answer(self, peer: Peer, request: dict[str, Any]) -> None:
        if not peer.alive:
            return
        names = request.get("params", [])
        reply: dict[str, Any] = {"result": None, "id": request["id"]}
        if request["method"] == "LIST_SUBSCRIPTIONS":
            reply["result"] = list(peer.streams)
        elif request["method"] == "SUBSCRIBE" and any(self.refuses(peer.line, name) for name in names):
            reply = {"error": {"code": 2, "msg": "Invalid request"}, "id": request["id"]}
        elif request["method"] == "SUBSCRIBE":
            twice = [name for name in names if name in peer.streams]
            if twice:
                self.broken.append(f"subscribed twice to {twice}")
            peer.streams.update(dict.fromkeys(names))
            for name in names:
                self._next_data.setdefault(name, self.now + 1.0 / self.rate)
        else:
            for name in names:
                peer.streams.pop(name, None)
        self.shard.control(peer.line, json.dumps(reply).encode(), self.now)

    def _trade(self) -> None:
        for name, at in list(self._next_data.items()):
            if at > self.now:
                continue
            self._next_data[name] = at + 1.0 / self.rate
            number = self.sent[name] = self.sent.get(name, 0) + 1
            for peer in list(self.peers.values()):
                if name in peer.streams and not peer.stalled:
                    self._at(self.now + LATENCY / 2, lambda p=peer, n=name, i=number: self._deliver(p, n, i))

    def _deliver(self, peer: Peer, name: str, number: int) -> None:
        if peer.alive:
            peer.counts[name] = peer.counts.get(name, 0) + 1
            self.delivered.setdefault(name, []).append((number, peer.line.number))
