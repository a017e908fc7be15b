"""What a symbol lets through: its filters, as Binance lists them and as an order meets them."""

from typing import Any, Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.trading.amounts import UNIT, spell, value_below

__all__ = ["MOST_OPEN_ORDERS", "MOST_STOP_ORDERS", "Rules"]

#: Open orders of one account on one symbol (spot).
MOST_OPEN_ORDERS: Final = 200
#: Of them, those that wait for a stop price.
MOST_STOP_ORDERS: Final = 5

_HIGHEST_PRICE: Final = 20  # times the price that a symbol begins at
_MOST_LOTS: Final = 900_000_000
_MOST_MARKET_LOTS: Final = 10_000_000
# Of the quote asset: about five dollars of it.
_LEAST_VALUE: Final[dict[str, int]] = {"BTC": UNIT // 10_000, "ETH": UNIT // 1_000, "BNB": UNIT // 100}
_LEAST_DOLLARS: Final = 5 * UNIT
_LEAST_DELTA: Final = 10
_MOST_DELTA: Final = 2_000


class Rules:
    """Grid, lot and limits of one symbol, in hundred millionths.

    Parameters
    ----------
    instrument
        Whose they are.
    """

    __slots__ = (
        "instrument", "least_value", "lot", "max_market_qty", "max_price", "max_qty", "price_decimals",
        "qty_decimals", "tick",
    )  # fmt: skip

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.tick = instrument.tick_size()
        self.lot = instrument.lot_size()
        self.price_decimals = instrument.price_decimals
        self.qty_decimals = instrument.qty_decimals
        self.max_price = instrument.start_ticks * self.tick * _HIGHEST_PRICE
        self.max_qty = self.lot * _MOST_LOTS
        self.max_market_qty = self.lot * _MOST_MARKET_LOTS
        self.least_value = _LEAST_VALUE.get(instrument.quote_asset, _LEAST_DOLLARS)

    def listed(self) -> list[dict[str, Any]]:
        """Give the filters as spot's ``exchangeInfo`` lists them: those that orders are checked by."""
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": spell(self.tick),
                "maxPrice": spell(self.max_price),
                "tickSize": spell(self.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": spell(self.lot),
                "maxQty": spell(self.max_qty),
                "stepSize": spell(self.lot),
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": spell(0),
                "maxQty": spell(self.max_market_qty),
                "stepSize": spell(0),
            },
            {
                "filterType": "MIN_NOTIONAL",
                "minNotional": spell(self.least_value),
                "applyToMarket": True,
                "avgPriceMins": 0,
            },
            {
                "filterType": "TRAILING_DELTA",
                "minTrailingAboveDelta": _LEAST_DELTA,
                "maxTrailingAboveDelta": _MOST_DELTA,
                "minTrailingBelowDelta": _LEAST_DELTA,
                "maxTrailingBelowDelta": _MOST_DELTA,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MOST_OPEN_ORDERS},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MOST_STOP_ORDERS},
        ]

    def check_price(self, price: int) -> None:
        """Let a price of a spot order through, or raise -1013."""
        if not self.tick <= price <= self.max_price or price % self.tick:
            raise ApiError(-1013, "Filter failure: PRICE_FILTER")

    def check_qty(self, qty: int, *, is_market: bool = False) -> None:
        """Let a quantity of a spot order through, or raise -1013."""
        if not self.lot <= qty <= self.max_qty or qty % self.lot:
            raise ApiError(-1013, "Filter failure: LOT_SIZE")
        if is_market and qty > self.max_market_qty:
            raise ApiError(-1013, "Filter failure: MARKET_LOT_SIZE")

    def check_value(self, price: int, qty: int) -> None:
        """Let an order of spot through that is worth its while, or raise -1013."""
        if value_below(price, qty) < self.least_value:
            raise ApiError(-1013, "Filter failure: MIN_NOTIONAL")

    def check_delta(self, delta: int) -> None:
        """Let a trailing delta, in hundredths of a percent, through, or raise -1013."""
        if not _LEAST_DELTA <= delta <= _MOST_DELTA:
            raise ApiError(-1013, "Filter failure: TRAILING_DELTA")
