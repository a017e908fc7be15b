"""Order books against a plain one over random lives: gaps, late and doubled diffs, snapshots, quotes.

What the exchange's book was after each update id is known. A book is live exactly when the rules prove it,
and then it is the exchange's at its id, bit for bit; with a newer quote on top, in every read.
"""

import math
from random import Random

import pytest
from support.model_book import FUTURES, SPOT, BookWorld, ModelBook, array_of

from fastbinance.book_states import BookState

PROVEN, AHEAD, TOO_OLD = range(3)
STEPS = 150  # of a life; the ring keeps more diffs than that
FAR = 4096


class Exchange:
    """Orders come and go around a middle that wanders; every change has an id."""

    def __init__(self, random, futures):
        self.random, self.futures = random, futures
        self.tick, self.decimals = random.choice(((0.01, 2), (0.1, 1), (1.0, 0), (0.00000001, 8), (0.5, 1)))
        self.middle = random.randint(3_000, 90_000)
        self.book = ModelBook()
        self.id = self.last = 1_000
        self.history = {}
        self.change(), self.change()

    def price(self, steps):
        return f"{steps * self.tick:.{self.decimals}f}"

    def change(self):
        """Return a diff of some changes: first id, last id, the one before, bids, asks."""
        random = self.random
        self.middle += random.choice((0, 0, 1, -1, 40, -40, 700, -700))
        self.middle = max(self.middle, 1_500)
        edge = float(self.price(self.middle))
        changes = [(0, repr(p), "0") for p in self.book.bids if p >= edge]
        changes += [(1, repr(p), "0") for p in self.book.asks if p <= edge]
        for _ in range(random.randint(1, 8)):
            side = random.randint(0, 1)
            away = random.choice((random.randint(1, 5), random.randint(1, 60), random.randint(1, 1_400)))
            price = self.price(self.middle + (away if side else -away))
            if float(price) != edge:
                changes.append((side, price, random.choice(("0", "1", "2.5", "0.125", "7000"))))
        if self.futures:
            self.id += random.randint(0, 20)  # ids of other symbols
        touched, first = ({}, {}), self.id + 1
        for side, price, qty in changes:
            self.id += 1
            self.book.set(*([(price, qty)] if side == one else [] for one in (0, 1)))
            self.history[self.id] = self.book.levels()
            touched[side][price] = qty
        before, self.last = self.last, self.id
        return first, self.id, before, list(touched[0].items()), list(touched[1].items())


class Rules:
    """What is proved, by ids alone."""

    def __init__(self, futures):
        self.futures = futures
        self.arrived = []
        self.id = None
        self.is_live = self.awaits = False

    def take(self, first, last, before):
        before = before if self.futures else first - 1
        self.arrived.append((before, last))
        if not (self.is_live or self.awaits):
            return
        if last <= self.id:
            self.is_live |= last == self.id
        elif before <= self.id:
            self.id, self.is_live = last, True
        else:
            self.is_live = False
        self.awaits &= not self.is_live and last < self.id

    def load(self, snapshot_id):
        newest = snapshot_id
        for before, last in self.arrived:
            if last <= newest:
                continue
            if before > newest:
                return TOO_OLD
            newest = last
        self.is_live = newest > snapshot_id or self.arrived[-1][1] == snapshot_id
        self.id, self.awaits = newest, not self.is_live
        return PROVEN if self.is_live else AHEAD

    def lose(self):
        self.awaits |= self.is_live
        self.is_live = False


def fused(levels, quote, sign):
    """Return a side with a newer quote on top."""
    price, qty = map(float, quote)
    behind = [[p, q] for p, q in levels.tolist() if sign * p > sign * price]
    return array_of([[price, qty], *behind])


def check_reads(world, random, expected):
    """Every read gives what a plain book does."""
    book, top = world.book, world.book.top()
    for side, all_levels, ours, best in (
        ("bid", expected[0], book.bids(), (top.bid_price, top.bid_qty)),
        ("ask", expected[1], book.asks(), (top.ask_price, top.ask_qty)),
    ):
        assert ours.tobytes() == all_levels.tobytes()
        if not len(all_levels):
            assert math.isnan(best[0])
            continue
        assert best == tuple(all_levels[0])
        at = random.randrange(len(all_levels))
        price, qty = all_levels[at]
        assert book.qty_at(side, price) == qty
        assert book.qty_at(side, price * 1.0000001) == 0.0
        assert book.qty_to(side, price) == pytest.approx(all_levels[: at + 1, 1].sum(), rel=1e-12)
        wanted = all_levels[:at, 1].sum() + qty / 2
        taken = [*all_levels[:at].tolist(), [price, qty / 2]]
        assert book.average_price(side, wanted) == pytest.approx(
            sum(p * q for p, q in taken) / sum(q for _, q in taken), rel=1e-12
        )
        assert math.isnan(book.average_price(side, all_levels[:, 1].sum() * 1.01))
    n = random.choice((1, 5, 20, 1_000))
    for ours, all_levels in zip(book.levels(n), expected, strict=True):
        assert ours.tobytes() == all_levels[:n].tobytes()
    bid, ask = (side[:n, 1].sum() for side in expected)
    if bid + ask:
        assert book.imbalance(n) == pytest.approx((bid - ask) / (bid + ask), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_a_book_is_live_exactly_when_it_is_proved_and_then_it_is_that_of_the_exchange(seed):
    random = Random(seed)
    rule = random.choice((SPOT, FUTURES))
    exchange, rules = Exchange(random, rule == FUTURES), Rules(rule == FUTURES)
    places = random.choice((64, 1_024, 8_192))
    world = BookWorld(rule, quotes=True, capacity=256, level_capacity=16_384, places=places, far_levels=FAR)
    held, sent, quote, lives = None, None, None, 0
    for _ in range(STEPS):
        what = random.random()
        if what < 0.70:
            diff = exchange.change()
            if random.random() < 0.04:
                held = diff  # it never comes, or too late
            else:
                sent = diff
                world.diff(*diff[:2], diff[3], diff[4], before=diff[2])
                rules.take(*diff[:3])
        elif what < 0.74 and sent is not None:
            late = held if held is not None and held[1] < sent[1] else sent
            world.diff(*late[:2], late[3], late[4], before=late[2], is_new=False)
        elif what < 0.76:
            world.book.suspend()
            rules.lose()
        elif what < 0.88 and sent is not None:
            # Of any moment, also between the ids of one diff; the exchange may be ahead of the diffs.
            ids = [number for number in exchange.history if number > exchange.id - 60]
            snapshot_id = random.choice(ids)
            bids, asks = exchange.history[snapshot_id]
            assert world.book.load(snapshot_id, bids, asks, 100_000) == rules.load(snapshot_id)
        elif all(map(len, exchange.history[exchange.id])) and (quote is None or quote[0] < exchange.id):
            bids, asks = exchange.history[exchange.id]
            quote = exchange.id, bids[0], asks[0]
            text = [[f"{price:.8f}", f"{qty:.3f}"] for price, qty in (bids[0], asks[0])]
            world.quote(exchange.id, text[0][0], text[1][0], text[0][1], text[1][1])
        assert world.is_live == rules.is_live
        if rules.id is None:
            assert world.why[0] is BookState.EMPTY
            continue
        assert world.book.update_id == rules.id
        if not rules.is_live:
            continue
        lives += 1
        expected = exchange.history[rules.id]
        is_newer = quote is not None and quote[0] > rules.id
        assert world.book.top().source == ("book_ticker" if is_newer else "depth")
        if is_newer:
            expected = fused(expected[0], quote[1], -1), fused(expected[1], quote[2], 1)
        check_reads(world, random, expected)
    assert lives > 10
    assert world.book.counters()[5] == 0
