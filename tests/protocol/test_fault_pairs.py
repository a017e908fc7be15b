"""Every fault during every other one, in simulated time: the shard settles, breaks no rule and loses nothing.

The first fault hits a shard that is settled, the second one comes at once, in the middle of the first one's
mending, or after it. With two lines, the second one hits the same line or the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from support.exchange import Peer, SimulatedExchange

from fastbinance._protocol.line import Line

FIRST_AT = 0.5
# At 60 ms, a successor is up and not proven yet.
DELAYS = (0.0, 0.010, 0.060, 0.300, 2.0)
STEP = 0.1
LONGEST = 120.0
# Two replacements that both have to be tried several times.
MOST_DIALS_PER_LINE = 8


class Exchange(SimulatedExchange):
    """An exchange whose connections grow old when a test says so."""

    def __init__(self, lines: int) -> None:
        super().__init__(Random(1), lines=lines, rate=4.0)
        self.ages: list[tuple[int, float]] = []  # slot, and when its line is too old
        self.warned: set[Peer] = set()  # by a server that stops
        self.want("a@trade", "b@trade")

    def roll_at(self, line: Line, now: float, /) -> float:
        slot = self.shard.current.index(line)
        return min((at for place, at in self.ages if place == slot and at >= now), default=float("inf"))

    def peer(self, slot: int) -> Peer | None:
        """Return the server's end of a slot's current line, if that is up."""
        return self.peers.get(self.shard.current[slot])

    def watch(self) -> None:
        """Suspect what is silent, as liveness would."""
        for peer in list(self.peers.values()):
            if peer.stalled:
                self.shard.replace(peer.line, "stalled", self.now)

    def settle(self) -> None:
        """Let time pass until everything is well again."""
        end = self.now + LONGEST
        while self.now < end and not (self.settled and self.flowing):
            self.watch()
            self.run(STEP)

    @property
    def flowing(self) -> bool:
        """Whether every line is sent data, and by servers that stay."""
        return not any(peer.stalled or peer in self.warned for peer in self.peers.values())


def successors(exchange: Exchange) -> list[Peer]:
    """Return the server's ends of the lines that are to take another one's place."""
    shard = exchange.shard
    return [exchange.peers[line] for line in shard.replacing if line in exchange.peers.keys() - shard.current]


def lose(exchange: Exchange, slot: int) -> None:
    peer = exchange.peer(slot)
    if peer is None:
        exchange.lose_next = True
    else:
        exchange.lose(peer)


def refuse(retry_after: float) -> Callable[[Exchange, int], None]:
    return lambda exchange, slot: exchange.refuse_next.extend((retry_after, retry_after))


def mute(exchange: Exchange, slot: int) -> None:
    peer = exchange.peer(slot)
    if peer is None:
        exchange.mute_next = True
    else:
        peer.mute = True


def stall(exchange: Exchange, slot: int) -> None:
    peer = exchange.peer(slot)
    if peer is None:
        exchange.stall_next = True
    else:
        peer.stalled = True
        exchange.watch()


def notice(exchange: Exchange, slot: int) -> None:
    peers = [exchange.peer(slot), *successors(exchange)]
    for peer in peers:
        if peer is not None:
            exchange.warned.add(peer)
            exchange.shard.shutting_down(peer.line, exchange.now)


def replace(exchange: Exchange, slot: int) -> None:
    exchange.shard.replace(exchange.shard.current[slot], "request", exchange.now)


def lose_successor(exchange: Exchange, slot: int) -> None:
    replace(exchange, slot)
    up = successors(exchange)
    if up:
        exchange.lose(up[0])
    else:
        exchange.lose_next = True


def ping_burst(exchange: Exchange, slot: int) -> None:
    peer = exchange.peer(slot)
    for _ in range(2 if peer is not None else 0):
        exchange.server_ping(peer)


@dataclass(frozen=True)
class Fault:
    """One fault; `loses` tells whether a lone line misses data by it."""

    act: Callable[[Exchange, int], object]
    loses: bool = False


FAULTS = {
    "lose": Fault(lose, loses=True),
    "refuse": Fault(refuse(0.0)),
    "refuse with a time": Fault(refuse(3.0)),
    "mute": Fault(mute),
    "stall": Fault(stall, loses=True),
    "shutdown notice": Fault(notice),
    "replace": Fault(replace),
    # Planned before the connection opens: see `run_pair`.
    "age": Fault(lambda exchange, slot: None),
    "ping burst": Fault(ping_burst),
    "want": Fault(lambda exchange, slot: exchange.want("c@trade")),
    "drop": Fault(lambda exchange, slot: exchange.drop("b@trade")),
    "lose the successor": Fault(lose_successor),
}


def run_pair(first: str, second: str, delay: float, lines: int, second_slot: int) -> Exchange:
    """Run two faults, the first one on slot 0; return the exchange when all is well, or time is up."""
    exchange = Exchange(lines)
    moments = ((first, 0, FIRST_AT), (second, second_slot, FIRST_AT + delay))
    exchange.ages = [(slot, exchange.now + at) for name, slot, at in moments if name == "age"]
    exchange.run(FIRST_AT)
    assert exchange.settled
    FAULTS[first].act(exchange, 0)
    exchange.run(delay)
    FAULTS[second].act(exchange, second_slot)
    # What happens without a delay, such as a planned age, happens before anyone looks.
    exchange.run(STEP)
    exchange.settle()
    return exchange


def missing(exchange: Exchange, name: str) -> list[int]:
    """Return the ids of a stream that came on no line, since it first came."""
    numbers = {number for number, _ in exchange.delivered[name]}
    return [number for number in range(min(numbers), max(numbers)) if number not in numbers]


def check_pair(first: str, second: str, delay: float, lines: int, second_slot: int) -> None:
    case = f"{first}, then {second} after {delay:g} s, {lines} lines, second on line {second_slot}"
    exchange = run_pair(first, second, delay, lines, second_slot)
    assert exchange.settled, case
    assert exchange.flowing, case
    wishes = {"a@trade", "b@trade", "c@trade"}
    if "want" not in (first, second):
        wishes.remove("c@trade")
    if "drop" in (first, second):
        wishes.remove("b@trade")
    assert exchange.confirmed_names == set(exchange.shard.wanted) == wishes, case

    newest = {name: exchange.sent.get(name, 0) for name in wishes}
    exchange.run(3.0 / exchange.rate)
    for name in wishes:
        for line in exchange.shard.current:
            assert any(
                number > newest[name] and line.number == on for number, on in exchange.delivered[name]
            ), f"{case}: {name} comes no more on line {line.number}"
    losses = FAULTS[first].loses + FAULTS[second].loses
    # Another line has what one line misses.
    if losses == 0 or (lines == 2 and (second_slot == 0 or losses == 1)):
        for name in wishes:
            assert missing(exchange, name) == [], f"{case}: {name}"
    assert len(exchange.dials) <= MOST_DIALS_PER_LINE * lines, case
    assert exchange.broken == [], case

    exchange.shard.close()
    exchange.run(1.0)
    assert not exchange.peers, case
    assert exchange.shard.next_at is None, case


@pytest.mark.parametrize(
    ("lines", "second_slot"),
    [(1, 0), (2, 0), (2, 1)],
    ids=["one line", "same line of two", "other line of two"],
)
@pytest.mark.parametrize("first", FAULTS)
def test_any_two_faults_end_settled_and_lose_nothing_that_another_line_could_bring(
    first: str, lines: int, second_slot: int
) -> None:
    for second in FAULTS:
        for delay in DELAYS:
            check_pair(first, second, delay, lines, second_slot)
