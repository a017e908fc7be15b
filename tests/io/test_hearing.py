"""Silence on lines, in simulated time: what is suspected, what is done about it, what is learned of it."""

from random import Random

import pytest
from support.exchange import LOOK_EVERY, SimulatedExchange

from fastbinance._io.hearing import Hearing
from fastbinance._io.wishes import Wish
from fastbinance.keys import WsKey
from fastbinance.streams import parse

BUSY = 30.0  # messages a second that come by the clock: a silence of a second is none of theirs


class HeardExchange(SimulatedExchange):
    """An exchange whose shard is listened to as a group does; `suspects` has when and of which line."""

    def __init__(self, **options):
        self.wishes = {}
        self.suspects = []
        self.hearing = Hearing(WsKey.MAIN, self.wishes, self._arrivals, self._report)
        super().__init__(Random(1), **options)

    def listen(self, *names):
        for name in names:
            self.wishes[name] = Wish(parse(name, "spot"), WsKey.MAIN)
        self.want(*names)

    def run(self, seconds):
        for _ in range(round(seconds / LOOK_EVERY)):
            super().run(LOOK_EVERY)
            self.hearing.listen(self.shard, self.now)

    def until(self, holds, seconds=60.0):
        """Let time pass until something holds; return how long that took."""
        begin = self.now
        while not holds():
            assert self.now - begin < seconds, "it never happened"
            self.run(LOOK_EVERY)
        return self.now - begin

    def of_kind(self, kind):
        return [event for event in self.events if event[0] == kind]

    def lose(self, peer):
        if peer.alive:
            self.hearing.lost(peer.line)
        super().lose(peer)

    def make_line(self, slot, number, now, /):
        line = super().make_line(slot, number, now)
        self.hearing.begin(line, now)
        return line

    def replaced(self, old, new, reason, /):
        self.hearing.inherit(old, new, self.now)
        super().replaced(old, new, reason)

    def ended(self, line, /):
        self.hearing.end(line)
        super().ended(line)

    def _answer(self, peer, request):
        control = self.shard.control

        def told(line, payload, now):
            control(line, payload, now, lambda answer: self.hearing.confirmed(line, answer, now))

        self.shard.control = told
        super()._answer(peer, request)
        self.shard.control = control

    def _arrivals(self, line, names):
        peer = self.peers.get(line)
        return [0 if peer is None else peer.counts.get(name, 0) for name in names]

    def _report(self, kind, /, **fields):
        self.suspects.append((self.now, fields["line"], fields["reason"]))


def running(**options):
    exchange = HeardExchange(rate=BUSY, **options)
    exchange.listen("btcusdt@bookTicker")
    exchange.run(10.0)
    assert exchange.settled
    return exchange


def stalled(exchange, *peers):
    """Stall connections, and return the seconds until that is noticed."""
    for peer in peers:
        peer.stalled = True
    known = len(exchange.suspects)
    return exchange.until(lambda: len(exchange.suspects) > known)


def test_a_stall_that_has_a_connection_replaced_is_noticed_as_soon_the_next_time():
    exchange = running()
    for number in range(1, 21):
        (peer,) = exchange.peers.values()
        assert stalled(exchange, peer) <= 1.0, f"stall {number}"
        exchange.until(lambda number=number: len(exchange.of_kind("replaced")) == number)
        exchange.run(70.0)  # a place is not replaced on suspicion again and again
    assert exchange.settled


def test_a_stall_of_one_line_that_ends_by_itself_is_noticed_as_soon_the_next_time():
    exchange = running(lines=2)
    exchange.refusing = (1.0, 0.0)  # no successor comes up
    line = exchange.shard.current[0]
    for number in range(10):
        assert stalled(exchange, exchange.peers[line]) <= 1.0, f"stall {number}"
        exchange.run(0.5)
        exchange.peers[line].stalled = False
        exchange.run(10.0)
        assert exchange.shard.current[0] is line
    assert {suspect[1:] for suspect in exchange.suspects} == {(line.number, "stalled")}


@pytest.mark.parametrize("seconds", [1.5, 2.5, 6.0])
def test_a_silence_of_the_stream_itself_is_suspected_only_the_first_times(seconds):
    exchange = running()
    for _ in range(40):
        pause, exchange.rate = exchange.now + seconds, 1.0 / seconds
        exchange._next_data = dict.fromkeys(exchange._next_data, pause)
        exchange.run(seconds)
        exchange.rate = BUSY
        exchange.run(20.0)
    assert len(exchange.suspects) <= 4
