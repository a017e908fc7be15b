"""A feed that has a process of its own is killed at any instant, again and again: it always comes back."""

import os
import random
import resource
import signal
import sys
from pathlib import Path

import pytest
from support.faces import DEADLINE_SECONDS

import fastbinance
from fastbinance._protocol.backoff import Backoff
from fastbinance.sim import RunningSimulator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")

PROC = Path("/proc")


def feeds() -> list[int]:
    """Return the processes of our feeds."""
    found = []
    for directory in PROC.glob("[0-9]*"):
        try:
            stat = (directory / "stat").read_text().rpartition(")")[2].split()
            command = (directory / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if stat[0] != "Z" and int(stat[1]) == os.getpid() and b"fastbinance" in command:
            found.append(int(directory.name))
    return found


def descriptors() -> list[str]:
    """Return what this process has open, but for the look itself."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            continue
    return sorted(text.partition(":[")[0] for text in found)


def resident_bytes() -> int:
    """Return how much memory this process has, without what it shares."""
    pages = Path("/proc/self/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize()


class Following:
    """Reads one ring to its newest record, and sees that nothing is twice, torn or out of order."""

    def __init__(self, ring: fastbinance.Ring) -> None:
        self.ring = ring
        self.sequence = 0
        self.ids: dict[int, int] = {}
        self.epoch = ring.epoch
        self.records = 0

    def follow(self) -> None:
        while True:
            batch, following, lost = self.ring.copy_from(self.sequence, 1 << 20)
            assert following >= self.sequence
            if batch is None:
                break
            records = batch if self.ring.level_capacity == 0 else batch.records
            assert list(records["sequence"]) == list(range(following - len(records), following))
            assert following - len(records) == self.sequence + lost
            self.sequence = following
            self.records += len(records)
            names = self.ring.symbols
            for record in records:
                symbol_id = int(record["symbol_id"])
                assert symbol_id < len(names)
                if "update_id" in (records.dtype.names or ()):
                    assert int(record["update_id"]) > self.ids.get(symbol_id, -1)
                    self.ids[symbol_id] = int(record["update_id"])
        epoch = self.ring.epoch
        assert epoch >= self.epoch
        self.epoch = epoch

    def beyond(self, cursor: int) -> None:
        """See one record that is newer."""
        newest = self.ring.wait(cursor, timeout=DEADLINE_SECONDS)
        assert newest > cursor, f"{self.ring!r}: no record since {cursor}"
        self.follow()


def next_feed(events: fastbinance.EventQueue) -> int:
    """Wait until another feed is started, and return its process."""
    for event in events:
        if event.kind == "feed_restarted":
            # Not looked up in /proc: a process has no command line yet while its program is being loaded.
            return int(event.reason.removeprefix("process "))
    raise AssertionError("the client has ended")


def kill_feeds(sim: RunningSimulator, kills: int) -> int:
    """Kill the feed so often, at any instant; return by how many bytes this process has grown meanwhile."""
    chance = random.Random(20261126)
    with fastbinance.Client(feed="process", urls=sim.urls) as fb:
        rings = [
            fb.book_ticker("btcusdt", capacity=64),
            fb.diff_depth("btcusdt", speed_ms=100),
            fb.trades("ethusdt"),
            fb.mini_ticker(),
        ]
        events = fb.events()
        followed = [Following(ring) for ring in rings]
        for one in followed:
            one.beyond(-1)
        (feed,) = feeds()
        before, memory = descriptors(), 0
        for kill in range(kills):
            # After a few records of some ring; every fourth while it has not yet brought one.
            cursor = rings[0].cursor
            for _ in range(chance.randrange(8) if kill % 4 else 0):
                cursor = rings[0].wait(cursor, timeout=DEADLINE_SECONDS)
            os.kill(feed, signal.SIGKILL)
            feed = next_feed(events)
            if kill % 4 == 3:
                continue
            cursors = [ring.cursor for ring in rings]
            for one, cursor in zip(followed, cursors, strict=True):
                one.ring.ready(timeout=DEADLINE_SECONDS)
                one.beyond(cursor)
            if memory == 0:
                memory = resident_bytes()
        for one in followed:
            one.beyond(one.ring.cursor)
            assert one.ring.state is fastbinance.RingState.LIVE
            assert 1 < one.ring.epoch <= kills + 1
        cursor = rings[0].cursor
        for _ in range(1000):  # the simulator's ends of connections that are gone are in this process too
            if descriptors() == before:
                break
            cursor = rings[0].wait(cursor, timeout=DEADLINE_SECONDS)
        assert descriptors() == before
        assert feeds() == [feed]
        grown = resident_bytes() - memory
        assert len(rings[3].symbols) > 1
        for name in rings[3].symbols:
            assert rings[3].symbols[rings[3].last(name).symbol_id] == name
    assert feeds() == []
    return grown


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have feeds started again at once, however short they lived."""
    monkeypatch.setattr("fastbinance._feed.remote_pool.Backoff", lambda **_: Backoff(base=0.001, cap=0.01))


@pytest.mark.usefixtures("_at_once")
def test_a_feed_that_is_killed_comes_back_each_time(binance_sim: RunningSimulator) -> None:
    kill_feeds(binance_sim, 4)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("_at_once")
def test_a_feed_that_is_killed_a_hundred_times_comes_back(binance_sim: RunningSimulator) -> None:
    assert kill_feeds(binance_sim, 100) < 4 << 20
