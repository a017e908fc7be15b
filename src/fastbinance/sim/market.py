"""One symbol that trades by itself: a random order flow, told the time, giving the events of its streams.

Nothing here reads a clock or waits. `RandomMarket.step` is a function of what came before and of the time it
is told, and it does not matter in how many steps the time is told: the same events come out.
"""

import math
import random
from collections import deque
from typing import Final

from fastbinance.keys import Market
from fastbinance.sim.book import Book, Changes, Level, Snapshot
from fastbinance.sim.channels import REAL_TIME, Channel, Topic
from fastbinance.sim.events import AggTradeEvent, BookTickerEvent, DepthEvent, Event, TradeEvent
from fastbinance.sim.flow import LEVELS, TOP_SHARE, TRADES_PER_ACTION, Fill, OrderFlow
from fastbinance.sim.hidden import hidden_lots
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.prices import observe_price
from fastbinance.sim.rarities import RARE_TOPICS, Rarities
from fastbinance.sim.statistics import STATISTICS_TOPICS, Statistics

__all__ = ["RandomMarket"]

# Update ids are born this large: past 2**32 everywhere, and past Binance's real ones on futures.
_FIRST_UPDATE_ID: Final[dict[Market, int]] = {
    "spot": 80_000_000_000,
    "usdm": 11_400_000_000_000,
    "coinm": 1_700_000_000_000,
    "options": 3_100_000_000,
    "alpha": 52_000_000_000,
}
# On futures one engine counts for many symbols, so ids leap: a diff of 100 ms spans about as many as in life,
# some thousands on USD-M and some dozens on COIN-M.
_LONGEST_LEAPS: Final[dict[Market, int]] = {"usdm": 1500, "coinm": 40, "options": 40, "alpha": 40}
_FILLER_SHARE: Final = 0.01
_MOST_MISSED_ACTIONS: Final = 200
_TRADES_KEPT: Final = 2000
# What is made from the state of a market at a moment says it soon after somebody asks, however slow it is.
_PROMPT_MS: Final = 50
_PROMPT_SPREAD_MS: Final = 150

_DEPTHS: Final = frozenset({Topic.DIFF_DEPTH, Topic.PARTIAL_DEPTH, Topic.RPI_DEPTH})
_WATCHING: Final = _DEPTHS | {Topic.BOOK_TICKER}


class _Timer:
    # One open channel that is served by the clock, or a depth that is served after every action.
    __slots__ = ("changes", "channel", "due_ms", "has_rung")

    def __init__(self, channel: Channel, due_ms: int, changes: Changes) -> None:
        self.channel = channel
        self.due_ms = due_ms
        self.changes = changes
        self.has_rung = False


class RandomMarket:
    """A symbol of one market with its book, trades and open channels.

    Parameters
    ----------
    instrument
        What trades.
    seed
        Text that decides everything: the same seed and symbol give the same events.
    now_ms
        Time of birth, Unix milliseconds. Events move with it and are otherwise the same.
    messages_per_second
        Mean rate of top-of-book updates.
    levels
        Levels that a side of its book has about.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        seed: str,
        now_ms: int,
        messages_per_second: float,
        levels: int = LEVELS,
    ) -> None:
        self.instrument = instrument
        market = instrument.market
        self._story = f"{seed}/{market}/{instrument.symbol}"
        self._rng = random.Random(self._story)
        self._is_spot = market == "spot"
        # Here an aggregate is what one taker got at one price, and is told at once.
        self._aggregates_at_once = market in ("spot", "alpha", "options")
        # Ids leap from a generator of their own: asking for a stream must not change the story.
        leaps = random.Random(f"{self._story}/ids")
        first_id = _FIRST_UPDATE_ID[market] + leaps.randrange(10**9)
        leap = 1 if self._is_spot else _LONGEST_LEAPS[market]
        self.book = Book(first_id, _next_id if self._is_spot else lambda last: last + leaps.randint(1, leap))
        self._flow = OrderFlow(instrument, self.book, self._rng, levels)
        self._mean_gap_ms = 1000.0 * TOP_SHARE / messages_per_second
        self._phase_ms = leaps.randrange(1000)
        self._next_action_ms = now_ms + self._gap_ms()
        self._changed_ms = now_ms
        self._trade_id = leaps.randrange(10**9, 8 * 10**9)
        self._agg_trade_id = self._trade_id // 2
        # Looked at in every action, so attributes rather than a table.
        self._ticker_channel: Channel | None = None
        self._trade_channel: Channel | None = None
        self._agg_channel: Channel | None = None
        self._depth_timers: list[_Timer] = []  # depths told in every action
        self._timers: dict[Channel, _Timer] = {}
        self._next_timer: _Timer | None = None
        self._holders = 0
        # Made when a stream first needs them, and kept: a kline goes on while nobody looks.
        self._statistics: Statistics | None = None
        self._rarities: Rarities | None = None
        self._waiting_trades: list[TradeEvent] | None = None
        self._gathering: AggTradeEvent | None = None
        self._gathered: list[AggTradeEvent] = []
        #: Ids of the last trade and aggregate before it was born.
        self.born_ids = (self._trade_id, self._agg_trade_id)
        #: Its newest trades and aggregates, on spot, where they can be asked for.
        self.recent_trades: deque[TradeEvent] = deque(maxlen=_TRADES_KEPT)
        self.recent_aggregates: deque[AggTradeEvent] = deque(maxlen=_TRADES_KEPT)

    @property
    def is_watched(self) -> bool:
        """Whether any channel is open; an unwatched market need not be stepped."""
        return self._holders > 0 or self.has_channels

    @property
    def has_channels(self) -> bool:
        """Whether it has events of its own to give, and is not only held for somebody who looks at it."""
        instant = self._ticker_channel or self._trade_channel or self._agg_channel
        return instant is not None or bool(self._timers or self._depth_timers)

    @property
    def due_ms(self) -> int:
        """When `step` next has something to do."""
        action_ms = int(self._next_action_ms)
        return action_ms if self._next_timer is None else min(action_ms, self._next_timer.due_ms)

    def hold(self) -> None:
        """Keep the market alive for somebody who looks at it now and then with `observe`."""
        self._holders += 1

    def release(self) -> None:
        """End a `hold`."""
        self._holders -= 1

    def open(self, channel: Channel, now_ms: int) -> None:
        """Start giving a channel's events; a diff stream begins at the present update id."""
        topic = channel.topic
        if channel in self._timers or any(timer.channel == channel for timer in self._depth_timers):
            return
        if topic in RARE_TOPICS:
            self._add_timer(channel, now_ms + self._rare.gap_ms(topic))
        elif channel.speed_ms == REAL_TIME:
            if topic in _DEPTHS:
                timer = _Timer(channel, 0, Changes(self.book.update_id))
                self._depth_timers.append(timer)
                self.book.watchers.append(timer.changes)
            else:
                self._set_instant(topic, channel)
        elif topic in _DEPTHS or topic in (Topic.AGG_TRADE, Topic.TRADE):
            # The first event comes at the symbol's own phase, so that a thousand symbols do not fire
            # together.
            speed_ms = channel.speed_ms
            self._add_timer(channel, now_ms - (now_ms - self._phase_ms) % speed_ms + speed_ms)
            if topic == Topic.TRADE:
                self._waiting_trades = []
        else:
            if topic in STATISTICS_TOPICS:
                self.statistics_at(now_ms).follow(channel, now_ms)
            self._add_timer(channel, now_ms + _PROMPT_MS + self._phase_ms % _PROMPT_SPREAD_MS)

    def close(self, channel: Channel) -> None:
        """Stop giving a channel's events."""
        timer = self._timers.pop(channel, None)
        if timer is not None:
            self._find_next_timer()
        for instant in self._depth_timers:
            if instant.channel == channel:
                timer = instant
        if timer is None:
            self._set_instant(channel.topic, None)
            return
        changes = timer.changes
        # By identity: two watchers that hold nothing are equal in nothing but that.
        self.book.watchers[:] = [watcher for watcher in self.book.watchers if watcher is not changes]
        self._depth_timers = [instant for instant in self._depth_timers if instant is not timer]
        if channel.topic == Topic.AGG_TRADE:
            self._gathering = None
            self._gathered.clear()
        elif channel.topic == Topic.TRADE:
            self._waiting_trades = None
        elif self._statistics is not None:
            self._statistics.unfollow(channel)

    def observe(self, channel: Channel, now_ms: int) -> list[Event]:
        """Give what a channel about the state of the market says at this moment."""
        if channel.topic in STATISTICS_TOPICS:
            return self.statistics_at(now_ms).observe(channel, self.book, now_ms)
        return observe_price(self.instrument, self.book, channel, now_ms)

    def happen(self, topic: Topic, now_ms: int) -> Event:
        """Make a rare event happen now."""
        return self._rare.event(topic, self.book, now_ms)

    def step(self, now_ms: int) -> list[tuple[Channel, Event]]:
        """Live on until ``now_ms`` inclusive and give every event of the open channels, in order of time."""
        events: list[tuple[Channel, Event]] = []
        while True:
            action_ms = int(self._next_action_ms)
            timer = self._next_timer
            if timer is not None and timer.due_ms <= action_ms:
                if timer.due_ms > now_ms:
                    return events
                self._ring(timer, events)
            elif action_ms <= now_ms:
                self._act(action_ms, events)
            else:
                return events

    def resume(self, now_ms: int) -> None:
        """Come back after nobody watched: trading went on, and what happened is lost to everybody."""
        missed = int((now_ms - self._next_action_ms) / self._mean_gap_ms)
        for _ in range(min(_MOST_MISSED_ACTIONS, missed)):
            self._count_fills(self._flow.act(), now_ms)
        if missed > 0:
            self._next_action_ms = now_ms + self._gap_ms()
            self._changed_ms = now_ms
        self._close_gathering()
        self._gathered.clear()

    def postpone(self, delay_ms: int) -> None:
        """Move everything that is due by ``delay_ms``: time was lost, events are not."""
        self._next_action_ms += delay_ms
        for timer in self._timers.values():
            timer.due_ms += delay_ms

    def snapshot(self, limit: int = 5000, *, stale: int = 0, with_rpi: bool = False) -> Snapshot:
        """Give the book as a REST depth request would see it now, or so many changes ago."""
        found = self.book.before(stale) if stale else self.book.snapshot(limit)
        bids, asks = found.bids[:limit], found.asks[:limit]
        if with_rpi:
            bids, asks = self.with_hidden(bids), self.with_hidden(asks)
        return Snapshot(found.update_id, bids, asks)

    def with_hidden(self, levels: list[Level]) -> list[Level]:
        """Give levels with the retail price improvement orders that no other book shows."""
        typical = self.instrument.typical_lots
        return [Level(price, qty + hidden_lots(price, typical) if qty else 0) for price, qty in levels]

    @property
    def changed_ms(self) -> int:
        """Time of the last change of the book."""
        return self._changed_ms

    def _gap_ms(self) -> float:
        # Arrivals are independent, so gaps are exponential.
        return -math.log(1.0 - self._rng.random()) * self._mean_gap_ms

    def _act(self, now_ms: int, events: list[tuple[Channel, Event]]) -> None:
        book = self.book
        self._next_action_ms += self._gap_ms()
        bid, ask = book.best_bid, book.best_ask
        bid_qty, ask_qty = book.bids[bid], book.asks[ask]
        fills = self._flow.act()
        self._changed_ms = now_ms
        if fills:
            self._tell_fills(fills, now_ms, events)
        for timer in self._depth_timers:
            if timer.changes:
                self._ring_depth(timer, now_ms, events)
        channel = self._ticker_channel
        if channel is not None:
            new_bid, new_ask = book.best_bid, book.best_ask
            new_bid_qty, new_ask_qty = book.bids[new_bid], book.asks[new_ask]
            if new_bid != bid or new_ask != ask or new_bid_qty != bid_qty or new_ask_qty != ask_qty:
                ticker = BookTickerEvent(
                    book.update_id, Level(new_bid, new_bid_qty), Level(new_ask, new_ask_qty), now_ms
                )
                events.append((channel, ticker))

    def _tell_fills(self, fills: list[Fill], now_ms: int, events: list[tuple[Channel, Event]]) -> None:
        channel = self._trade_channel
        is_filler = self.instrument.market == "usdm" and self._rng.random() < _FILLER_SHARE
        first_id = self._trade_id + 1
        self._count_fills(fills, now_ms)
        waiting = self._waiting_trades
        if channel is not None or waiting is not None:
            for trade_id, fill in enumerate(fills, first_id):
                trade_type = "RPI" if fill.is_rpi else "MARKET"
                trade = TradeEvent(trade_id, fill.price, fill.qty, trade_type, fill.is_buyer_maker, now_ms)
                if channel is not None:
                    events.append((channel, trade))
                if waiting is not None:
                    waiting.append(trade)
        if is_filler:
            self._trade_id += 1
            self._close_gathering()
            if channel is not None:
                filler = TradeEvent(self._trade_id, 0, 0, "NA", fills[-1].is_buyer_maker, now_ms)
                events.append((channel, filler))
        if self._aggregates_at_once:
            self._close_gathering()
            instant = self._agg_channel
            if instant is not None:
                events.extend((instant, aggregate) for aggregate in self._gathered)
            self._gathered.clear()

    def _count_fills(self, fills: list[Fill], now_ms: int) -> None:
        statistics = self._statistics
        for fill in fills:
            self._trade_id += 1
            if self._is_spot:
                self.recent_trades.append(
                    TradeEvent(self._trade_id, fill.price, fill.qty, "MARKET", fill.is_buyer_maker, now_ms)
                )
            if statistics is not None:
                statistics.record(self._trade_id, fill.price, fill.qty, fill.is_buyer_maker, now_ms)
            last = self._gathering
            if last is not None and last.price == fill.price and last.is_buyer_maker == fill.is_buyer_maker:
                self._gathering = last._replace(
                    qty=last.qty + fill.qty,
                    normal_qty=last.normal_qty + (0 if fill.is_rpi else fill.qty),
                    last_trade_id=self._trade_id,
                    time_ms=now_ms,
                )
                continue
            self._close_gathering()
            self._agg_trade_id += 1
            normal_qty = 0 if fill.is_rpi else fill.qty
            self._gathering = AggTradeEvent(
                self._agg_trade_id, fill.price, fill.qty, normal_qty, self._trade_id, self._trade_id,
                fill.is_buyer_maker, now_ms, now_ms,
            )  # fmt: skip

    def _close_gathering(self) -> None:
        if self._gathering is None:
            return
        if self._is_spot:
            self.recent_aggregates.append(self._gathering)
        # On futures aggregates wait for their timer, so without one they are dropped.
        if self._aggregates_at_once or self._has_agg_timer():
            self._gathered.append(self._gathering)
        self._gathering = None

    def _has_agg_timer(self) -> bool:
        return any(channel.topic == Topic.AGG_TRADE for channel in self._timers)

    def _ring(self, timer: _Timer, events: list[tuple[Channel, Event]]) -> None:
        channel, now_ms = timer.channel, timer.due_ms
        topic = channel.topic
        if topic in _DEPTHS:
            if timer.changes:
                self._ring_depth(timer, now_ms, events)
        elif topic == Topic.AGG_TRADE:
            self._close_gathering()
            events.extend((channel, aggregate._replace(event_ms=now_ms)) for aggregate in self._gathered)
            self._gathered.clear()
        elif topic == Topic.TRADE:
            events.extend((channel, trade) for trade in self._waiting_trades or ())
            self._waiting_trades = []
        elif topic == Topic.BOOK_TICKER:
            if timer.changes or not timer.has_rung:
                bids, asks = self.book.top(1)
                events.append((channel, BookTickerEvent(self.book.update_id, bids[0], asks[0], now_ms)))
                timer.changes.restart(self.book.update_id)
        elif topic in RARE_TOPICS:
            events.append((channel, self.happen(topic, now_ms)))
        else:
            events.extend((channel, event) for event in self.observe(channel, now_ms))
        timer.has_rung = True
        timer.due_ms += self._rare.gap_ms(topic) if topic in RARE_TOPICS else channel.speed_ms
        self._find_next_timer()

    def _ring_depth(self, timer: _Timer, now_ms: int, events: list[tuple[Channel, Event]]) -> None:
        book, changes, channel = self.book, timer.changes, timer.channel
        if channel.topic == Topic.PARTIAL_DEPTH:
            bids, asks = book.top(channel.levels)
        else:
            # Spot tells bids best first, futures by rising price.
            bids, asks = book.changed(changes, best_bid_first=self._is_spot)
        if channel.topic == Topic.RPI_DEPTH:
            bids, asks = self.with_hidden(bids), self.with_hidden(asks)
        depth = DepthEvent(
            changes.first_update_id, book.update_id, changes.previous_update_id, bids, asks,
            self._changed_ms, now_ms,
        )  # fmt: skip
        events.append((channel, depth))
        changes.restart(book.update_id)

    @property
    def _rare(self) -> Rarities:
        if self._rarities is None:
            self._rarities = Rarities(self.instrument, random.Random(f"{self._story}/rare"))
        return self._rarities

    def statistics_at(self, now_ms: int) -> Statistics:
        """Give what its trades add up to, beginning a past where there is none yet."""
        if self._statistics is None:
            self._statistics = Statistics(
                self.instrument,
                random.Random(f"{self._story}/past"),
                price=self.book.best_bid,
                trade_id=self._trade_id,
                now_ms=now_ms,
                trades_a_minute=60_000 / self._mean_gap_ms * TRADES_PER_ACTION,
            )
        return self._statistics

    def _add_timer(self, channel: Channel, due_ms: int) -> None:
        timer = _Timer(channel, due_ms, Changes(self.book.update_id))
        self._timers[channel] = timer
        if channel.topic in _WATCHING:
            self.book.watchers.append(timer.changes)
        self._find_next_timer()

    def _set_instant(self, topic: Topic, channel: Channel | None) -> None:
        if topic == Topic.BOOK_TICKER:
            self._ticker_channel = channel
        elif topic == Topic.TRADE:
            self._trade_channel = channel
        elif topic == Topic.AGG_TRADE:
            self._agg_channel = channel

    def _find_next_timer(self) -> None:
        self._next_timer = min(self._timers.values(), key=_due, default=None)


def _due(timer: _Timer) -> int:
    return timer.due_ms


def _next_id(last: int) -> int:
    return last + 1
