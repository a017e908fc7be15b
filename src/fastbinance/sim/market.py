"""One symbol that trades by itself: a random order flow, told the time, giving the events of its streams.

Nothing here reads a clock or waits. `RandomMarket.step` is a function of what came before and of the time it
is told, and it does not matter in how many steps the time is told: the same events come out.
"""

import math
import random
from typing import Final, NamedTuple

from fastbinance.keys import Market
from fastbinance.sim.book import Book, Changes, Level, Snapshot
from fastbinance.sim.channels import REAL_TIME, Channel
from fastbinance.sim.flow import TOP_SHARE, Fill, OrderFlow
from fastbinance.sim.instrument import Instrument
from fastbinance.streams import Kind

__all__ = ["AggTradeEvent", "BookTickerEvent", "DepthEvent", "Event", "RandomMarket", "TradeEvent"]

# Update ids are born this large: past 2**32 everywhere, and past Binance's real ones on futures.
_FIRST_UPDATE_ID: Final[dict[Market, int]] = {
    "spot": 80_000_000_000,
    "usdm": 11_400_000_000_000,
    "coinm": 1_700_000_000_000,
}
_LONGEST_LEAP: Final = 40
_FILLER_SHARE: Final = 0.01
_MOST_MISSED_ACTIONS: Final = 200


class BookTickerEvent(NamedTuple):
    """Best bid and ask after one action."""

    update_id: int
    bid: Level
    ask: Level
    time_ms: int


class TradeEvent(NamedTuple):
    """One execution. ``trade_type`` is ``MARKET``, ``RPI`` or ``NA``, the filler that is no trade."""

    trade_id: int
    price: int
    qty: int
    trade_type: str
    is_buyer_maker: bool
    time_ms: int


class AggTradeEvent(NamedTuple):
    """Executions of one side at one price. ``normal_qty`` leaves out those against RPI orders."""

    agg_trade_id: int
    price: int
    qty: int
    normal_qty: int
    first_trade_id: int
    last_trade_id: int
    is_buyer_maker: bool
    time_ms: int
    event_ms: int


class DepthEvent(NamedTuple):
    """Changed levels since the previous event of the stream, or its top levels whole."""

    first_update_id: int
    update_id: int
    previous_update_id: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int
    event_ms: int


Event = BookTickerEvent | TradeEvent | AggTradeEvent | DepthEvent


class _Timer:
    # One open channel that is served by the clock.
    __slots__ = ("changes", "channel", "due_ms")

    def __init__(self, channel: Channel, due_ms: int, changes: Changes) -> None:
        self.channel = channel
        self.due_ms = due_ms
        self.changes = changes


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
    """

    def __init__(self, instrument: Instrument, *, seed: str, now_ms: int, messages_per_second: float) -> None:
        self.instrument = instrument
        market = instrument.market
        self._rng = random.Random(f"{seed}/{market}/{instrument.symbol}")
        self._is_spot = market == "spot"
        # Ids leap from a generator of their own: asking for a stream must not change the story.
        leaps = random.Random(f"{seed}/{market}/{instrument.symbol}/ids")
        first_id = _FIRST_UPDATE_ID[market] + leaps.randrange(10**9)
        self.book = Book(
            first_id, _next_id if self._is_spot else lambda last: last + leaps.randint(1, _LONGEST_LEAP)
        )
        self._flow = OrderFlow(instrument, self.book, self._rng)
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
        self._timers: dict[Channel, _Timer] = {}
        self._next_timer: _Timer | None = None
        self._gathering: AggTradeEvent | None = None
        self._gathered: list[AggTradeEvent] = []

    @property
    def is_watched(self) -> bool:
        """Whether any channel is open; an unwatched market need not be stepped."""
        instant = self._ticker_channel or self._trade_channel or self._agg_channel
        return instant is not None or bool(self._timers)

    @property
    def due_ms(self) -> int:
        """When `step` next has something to do."""
        action_ms = int(self._next_action_ms)
        return action_ms if self._next_timer is None else min(action_ms, self._next_timer.due_ms)

    def open(self, channel: Channel, now_ms: int) -> None:
        """Start giving a channel's events; a diff stream begins at the present update id."""
        if channel.speed_ms == REAL_TIME:
            self._set_instant(channel.kind, channel)
        elif channel not in self._timers:
            changes = Changes(self.book.update_id)
            # The first event comes at the symbol's own phase, so that a thousand symbols do not fire
            # together.
            due_ms = now_ms - (now_ms - self._phase_ms) % channel.speed_ms + channel.speed_ms
            self._timers[channel] = _Timer(channel, due_ms, changes)
            if channel.kind != Kind.AGG_TRADE:
                self.book.watchers.append(changes)
            self._find_next_timer()

    def close(self, channel: Channel) -> None:
        """Stop giving a channel's events."""
        if channel.speed_ms == REAL_TIME:
            self._set_instant(channel.kind, None)
            return
        timer = self._timers.pop(channel, None)
        if timer is not None:
            # By identity: two watchers that hold nothing are equal in nothing but that.
            self.book.watchers[:] = [
                changes for changes in self.book.watchers if changes is not timer.changes
            ]
            self._find_next_timer()
        if channel.kind == Kind.AGG_TRADE:
            self._gathering = None
            self._gathered.clear()

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
        self._gathering = None
        self._gathered.clear()

    def postpone(self, delay_ms: int) -> None:
        """Move everything that is due by ``delay_ms``: time was lost, events are not."""
        self._next_action_ms += delay_ms
        for timer in self._timers.values():
            timer.due_ms += delay_ms

    def snapshot(self, limit: int = 5000) -> Snapshot:
        """Give the book as a REST depth request would see it now."""
        return self.book.snapshot(limit)

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
        if channel is not None:
            for trade_id, fill in enumerate(fills, first_id):
                trade_type = "RPI" if fill.is_rpi else "MARKET"
                trade = TradeEvent(trade_id, fill.price, fill.qty, trade_type, fill.is_buyer_maker, now_ms)
                events.append((channel, trade))
        if is_filler:
            self._trade_id += 1
            self._close_gathering()
            if channel is not None:
                filler = TradeEvent(self._trade_id, 0, 0, "NA", fills[-1].is_buyer_maker, now_ms)
                events.append((channel, filler))
        if self._is_spot:
            # On spot an aggregate is what one taker got at one price, and is told at once.
            self._close_gathering()
            instant = self._agg_channel
            if instant is not None:
                events.extend((instant, aggregate) for aggregate in self._gathered)
            self._gathered.clear()

    def _count_fills(self, fills: list[Fill], now_ms: int) -> None:
        for fill in fills:
            self._trade_id += 1
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
        # On futures aggregates wait for their timer, so without one they are dropped.
        if self._is_spot or self._has_agg_timer():
            self._gathered.append(self._gathering)
        self._gathering = None

    def _has_agg_timer(self) -> bool:
        return any(channel.kind == Kind.AGG_TRADE for channel in self._timers)

    def _ring(self, timer: _Timer, events: list[tuple[Channel, Event]]) -> None:
        channel, now_ms = timer.channel, timer.due_ms
        if channel.kind == Kind.AGG_TRADE:
            self._close_gathering()
            events.extend((channel, aggregate._replace(event_ms=now_ms)) for aggregate in self._gathered)
            self._gathered.clear()
        elif channel.kind == Kind.BOOK_TICKER:
            if timer.changes:
                bids, asks = self.book.top(1)
                events.append((channel, BookTickerEvent(self.book.update_id, bids[0], asks[0], now_ms)))
        elif channel.kind == Kind.PARTIAL_DEPTH:
            if timer.changes:
                events.append((channel, self._depth_event(timer, self.book.top(channel.levels))))
        elif timer.changes:
            # Spot tells bids best first, futures by rising price.
            levels = self.book.changed(timer.changes, best_bid_first=self._is_spot)
            events.append((channel, self._depth_event(timer, levels)))
        if timer.changes:
            timer.changes.restart(self.book.update_id)
        timer.due_ms += channel.speed_ms
        self._find_next_timer()

    def _depth_event(self, timer: _Timer, levels: tuple[list[Level], list[Level]]) -> DepthEvent:
        changes = timer.changes
        return DepthEvent(
            changes.first_update_id, self.book.update_id, changes.previous_update_id, *levels,
            self._changed_ms, timer.due_ms,
        )  # fmt: skip

    def _set_instant(self, kind: Kind, channel: Channel | None) -> None:
        if kind == Kind.BOOK_TICKER:
            self._ticker_channel = channel
        elif kind == Kind.TRADE:
            self._trade_channel = channel
        elif kind == Kind.AGG_TRADE:
            self._agg_channel = channel

    def _find_next_timer(self) -> None:
        self._next_timer = min(self._timers.values(), key=_due, default=None)


def _due(timer: _Timer) -> int:
    return timer.due_ms


def _next_id(last: int) -> int:
    return last + 1
