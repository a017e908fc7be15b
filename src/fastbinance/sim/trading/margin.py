"""Margin's methods, which are REST's alone: orders of spot's markets from a wallet of their own.

What an answer has is what Binance's page of its path shows. Nothing is borrowed here, so that nothing is owed
and no value in other assets is told.

Source: Margin Trading REST API, "Margin Account New Order", "Margin Account Cancel Order", "Query Margin
Account's Order", "Query Margin Account's Open Orders", "Query Margin Account's Trade List", "Query Cross
Margin Account Details", "Query Isolated Margin Account Info".
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from fastbinance.sim.api.call import Call, Handler
from fastbinance.sim.trading.accounts import Account, Balance
from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_account import SpotAccounts
from fastbinance.sim.trading.spot_orders import SpotOrders
from fastbinance.sim.trading.tickets import not_simulated

__all__ = ["MarginMethods"]

Result = dict[str, Any]

_PLACED: Final = (
    "symbol", "orderId", "clientOrderId", "transactTime", "price", "origQty", "executedQty",
    "cummulativeQuoteQty", "status", "timeInForce", "type", "side", "selfTradePreventionMode", "fills",
)  # fmt: skip
_CANCELLED: Final = (
    "symbol", "orderId", "origClientOrderId", "clientOrderId", "price", "origQty", "executedQty",
    "cummulativeQuoteQty", "status", "timeInForce", "type", "side",
)  # fmt: skip
_ORDER: Final = (
    "clientOrderId", "cummulativeQuoteQty", "executedQty", "icebergQty", "isWorking", "orderId", "origQty",
    "price", "side", "status", "stopPrice", "symbol", "time", "timeInForce", "type",
    "selfTradePreventionMode", "updateTime",
)  # fmt: skip
_TRADE: Final = (
    "commission", "commissionAsset", "id", "isBestMatch", "isBuyer", "isMaker", "orderId", "price", "qty",
    "symbol", "time",
)  # fmt: skip
#: Level of an account that owes nothing.
_SAFE: Final = "999.00000000"


class MarginMethods:
    """Handlers of ``/sapi/v1/margin``, which are those of spot for another wallet.

    Parameters
    ----------
    engine, orders, accounts
        Of spot.
    """

    def __init__(self, engine: SpotEngine, orders: SpotOrders, accounts: SpotAccounts) -> None:
        self._engine = engine
        self._orders = orders
        self._accounts = accounts

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method, under names that the WS API does not have."""
        return {
            "margin.order.place": self.place,
            "margin.order.cancel": self.cancel,
            "margin.order.status": self.status,
            "margin.openOrders.status": self.open_orders,
            "margin.myTrades": self.trades,
            "margin.account.status": self.account,
            "margin.isolated.account.status": self.isolated_accounts,
        }

    def place(self, call: Call) -> Result:
        """Place an order."""
        if call.params.get("sideEffectType", "NO_SIDE_EFFECT") != "NO_SIDE_EFFECT":
            raise not_simulated("orders that borrow or repay")
        return self._of_margin(self._orders.place(self._at_wallet(call)), _PLACED, call)

    def cancel(self, call: Call) -> Result:
        """Cancel an order."""
        told = self._of_margin(self._orders.cancel(self._at_wallet(call)), _CANCELLED, call)
        return told | {"orderId": str(told["orderId"])}  # a text, in this answer only

    def status(self, call: Call) -> Result:
        """Tell what an order is."""
        return self._of_margin(self._orders.status(self._at_wallet(call)), _ORDER, call)

    def open_orders(self, call: Call) -> list[Result]:
        """Tell every open order of a wallet."""
        orders = self._orders.open_orders(self._at_wallet(call))
        return [self._of_margin(order, _ORDER, call) for order in orders]

    def trades(self, call: Call) -> list[Result]:
        """Tell the trades of a wallet on a symbol."""
        trades = self._accounts.trades(self._at_wallet(call))
        return [self._of_margin(trade, _TRADE, call) for trade in trades]

    def account(self, call: Call) -> Result:
        """Tell what the wallet of cross margin has."""
        wallet = call.account.margin()
        self._engine.meet_open(wallet, call.now_ms)
        return {
            "created": True,
            "borrowEnabled": False,
            "marginLevel": _SAFE,
            "collateralMarginLevel": _SAFE,
            "tradeEnabled": True,
            "transferInEnabled": False,
            "transferOutEnabled": False,
            "accountType": "MARGIN_1",
            "userAssets": [
                _held(asset, balance) for asset, balance in sorted(wallet.balances["spot"].items())
            ],
        }

    def isolated_accounts(self, call: Call) -> Result:
        """Tell what the wallets of isolated margin have: those of some pairs, or all there are."""
        named = call.params.get("symbols")
        symbols = named.split(",") if named else call.account.isolated_symbols
        return {"assets": [self._pair(call, symbol) for symbol in symbols]}

    def _pair(self, call: Call, symbol: str) -> Result:
        instrument = self._engine.pit(symbol, call.now_ms).rules.instrument
        wallet = self._isolated(call, symbol)
        self._engine.meet_open(wallet, call.now_ms)
        base, quote = (
            _held(asset, wallet.balance("spot", asset))
            | {"borrowEnabled": False, "repayEnabled": False, "totalAsset": _total(wallet, asset)}
            for asset in (instrument.base_asset, instrument.quote_asset)
        )
        return {
            "baseAsset": base,
            "quoteAsset": quote,
            "symbol": symbol,
            "isolatedCreated": True,
            "enabled": True,
            "marginLevel": _SAFE,
            "marginLevelStatus": "EXCESSIVE",
            "tradeEnabled": True,
        }

    def _at_wallet(self, call: Call) -> Call:
        """Give a call as spot knows it, by the wallet that it is about."""
        params = {
            name: value
            for name, value in call.params.items()
            if name not in ("isIsolated", "sideEffectType", "autoRepayAtCancel")
        }
        if not call.params.get("isIsolated"):
            return replace(call, account=call.account.margin(), params=params)
        return replace(call, account=self._isolated(call, params["symbol"]), params=params)

    def _isolated(self, call: Call, symbol: str) -> Account:
        instrument = self._engine.pit(symbol, call.now_ms).rules.instrument
        account: Account = call.account
        return account.margin(symbol, (instrument.base_asset, instrument.quote_asset))

    def _of_margin(self, told: Mapping[str, Any], names: Iterable[str], call: Call) -> Result:
        found = {name: told[name] for name in names if name in told}
        return found | {"isIsolated": bool(call.params.get("isIsolated"))}


def _held(asset: str, balance: Balance) -> Result:
    return {
        "asset": asset,
        "borrowed": spell(0),
        "free": spell(balance.free),
        "interest": spell(0),
        "locked": spell(balance.locked),
        "netAsset": spell(balance.free + balance.locked),
    }


def _total(wallet: Account, asset: str) -> str:
    balance = wallet.balance("spot", asset)
    return spell(balance.free + balance.locked)
