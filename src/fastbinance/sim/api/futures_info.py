"""The ``exchangeInfo`` of USD-M and COIN-M, which only REST has."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import Call, Handlers, Product
from fastbinance.sim.api.limits import Budgets
from fastbinance.sim.api.symbols import find_symbols
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.trading import MarketsView
from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.filters import Rules

__all__ = ["FuturesInfo"]

_ORDER_TYPES: Final = (
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
)  # fmt: skip
_TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "GTX")
_PRECISION: Final = 8
_LEAST_NOTIONAL: Final = "5"


class FuturesInfo:
    """Handlers of ``exchangeInfo``.

    Parameters
    ----------
    markets
        What trades.
    budgets
        Limits to tell.
    """

    def __init__(self, markets: MarketsView, budgets: Mapping[Product, Budgets]) -> None:
        self._markets = markets
        self._budgets = budgets

    def handlers(self) -> Handlers:
        """Give them by their names."""
        return {("usdm", "exchangeInfo"): self.exchange_info, ("coinm", "exchangeInfo"): self.exchange_info}

    def exchange_info(self, call: Call) -> dict[str, Any]:
        """Describe every symbol, with the filters that its orders are checked by."""
        return {
            "exchangeFilters": [],
            "rateLimits": [budget.spelled() for budget in self._budgets[call.product].all],
            "serverTime": call.now_ms,
            "timezone": "UTC",
            "symbols": [_symbol(market.instrument) for market in find_symbols(self._markets, call)],
        }


def _symbol(instrument: Instrument) -> dict[str, Any]:
    is_inverse = instrument.market == "coinm"
    is_perpetual = instrument.symbol in (instrument.pair, f"{instrument.pair}_PERP")
    described: dict[str, Any] = {
        "symbol": instrument.symbol,
        "pair": instrument.pair,
        "contractType": "PERPETUAL" if is_perpetual else "CURRENT_QUARTER",
        "contractStatus" if is_inverse else "status": "TRADING",
        "baseAsset": instrument.base_asset,
        "quoteAsset": instrument.quote_asset,
        "marginAsset": instrument.base_asset if is_inverse else instrument.quote_asset,
        "pricePrecision": instrument.price_decimals,
        "quantityPrecision": instrument.qty_decimals,
        "baseAssetPrecision": _PRECISION,
        "quotePrecision": _PRECISION,
    }
    if is_inverse:
        described["contractSize"] = instrument.contract_dollars
    return described | {
        "filters": _filters(Rules(instrument), is_inverse=is_inverse),
        "orderTypes": _ORDER_TYPES,
        "timeInForce": _TIMES_IN_FORCE,
    }


def _filters(rules: Rules, *, is_inverse: bool) -> list[dict[str, Any]]:
    lots = {"minQty": spell(rules.lot), "maxQty": spell(rules.max_qty), "stepSize": spell(rules.lot)}
    filters: list[dict[str, Any]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": spell(rules.tick),
            "maxPrice": spell(rules.max_price),
            "tickSize": spell(rules.tick),
        },
        {"filterType": "LOT_SIZE", **lots},
        {"filterType": "MARKET_LOT_SIZE", **lots},
    ]
    if not is_inverse:
        filters.append({"filterType": "MIN_NOTIONAL", "notional": _LEAST_NOTIONAL})
    return filters
