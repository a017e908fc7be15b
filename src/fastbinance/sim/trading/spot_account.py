"""Spot's methods about an account: what it owns, what it traded, what it pays."""

from collections.abc import Callable
from typing import Any, Final

from fastbinance.sim.api.call import Call, Handler, Product
from fastbinance.sim.trading import spot_reports as reports
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, spell
from fastbinance.sim.trading.paging import page
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_floor import COMMISSION_RATE
from fastbinance.sim.trading.spot_orders import NO_DISCOUNT

__all__ = ["OrderCounts", "SpotAccounts"]

Result = dict[str, Any]

#: Gives the order limits of an account with their present counts, as ``rateLimits`` has them.
OrderCounts = Callable[[Account, Product, int], list[dict[str, Any]]]

_BASIS_POINTS: Final = 10_000


class SpotAccounts:
    """Handlers of ``account.*`` and ``my*``.

    Parameters
    ----------
    engine
        What knows.
    order_counts
        Who counts orders.
    """

    def __init__(self, engine: SpotEngine, order_counts: OrderCounts) -> None:
        self._engine = engine
        self._order_counts = order_counts

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "account.status": self.status,
            "account.commission": self.commission,
            "account.rateLimits.orders": self.order_limits,
            "myTrades": self.trades,
            "myPreventedMatches": self.prevented_matches,
            "myAllocations": self.allocations,
            "myFilters": self.filters,
        }

    def status(self, call: Call) -> Result:
        """Tell what an account owns and may do."""
        account: Account = call.account
        self._engine.meet_open(account, call.now_ms)
        drops_empty = call.params.get("omitZeroBalances", False)
        rate = COMMISSION_RATE * _BASIS_POINTS // UNIT
        return {
            "makerCommission": rate,
            "takerCommission": rate,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "canTrade": "TRADE" in account.permissions,
            "canWithdraw": False,
            "canDeposit": False,
            "commissionRates": _rates(COMMISSION_RATE),
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": account.updated_ms,
            "accountType": "SPOT",
            "balances": [
                {"asset": asset, "free": spell(balance.free), "locked": spell(balance.locked)}
                for asset, balance in sorted(account.balances["spot"].items())
                if balance.free or balance.locked or not drops_empty
            ],
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def commission(self, call: Call) -> Result:
        """Tell what an account pays on a symbol."""
        symbol = call.params["symbol"]
        self._engine.pit(symbol, call.now_ms)
        return {
            "symbol": symbol,
            "standardCommission": _rates(COMMISSION_RATE),
            "specialCommission": _rates(0),
            "taxCommission": _rates(0),
            "discount": NO_DISCOUNT,
        }

    def order_limits(self, call: Call) -> list[dict[str, Any]]:
        """Tell how many orders an account has placed of those that it may."""
        return self._order_counts(call.account, "spot", call.now_ms)

    def trades(self, call: Call) -> list[Result]:
        """Tell the trades of an account on a symbol."""
        symbol = call.params["symbol"]
        self._engine.meet(symbol, call.now_ms)
        order_id = call.params.get("orderId")
        trades = [
            reports.trade_report(trade)
            for trade in self._engine.trades.get((call.account, symbol), [])
            if order_id in (None, trade.order.order_id)
        ]
        return page(trades, call.params, from_id="fromId", key="id", time="time")

    def prevented_matches(self, call: Call) -> list[Result]:
        """Tell the trades with itself that an account did not make."""
        symbol = call.params["symbol"]
        params = call.params
        self._engine.pit(symbol, call.now_ms)
        match_id, order_id = params.get("preventedMatchId"), params.get("orderId")
        matches = [
            reports.prevented_report(match)
            for match in self._engine.prevented.get((call.account, symbol), [])
            if match_id in (None, match.match_id)
            and order_id in (None, match.taker.order_id, match.maker.order_id)
        ]
        return page(matches, params, from_id="fromPreventedMatchId", key="preventedMatchId")

    def allocations(self, call: Call) -> list[Result]:
        """Tell what smart order routing allocated: nothing ever, for every order goes to its own book."""
        self._engine.pit(call.params["symbol"], call.now_ms)
        return []

    def filters(self, call: Call) -> Result:
        """Tell the filters of a symbol that an account's orders meet."""
        return {
            "exchangeFilters": [],
            "symbolFilters": self._engine.pit(call.params["symbol"], call.now_ms).rules.listed(),
            "assetFilters": [],
        }


def _rates(rate: int) -> Result:
    return {"maker": spell(rate), "taker": spell(rate), "buyer": spell(0), "seller": spell(0)}
