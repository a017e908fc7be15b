"""The trading side of one environment: its accounts, its engines, and the handlers of every method."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment
from fastbinance.sim.api.call import ApiError, Handler, Handlers, Product
from fastbinance.sim.trading.accounts import API_KEY, API_SECRET, Account, SimAccount, Wallet
from fastbinance.sim.trading.algo import AlgoDesk
from fastbinance.sim.trading.amounts import from_decimal
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_account import CoinmAccounts, UsdmAccounts
from fastbinance.sim.trading.futures_events import account_update
from fastbinance.sim.trading.futures_lists import FuturesLists
from fastbinance.sim.trading.futures_methods import AlgoMethods, FuturesOrders
from fastbinance.sim.trading.margin import MarginMethods
from fastbinance.sim.trading.matching import MarketsView
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_account import OrderCounts, SpotAccounts
from fastbinance.sim.trading.spot_events import account_position, balance_update
from fastbinance.sim.trading.spot_lists import SpotLists
from fastbinance.sim.trading.spot_orders import SpotOrders

__all__ = ["Trading"]

_FIRST_UID: Final = 354_937_868
_STEP_MS: Final = 50


class Trading:
    """Everything that accounts do in one environment.

    Parameters
    ----------
    environment
        ``prod`` or ``testnet``.
    markets
        Where the crowd trades.
    accounts
        Besides the default one, which is always there.
    order_counts
        Gives the order limits of an account and what is used of them; without it there are none to tell.

    Attributes
    ----------
    handlers
        A handler of each method about trading and accounts.
    on_event
        Called with every user data event, as Binance spells it, at once and in order. The account of
        margin's is its wallet.
    """

    def __init__(
        self,
        environment: Environment,
        markets: MarketsView,
        *,
        accounts: Iterable[SimAccount] = (),
        order_counts: OrderCounts | None = None,
    ) -> None:
        self.environment = environment
        self.on_event: list[Callable[[Account, Product, dict[str, Any]], None]] = []
        self.spot = SpotEngine(markets, seed=environment, tell=self._tell)
        self.usdm = FuturesEngine("usdm", markets, seed=environment, tell=self._tell)
        self.coinm = FuturesEngine("coinm", markets, seed=environment, tell=self._tell)
        self._algos = AlgoDesk(self.usdm)
        spot_orders = SpotOrders(self.spot)
        spot_accounts = SpotAccounts(self.spot, order_counts or _no_counts)
        parts: dict[Product, list[dict[str, Handler]]] = {
            "spot": [
                spot_orders.handlers(),
                SpotLists(self.spot).handlers(),
                spot_accounts.handlers(),
                MarginMethods(self.spot, spot_orders, spot_accounts).handlers(),
            ],
            "usdm": [
                FuturesOrders(self.usdm).handlers(),
                AlgoMethods(self.usdm, self._algos).handlers(),
                FuturesLists(self.usdm).handlers(),
                UsdmAccounts(self.usdm).handlers(),
            ],
            "coinm": [
                FuturesOrders(self.coinm).handlers(),
                FuturesLists(self.coinm).handlers(),
                CoinmAccounts(self.coinm).handlers(),
            ],
        }
        self.handlers: Handlers = {
            (product, method): handler
            for product, handlers in parts.items()
            for part in handlers
            for method, handler in part.items()
        }
        self._accounts: dict[str, Account] = {}
        for wanted in (SimAccount(API_KEY, secret=API_SECRET), *accounts):
            self.add_account(wanted)

    @property
    def accounts(self) -> Iterable[Account]:
        """Every account; the default one first."""
        return self._accounts.values()

    def account(self, api_key: str) -> Account | None:
        """Give the account of a key; None where there is none."""
        return self._accounts.get(api_key)

    def add_account(self, wanted: SimAccount) -> Account:
        """Add an account.

        Raises
        ------
        ConfigurationError
            Its key is taken, or it has no usable secret or public key.
        """
        if wanted.api_key in self._accounts:
            raise ConfigurationError("there is an account of this api_key already")
        account = Account(wanted, _FIRST_UID + len(self._accounts))
        self._accounts[account.api_key] = account
        return account

    def wallet(self, account: Account, kind: Product | Wallet, symbol: str | None, now_ms: int) -> Account:
        """Give where an account has its coins of a kind: itself, or a wallet of margin.

        Raises
        ------
        ConfigurationError
            It is isolated margin, and no pair of it is named, or none that there is.
        """
        if kind == "margin":
            return account.margin()
        if kind != "isolated":
            return account
        try:
            instrument = self.spot.pit(symbol or "", now_ms).rules.instrument
        except ApiError:
            raise ConfigurationError(f"isolated margin is of a pair, and {symbol!r} is none") from None
        return account.margin(symbol, (instrument.base_asset, instrument.quote_asset))

    def deposit(
        self, account: Account, product: Product, asset: str, coins: Decimal | int | str, now_ms: int
    ) -> None:
        """Give an account coins, or with a negative number take some; it is told so.

        Raises
        ------
        ConfigurationError
            It is no amount, or more than what is free.
        """
        try:
            amount = from_decimal(coins)
        except ValueError as error:
            raise ConfigurationError(f"deposit of {asset}: {error}") from None
        balance = account.balance(product, asset)
        if balance.free + amount < 0:
            raise ConfigurationError(f"{coins} of {asset} is more than what is free")
        balance.free += amount
        if product == "spot":
            account.updated_ms = now_ms
            self._tell(account, product, balance_update(asset, amount, now_ms))
            self._tell(account, product, account_position(account, [asset], now_ms))
            return
        event = account_update(
            product,
            account.uid,
            "DEPOSIT" if amount >= 0 else "WITHDRAW",
            now_ms,
            asset=asset,
            wallet=balance.free,
            change=amount,
            positions=[],
        )
        self._tell(account, product, event)

    def due_ms(self, now_ms: int) -> int | None:
        """When `step` is next worth calling; None while no order is open."""
        waits = (
            self.spot.has_open_orders
            or self.usdm.has_open_orders
            or self.coinm.has_open_orders
            or self._algos.has_waiting
        )
        return now_ms + _STEP_MS if waits else None

    def step(self, now_ms: int) -> None:
        """Let resting orders and stops meet the markets as they are now."""
        self.spot.step(now_ms)
        self._algos.step(now_ms)
        self.usdm.step(now_ms)
        self.coinm.step(now_ms)

    def _tell(self, account: Account, product: Product, event: dict[str, Any]) -> None:
        for hear in self.on_event:
            hear(account, product, event)


def _no_counts(account: Account, product: Product, now_ms: int) -> list[dict[str, Any]]:
    return []
