"""Methods about the markets of spot: trades, klines, averages, reference prices."""

import re
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Call, Handlers
from fastbinance.sim.api.symbols import find_market
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import AggTradeEvent, AveragePriceEvent, ReferencePriceEvent, TradeEvent
from fastbinance.sim.history import History
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.timeunit import to_millis
from fastbinance.sim.trading import MarketsView

__all__ = ["MarketData", "zone_ms"]

_ZONE: Final = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_ZONES_MS: Final = range(-12 * 3_600_000, 14 * 3_600_000 + 1)
_TRADES: Final = 500
_AVERAGE: Final = Channel(Topic.AVERAGE_PRICE, 1000)
_REFERENCE: Final = Channel(Topic.REFERENCE_PRICE, 1000)


class MarketData:
    """Handlers of ``trades.*``, ``klines``, ``avgPrice`` and ``referencePrice``.

    Parameters
    ----------
    markets
        What trades.
    """

    def __init__(self, markets: MarketsView) -> None:
        self._markets = markets

    def handlers(self) -> Handlers:
        """Give them by their names."""
        return {
            ("spot", "trades.recent"): self.recent_trades,
            ("spot", "trades.historical"): self.historical_trades,
            ("spot", "trades.aggregate"): self.aggregate_trades,
            ("spot", "blockTrades.historical"): self.block_trades,
            ("spot", "klines"): self.klines,
            ("spot", "uiKlines"): self.klines,
            ("spot", "avgPrice"): self.average_price,
            ("spot", "referencePrice"): self.reference_price,
            ("spot", "referencePrice.calculation"): self.reference_calculation,
        }

    def recent_trades(self, call: Call) -> list[dict[str, Any]]:
        """Give the newest trades, oldest first."""
        return self._trades(call, None)

    def historical_trades(self, call: Call) -> list[dict[str, Any]]:
        """Give trades from an id on, or the newest."""
        return self._trades(call, call.params.get("fromId"))

    def aggregate_trades(self, call: Call) -> list[dict[str, Any]]:
        """Give aggregates from an id or a time on, or the newest."""
        params = call.params
        if "fromId" in params and ("startTime" in params or "endTime" in params):
            raise ApiError(-1128, "Combination of optional parameters invalid.")
        history, instrument = self._history(call)
        limit, known = params.get("limit", _TRADES), history.aggregate_ids
        first = max(known.start, known.stop - limit)
        if "fromId" in params:
            first = max(known.start, params["fromId"])
        elif "startTime" in params:
            first = history.first_aggregate_at(to_millis(params["startTime"]))
        end = known.stop
        if "endTime" in params:
            end = history.first_aggregate_at(to_millis(params["endTime"]) + 1)
            if "startTime" not in params:
                first = max(known.start, end - limit)
        return [
            _aggregate(instrument, history.aggregate(number))
            for number in range(first, min(first + limit, end))
        ]

    def block_trades(self, call: Call) -> list[dict[str, Any]]:
        """Give no block trades: those that streams tell are not kept."""
        find_market(self._markets, call)
        return []

    def klines(self, call: Call) -> list[list[Any]]:
        """Give klines, the newest or those of a span."""
        params = call.params
        history, instrument = self._history(call)
        start, end = params.get("startTime"), params.get("endTime")
        found = history.klines(
            params["interval"],
            None if start is None else to_millis(start),
            None if end is None else to_millis(end),
            params.get("limit", _TRADES),
            zone_ms(params.get("timeZone", "0")),
        )
        price, qty, value = instrument.price_text, instrument.qty_text, instrument.turnover_text
        opens, closes = call.time_unit.opens, call.time_unit.closes
        return [
            [
                opens(bar.open_ms), price(bar.open), price(bar.high), price(bar.low), price(bar.close),
                qty(bar.qty), closes(close_ms), value(bar.turnover), bar.trades, qty(bar.taker_buy_qty),
                value(bar.taker_buy_turnover), "0",
            ]
            for bar, close_ms in found
        ]  # fmt: skip

    def average_price(self, call: Call) -> dict[str, Any]:
        """Give the mean price of the last minutes."""
        market = find_market(self._markets, call)
        (event,) = market.observe(_AVERAGE, call.now_ms)
        assert isinstance(event, AveragePriceEvent)
        return {
            "mins": event.minutes,
            "price": market.instrument.price_text(event.price),
            "closeTime": event.last_trade_ms,
        }

    def reference_price(self, call: Call) -> dict[str, Any]:
        """Give the reference price, which is null at moments, as it is on the stream."""
        market = find_market(self._markets, call)
        (event,) = market.observe(_REFERENCE, call.now_ms)
        assert isinstance(event, ReferencePriceEvent)
        price = None if event.price is None else market.instrument.price_text(event.price)
        return {"symbol": market.instrument.symbol, "referencePrice": price, "timestamp": event.time_ms}

    def reference_calculation(self, call: Call) -> dict[str, Any]:
        """Tell how a reference price comes about at Binance; here it is the middle of the book."""
        market = find_market(self._markets, call)
        return {
            "symbol": market.instrument.symbol,
            "calculationType": "ARITHMETIC_MEAN",
            "bucketCount": 10,
            "bucketWidthMs": 1000,
        }

    def _history(self, call: Call) -> tuple[History, Instrument]:
        market = find_market(self._markets, call)
        return History(market, call.now_ms), market.instrument

    def _trades(self, call: Call, from_id: int | None) -> list[dict[str, Any]]:
        history, instrument = self._history(call)
        limit, known = call.params.get("limit", _TRADES), history.trade_ids
        first = max(known.start, known.stop - limit if from_id is None else from_id)
        ids = range(first, min(first + limit, known.stop))
        return [_trade(instrument, history.trade(number)) for number in ids]


def zone_ms(text: str) -> int:
    """Read a time zone, such as ``-1:00``, ``05:45`` or ``8``.

    Raises
    ------
    ApiError
        It is none.
    """
    found = _ZONE.fullmatch(text)
    if found is not None:
        sign, hours, minutes = found.groups()
        offset_ms = (int(hours) * 60 + int(minutes or 0)) * 60_000
        offset_ms = -offset_ms if sign == "-" else offset_ms
        if offset_ms in _ZONES_MS:
            return offset_ms
    raise ApiError(-1130, "Data sent for parameter 'timeZone' is not valid.")


def _trade(instrument: Instrument, trade: TradeEvent) -> dict[str, Any]:
    return {
        "id": trade.trade_id,
        "price": instrument.price_text(trade.price),
        "qty": instrument.qty_text(trade.qty),
        "quoteQty": instrument.turnover_text(instrument.turnover(trade.price, trade.qty)),
        "time": trade.time_ms,
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


def _aggregate(instrument: Instrument, trade: AggTradeEvent) -> dict[str, Any]:
    return {
        "a": trade.agg_trade_id,
        "p": instrument.price_text(trade.price),
        "q": instrument.qty_text(trade.qty),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": trade.time_ms,
        "m": trade.is_buyer_maker,
        "M": True,
    }
