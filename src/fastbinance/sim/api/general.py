"""Methods of spot that are about the exchange itself."""

from collections.abc import Mapping
from typing import Any, Final

from fastbinance.sim.api.call import Call, Handlers, Product
from fastbinance.sim.api.limits import Budgets
from fastbinance.sim.api.symbols import find_symbols
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.trading import MarketsView
from fastbinance.sim.trading.filters import Rules

__all__ = ["General"]

_PRECISION: Final = 8
_ORDER_TYPES: Final = (
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
)  # fmt: skip
_PERMISSION: Final = "SPOT"
_MODES: Final = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
_CONNECTIONS: Final = {"rateLimitType": "CONNECTIONS", "interval": "MINUTE", "intervalNum": 5, "limit": 300}
# Prices may be no further from the reference price than this.
_RANGE: Final = {
    "ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.0001", "bidLimitMultDown": "0.9999",
    "askLimitMultUp": "1.0001", "askLimitMultDown": "0.9999",
}  # fmt: skip


class General:
    """Handlers of ``ping``, ``time``, ``exchangeInfo`` and ``executionRules``.

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
        return {
            ("spot", "ping"): self.ping,
            ("spot", "time"): self.time,
            ("spot", "exchangeInfo"): self.exchange_info,
            ("spot", "executionRules"): self.execution_rules,
        }

    def ping(self, call: Call) -> dict[str, Any]:
        """Answer, and that is all."""
        return {}

    def time(self, call: Call) -> dict[str, Any]:
        """Tell the server's time."""
        return {"serverTime": call.now_ms}

    def exchange_info(self, call: Call) -> dict[str, Any]:
        """Describe symbols, with the filters that their orders are checked by."""
        markets = find_symbols(self._markets, call)
        if _PERMISSION not in call.params.get("permissions", [_PERMISSION]):
            markets = []
        shows_sets = call.params.get("showPermissionSets", True)
        budgets = self._budgets["spot"]
        limits = [budget.spelled() for budget in budgets.all]
        return {
            "timezone": "UTC",
            "serverTime": call.now_ms,
            "rateLimits": [*limits, _CONNECTIONS],
            "exchangeFilters": [],
            "symbols": [_symbol(market.instrument, shows_sets=shows_sets) for market in markets],
            "sors": [],
        }

    def execution_rules(self, call: Call) -> dict[str, Any]:
        """Give the price range of symbols, which the simulator tells and does not enforce."""
        markets = find_symbols(self._markets, call)
        return {
            "symbolRules": [{"symbol": market.instrument.symbol, "rules": [_RANGE]} for market in markets]
        }


def _symbol(instrument: Instrument, *, shows_sets: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "symbol": instrument.symbol,
        "status": "TRADING",
        "baseAsset": instrument.base_asset,
        "baseAssetPrecision": _PRECISION,
        "quoteAsset": instrument.quote_asset,
        "quotePrecision": _PRECISION,
        "quoteAssetPrecision": _PRECISION,
        "baseCommissionPrecision": _PRECISION,
        "quoteCommissionPrecision": _PRECISION,
        "orderTypes": _ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": Rules(instrument).listed(),
        "permissions": [],
        "permissionSets": [[_PERMISSION]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": _MODES,
    }
    if not shows_sets:
        del described["permissionSets"]
    return described
