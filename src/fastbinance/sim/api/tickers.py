"""The tickers of spot: of a day, of a trading day, of a window, of prices and of books."""

from typing import Any, Final

from fastbinance.sim.api.call import Call, Handlers
from fastbinance.sim.api.market_data import zone_ms
from fastbinance.sim.api.symbols import each_market
from fastbinance.sim.bars import Bar
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import TickerEvent
from fastbinance.sim.history import History
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.intervals import interval_end, interval_start
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.past import DAY_MS, MINUTE_MS
from fastbinance.sim.trading import MarketsView

__all__ = ["Tickers", "book_ticker", "last_price"]

_TICKER: Final = Channel(Topic.TICKER, 1000)
_UNIT_MS: Final = {"m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": DAY_MS}


class Tickers:
    """Handlers of ``ticker`` and ``ticker.*``.

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
            ("spot", "ticker.24hr"): self.of_a_day,
            ("spot", "ticker.tradingDay"): self.of_a_trading_day,
            ("spot", "ticker"): self.of_a_window,
            ("spot", "ticker.price"): self.prices,
            ("spot", "ticker.book"): self.books,
        }

    def of_a_day(self, call: Call) -> Any:
        """Give what the ticker streams tell."""
        is_mini = call.params.get("type") == "MINI"

        def tell(market: RandomMarket) -> dict[str, Any]:
            (event,) = market.observe(_TICKER, call.now_ms)
            assert isinstance(event, TickerEvent)
            instrument, close_ms = market.instrument, event.close_ms
            told = _ticker(instrument, event.bar, close_ms, is_mini=is_mini)
            if is_mini:
                return told
            price, qty = instrument.price_text, instrument.qty_text
            quoted = {
                "prevClosePrice": price(event.previous_close),
                "lastPrice": told.pop("lastPrice"),
                "lastQty": qty(event.last_qty),
                "bidPrice": price(event.bid.price),
                "bidQty": qty(event.bid.qty),
                "askPrice": price(event.ask.price),
                "askQty": qty(event.ask.qty),
            }
            # Between the averages and the prices.
            names = list(told)
            head = names[: names.index("openPrice")]
            return {name: told[name] for name in head} | quoted | told

        return each_market(self._markets, call, tell)

    def of_a_trading_day(self, call: Call) -> Any:
        """Give what happened since midnight, somewhere."""
        offset_ms = zone_ms(call.params.get("timeZone", "0"))
        start_ms = interval_start("1d", call.now_ms, offset_ms)
        close_ms = interval_end("1d", start_ms, offset_ms) - 1
        return self._since(call, start_ms, close_ms)

    def of_a_window(self, call: Call) -> Any:
        """Give what happened in so much time, which begins on a minute."""
        window = call.params.get("windowSize", "1d")
        length_ms = int(window[:-1]) * _UNIT_MS[window[-1]]
        start_ms = call.now_ms - length_ms
        return self._since(call, start_ms - start_ms % MINUTE_MS, call.now_ms)

    def prices(self, call: Call) -> Any:
        """Give the last prices."""
        return each_market(self._markets, call, lambda market: last_price(market, call.now_ms))

    def books(self, call: Call) -> Any:
        """Give the tops of the books."""
        return each_market(self._markets, call, book_ticker)

    def _since(self, call: Call, start_ms: int, close_ms: int) -> Any:
        is_mini = call.params.get("type") == "MINI"

        def tell(market: RandomMarket) -> dict[str, Any]:
            bar = History(market, call.now_ms).span(start_ms, call.now_ms + 1)
            return _ticker(market.instrument, bar, close_ms, is_mini=is_mini)

        return each_market(self._markets, call, tell)


def last_price(market: RandomMarket, now_ms: int) -> dict[str, Any]:
    """Give the price of a market's last trade."""
    (event,) = market.observe(_TICKER, now_ms)
    assert isinstance(event, TickerEvent)
    return {"symbol": market.instrument.symbol, "price": market.instrument.price_text(event.bar.close)}


def book_ticker(market: RandomMarket) -> dict[str, Any]:
    """Give the top of a market's book."""
    bids, asks = market.book.top(1)
    instrument = market.instrument
    return {
        "symbol": instrument.symbol,
        "bidPrice": instrument.price_text(bids[0].price),
        "bidQty": instrument.qty_text(bids[0].qty),
        "askPrice": instrument.price_text(asks[0].price),
        "askQty": instrument.qty_text(asks[0].qty),
    }


def _ticker(instrument: Instrument, bar: Bar, close_ms: int, *, is_mini: bool) -> dict[str, Any]:
    price = instrument.price_text
    change = bar.close - bar.open
    average = instrument.average_price(bar.turnover, bar.qty) if bar.qty else bar.close
    moved = {
        "priceChange": instrument.price_change_text(change),
        "priceChangePercent": f"{100 * change / bar.open:.3f}",
        "weightedAvgPrice": price(average),
    }
    told = {
        "openPrice": price(bar.open),
        "highPrice": price(bar.high),
        "lowPrice": price(bar.low),
        "lastPrice": price(bar.close),
        "volume": instrument.qty_text(bar.qty),
        "quoteVolume": instrument.turnover_text(bar.turnover),
        "openTime": bar.open_ms,
        "closeTime": close_ms,
        "firstId": bar.first_trade_id,
        "lastId": bar.last_trade_id,
        "count": bar.trades,
    }
    named = {"symbol": instrument.symbol}
    return named | told if is_mini else named | moved | told
