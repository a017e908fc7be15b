"""Streams that the clock makes from many markets, or from none."""

from typing import Final

from fastbinance.sim.channels import ArrayOf, Channel, OfIndex, Topic
from fastbinance.sim.contracts import TRADIFI
from fastbinance.sim.events import Event, IndexArray, MarketArray, MiniTickerEvent, Reported, TickerEvent
from fastbinance.sim.indexes import observe_index
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.market import RandomMarket

__all__ = ["ArrayReport", "IndexReport", "Report"]

# Every report says something soon after somebody asks, however slow it is.
_PROMPT_MS: Final = 100


class ArrayReport:
    """One frame of all symbols of a universe; of tickers only those that traded since the last one.

    Parameters
    ----------
    asked
        Symbols and channel.
    now_ms
        Time of the first subscription.
    """

    def __init__(self, asked: ArrayOf, now_ms: int) -> None:
        self.channel: Channel = asked.channel
        #: Of no single one.
        self.instrument: None = None
        self.due_ms = now_ms + _PROMPT_MS
        #: Markets it looks at; `Exchange.include` adds to them.
        self.members: list[RandomMarket] = []
        self._told: dict[RandomMarket, int] = {}

    def ring(self) -> list[Reported]:
        """Give the frames that are due, and put off the next ones."""
        now_ms, self.due_ms = self.due_ms, self.due_ms + self.channel.speed_ms
        items: list[tuple[Instrument, Event]] = []
        for market in self.members:
            for event in market.observe(self.channel, now_ms):
                if not isinstance(event, TickerEvent | MiniTickerEvent) or self._has_traded(market, event):
                    items.append((market.instrument, event))
        frames = [items]
        if self.channel.topic == Topic.MARK_PRICE:
            # Contracts on shares and metals come in a frame of their own.
            frames = [
                [item for item in items if (item[0].pair in TRADIFI) is is_tradifi]
                for is_tradifi in (False, True)
            ]
        return [MarketArray(frame) for frame in frames if frame]

    def _has_traded(self, market: RandomMarket, event: TickerEvent | MiniTickerEvent) -> bool:
        last_id = event.bar.last_trade_id
        has_traded = self._told.get(market) != last_id
        self._told[market] = last_id
        return has_traded


class IndexReport:
    """What an index, an asset or a session says.

    Parameters
    ----------
    asked
        Name and channel.
    now_ms
        Time of the first subscription.
    """

    def __init__(self, asked: OfIndex, now_ms: int) -> None:
        self.channel: Channel = asked.channel
        #: Of no single one.
        self.instrument: None = None
        self.due_ms = now_ms + _PROMPT_MS
        self.members: list[RandomMarket] = []
        self._asked = asked

    def ring(self) -> list[Reported]:
        """Give the frames that are due, and put off the next ones."""
        now_ms, self.due_ms = self.due_ms, self.due_ms + self.channel.speed_ms
        events = observe_index(self._asked, now_ms)
        # Sessions are told a frame each, all other lists as one.
        if self._asked.name or self.channel.topic == Topic.TRADING_SESSION:
            return [*events]
        return [IndexArray(events)]


Report = ArrayReport | IndexReport
