"""The methods of USD-M about its markets. COIN-M has none."""

from typing import Any

from fastbinance.sim.api.call import Call, Handlers
from fastbinance.sim.api.symbols import each_market
from fastbinance.sim.api.tickers import book_ticker, last_price
from fastbinance.sim.market import RandomMarket
from fastbinance.sim.trading import MarketsView

__all__ = ["FuturesData"]


class FuturesData:
    """Handlers of ``ticker.price`` and ``ticker.book`` of USD-M.

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
            ("usdm", "ticker.price"): self.prices,
            ("usdm", "ticker.book"): self.books,
        }

    def prices(self, call: Call) -> Any:
        """Give the last prices."""

        def tell(market: RandomMarket) -> dict[str, Any]:
            return last_price(market, call.now_ms) | {"time": call.now_ms}

        return each_market(self._markets, call, tell)

    def books(self, call: Call) -> Any:
        """Give the tops of the books."""

        def tell(market: RandomMarket) -> dict[str, Any]:
            told = book_ticker(market) | {"time": market.changed_ms}
            return {"lastUpdateId": market.book.update_id} | told

        return each_market(self._markets, call, tell)
