"""The account methods of USD-M and COIN-M: balances, positions, margins."""

from typing import Any, Final, NamedTuple

from fastbinance.sim.api.call import Call, Handler
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import spell
from fastbinance.sim.trading.contracts import LEVERAGE
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_events import alias_of
from fastbinance.sim.trading.futures_order import FuturesOrder
from fastbinance.sim.trading.positions import Margin, Position

__all__ = ["CoinmAccounts", "UsdmAccounts"]

Result = dict[str, Any]

# No position of an account is bounded by more than this; a figure to tell, since nothing is liquidated.
_MOST_NOTIONAL: Final = "100000000"
_NONE: Final = spell(0)


class _View(NamedTuple):
    """A position with what is told of it."""

    position: Position
    mark: int
    profit: int
    notional: int
    initial: int
    order_initial: int
    maintenance: int
    bid_notional: int
    ask_notional: int

    @property
    def amount(self) -> str:
        return spell(self.position.amount, self.position.contract.instrument.qty_decimals)

    @property
    def entry_price(self) -> str:
        # A mean of several prices lies between two ticks.
        return spell(self.position.entry_price)


class _Accounts:
    """What the account methods of both products share.

    Parameters
    ----------
    engine
        What knows.
    """

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine

    def _views(self, call: Call, *, every: bool = False) -> list[_View]:
        """Look at the positions that are held or ordered, or at those of every symbol."""
        engine, account = self._engine, call.account
        engine.meet_open(account, call.now_ms)
        portfolio = engine.portfolio(account)
        orders = engine.orders.open_of(account)
        symbols = engine.markets.symbols(engine.product) if every else []
        for symbol in symbols:
            for side in portfolio.sides:
                portfolio.position(engine.contract(symbol, call.now_ms), side)
        marks = engine.marks(call.now_ms)
        views = [self._view(position, orders, marks(position.symbol)) for position in portfolio.positions()]
        return [view for view in views if every or view.position.amount or view.order_initial]

    def _view(self, position: Position, orders: list[FuturesOrder], mark: int) -> _View:
        contract = position.contract
        held = abs(position.amount)
        exposure = position.exposure(orders)
        notional = contract.value(mark, held)
        initial = contract.initial_margin(mark, held)
        open_value = {True: 0, False: 0}
        for order in orders:
            if (order.symbol, order.position_side) == (position.symbol, position.side):
                open_value[order.is_buy] += contract.value(order.price or mark, order.remaining)
        return _View(
            position,
            mark,
            position.profit_at(mark) if held else 0,
            -notional if position.amount < 0 else notional,
            initial,
            contract.initial_margin(mark, exposure) - initial,
            contract.maintenance_margin(mark, held),
            open_value[True],
            open_value[False],
        )

    def _assets(self, call: Call) -> list[tuple[str, Margin]]:
        account: Account = call.account
        product = self._engine.product
        return [
            (asset, self._engine.margin(account, asset, call.now_ms))
            for asset in sorted(account.balances[product])
        ]

    def _asset(self, asset: str, margin: Margin) -> Result:
        return {
            "asset": asset,
            "walletBalance": spell(margin.wallet),
            "unrealizedProfit": spell(margin.unrealised),
            "marginBalance": spell(margin.balance),
            "maintMargin": spell(margin.maintenance),
            "initialMargin": spell(margin.initial),
            "positionInitialMargin": spell(margin.position_initial),
            "openOrderInitialMargin": spell(margin.order_initial),
            "crossWalletBalance": spell(margin.wallet),
            "crossUnPnl": spell(margin.unrealised),
            "availableBalance": spell(margin.available),
            "maxWithdrawAmount": spell(min(margin.available, margin.wallet)),
        }


class UsdmAccounts(_Accounts):
    """Handlers of ``account.*`` and ``v2/account.*`` of USD-M."""

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "account.balance": self.balance,
            "v2/account.balance": self.balance,
            "account.position": self.positions,
            "v2/account.position": self.positions_v2,
            "account.status": self.status,
            "v2/account.status": self.status_v2,
        }

    def balance(self, call: Call) -> list[Result]:
        """Tell the wallets."""
        self._engine.meet_open(call.account, call.now_ms)
        return [
            {
                "accountAlias": alias_of(call.account.uid),
                "asset": asset,
                "balance": spell(margin.wallet),
                "crossWalletBalance": spell(margin.wallet),
                "crossUnPnl": spell(margin.unrealised),
                "availableBalance": spell(margin.available),
                "maxWithdrawAmount": spell(min(margin.available, margin.wallet)),
                "marginAvailable": True,
                "updateTime": call.now_ms,
            }
            for asset, margin in self._assets(call)
        ]

    def positions(self, call: Call) -> list[Result]:
        """Tell the positions of one symbol, or of every symbol."""
        return [
            {
                "entryPrice": view.entry_price,
                "breakEvenPrice": view.entry_price,
                "marginType": "cross",
                "isAutoAddMargin": "false",
                "isolatedMargin": _NONE,
                "leverage": str(LEVERAGE),
                "liquidationPrice": "0",
                "markPrice": spell(view.mark),
                "maxNotionalValue": _MOST_NOTIONAL,
                "positionAmt": view.amount,
                "notional": spell(view.notional),
                "isolatedWallet": _NONE,
                "symbol": view.position.symbol,
                "unRealizedProfit": spell(view.profit),
                "positionSide": view.position.side,
                "updateTime": view.position.updated_ms,
            }
            for view in self._of_symbol(call, self._views(call, every=True))
        ]

    def positions_v2(self, call: Call) -> list[Result]:
        """Tell the positions that are held or ordered."""
        return [
            {
                "symbol": view.position.symbol,
                "positionSide": view.position.side,
                "positionAmt": view.amount,
                "entryPrice": view.entry_price,
                "breakEvenPrice": view.entry_price,
                "markPrice": spell(view.mark),
                "unRealizedProfit": spell(view.profit),
                "liquidationPrice": "0",
                "isolatedMargin": "0",
                "notional": spell(view.notional),
                "marginAsset": view.position.contract.margin_asset,
                "isolatedWallet": "0",
                "initialMargin": spell(view.initial + view.order_initial),
                "maintMargin": spell(view.maintenance),
                "positionInitialMargin": spell(view.initial),
                "openOrderInitialMargin": spell(view.order_initial),
                "adl": 0,
                "bidNotional": spell(view.bid_notional),
                "askNotional": spell(view.ask_notional),
                "updateTime": view.position.updated_ms,
            }
            for view in self._of_symbol(call, self._views(call))
        ]

    def status(self, call: Call) -> Result:
        """Tell everything about an account, of every symbol."""
        views = self._views(call, every=True)
        account: Account = call.account
        result: Result = {
            "feeTier": 0,
            "canTrade": "TRADE" in account.permissions,
            "canDeposit": False,
            "canWithdraw": False,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }
        result |= self._totals(call)
        result["positions"] = [
            {
                "symbol": view.position.symbol,
                "initialMargin": spell(view.initial + view.order_initial),
                "maintMargin": spell(view.maintenance),
                "unrealizedProfit": spell(view.profit),
                "positionInitialMargin": spell(view.initial),
                "openOrderInitialMargin": spell(view.order_initial),
                "leverage": str(LEVERAGE),
                "isolated": False,
                "entryPrice": view.entry_price,
                "maxNotional": _MOST_NOTIONAL,
                "bidNotional": spell(view.bid_notional),
                "askNotional": spell(view.ask_notional),
                "positionSide": view.position.side,
                "positionAmt": view.amount,
                "updateTime": view.position.updated_ms,
            }
            for view in views
        ]
        return result

    def status_v2(self, call: Call) -> Result:
        """Tell everything about an account, of the symbols that it holds or orders."""
        views = self._views(call)
        result = self._totals(call)
        result["positions"] = [
            {
                "symbol": view.position.symbol,
                "positionSide": view.position.side,
                "positionAmt": view.amount,
                "unrealizedProfit": spell(view.profit),
                "isolatedMargin": _NONE,
                "notional": spell(view.notional),
                "isolatedWallet": _NONE,
                "initialMargin": spell(view.initial + view.order_initial),
                "maintMargin": spell(view.maintenance),
                "updateTime": view.position.updated_ms,
            }
            for view in views
        ]
        return result

    def _totals(self, call: Call) -> Result:
        # As Binance does without multi-assets margin: the totals are those of USDT.
        assets = self._assets(call)
        total = dict(assets).get("USDT", Margin(0, 0, 0, 0, 0))
        return {
            "totalInitialMargin": spell(total.initial),
            "totalMaintMargin": spell(total.maintenance),
            "totalWalletBalance": spell(total.wallet),
            "totalUnrealizedProfit": spell(total.unrealised),
            "totalMarginBalance": spell(total.balance),
            "totalPositionInitialMargin": spell(total.position_initial),
            "totalOpenOrderInitialMargin": spell(total.order_initial),
            "totalCrossWalletBalance": spell(total.wallet),
            "totalCrossUnPnl": spell(total.unrealised),
            "availableBalance": spell(total.available),
            "maxWithdrawAmount": spell(min(total.available, total.wallet)),
            "assets": [
                self._asset(asset, margin) | {"marginAvailable": True, "updateTime": call.now_ms}
                for asset, margin in assets
            ],
        }

    def _of_symbol(self, call: Call, views: list[_View]) -> list[_View]:
        symbol = call.params.get("symbol")
        if symbol is None:
            return views
        self._engine.pit(symbol, call.now_ms)  # raises for one that is not there
        return [view for view in views if view.position.symbol == symbol]


class CoinmAccounts(_Accounts):
    """Handlers of ``account.*`` of COIN-M."""

    def handlers(self) -> dict[str, Handler]:
        """Give the handlers by method."""
        return {
            "account.balance": self.balance,
            "account.position": self.positions,
            "account.status": self.status,
        }

    def balance(self, call: Call) -> list[Result]:
        """Tell the wallets."""
        self._engine.meet_open(call.account, call.now_ms)
        return [
            {
                "accountAlias": alias_of(call.account.uid),
                "asset": asset,
                "balance": spell(margin.wallet),
                "withdrawAvailable": spell(min(margin.available, margin.wallet)),
                "crossWalletBalance": spell(margin.wallet),
                "crossUnPnl": spell(margin.unrealised),
                "availableBalance": spell(margin.available),
                "updateTime": call.now_ms,
            }
            for asset, margin in self._assets(call)
        ]

    def positions(self, call: Call) -> list[Result]:
        """Tell the positions of every symbol, of a pair, or of a margin asset."""
        asset, pair = call.params.get("marginAsset"), call.params.get("pair")
        return [
            {
                "symbol": view.position.symbol,
                "positionAmt": view.amount,
                "entryPrice": view.entry_price,
                "breakEvenPrice": view.entry_price,
                "markPrice": spell(view.mark),
                "unRealizedProfit": spell(view.profit),
                "liquidationPrice": "0",
                "leverage": str(LEVERAGE),
                "maxQty": _MOST_NOTIONAL,
                "marginType": "cross",
                "isolatedMargin": _NONE,
                "isAutoAddMargin": "false",
                "positionSide": view.position.side,
                "notionalValue": spell(view.notional),
                "isolatedWallet": "0",
                "updateTime": view.position.updated_ms,
            }
            for view in self._views(call, every=True)
            if asset in (None, view.position.contract.margin_asset)
            and pair in (None, view.position.contract.instrument.pair)
        ]

    def status(self, call: Call) -> Result:
        """Tell everything about an account."""
        views = self._views(call, every=True)
        account: Account = call.account
        return {
            "feeTier": 0,
            "canTrade": "TRADE" in account.permissions,
            "canDeposit": False,
            "canWithdraw": False,
            "updateTime": 0,
            "assets": [self._asset(asset, margin) for asset, margin in self._assets(call)],
            "positions": [
                {
                    "symbol": view.position.symbol,
                    "initialMargin": spell(view.initial + view.order_initial),
                    "maintMargin": spell(view.maintenance),
                    "unrealizedProfit": spell(view.profit),
                    "positionInitialMargin": spell(view.initial),
                    "openOrderInitialMargin": spell(view.order_initial),
                    "leverage": str(LEVERAGE),
                    "isolated": False,
                    "positionSide": view.position.side,
                    "entryPrice": view.entry_price,
                    "breakEvenPrice": view.entry_price,
                    "maxQty": _MOST_NOTIONAL,
                    "positionAmt": view.amount,
                    "notionalValue": spell(view.notional),
                    "updateTime": view.position.updated_ms,
                }
                for view in views
            ],
        }
