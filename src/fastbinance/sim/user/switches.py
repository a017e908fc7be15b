"""What a simulator can be asked to do to user data: rare events, events of one's own, and faults."""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from fastbinance.keys import Environment
from fastbinance.sim.api.apis import Apis
from fastbinance.sim.api.call import Product
from fastbinance.sim.trading import API_KEY
from fastbinance.sim.trading.accounts import Wallet
from fastbinance.sim.trading.futures_floor import FuturesFloor
from fastbinance.sim.trading.mishaps import call_margin, liquidate, pay_funding
from fastbinance.sim.user.events import Event
from fastbinance.sim.user.keys import KeyProduct
from fastbinance.sim.user.kinds import AccountKind

__all__ = ["FuturesMarket", "UserSwitches"]

FuturesMarket = Literal["usdm", "coinm"]


class UserSwitches:
    """User data of a simulator, as `Simulator.user`.

    ``api_key`` is that of the account which is meant. An account, symbol or environment that is not there
    raises `ConfigurationError`.

    Parameters
    ----------
    apis
        Accounts and what they have.
    clock_ms
        The server's clock.
    on_change
        Called when something may have become due.
    """

    def __init__(self, apis: Apis, clock_ms: Callable[[], int], on_change: Callable[[], None]) -> None:
        self._apis = apis
        self._clock_ms = clock_ms
        self._on_change = on_change

    def send(
        self,
        event: Event,
        account: AccountKind = "spot",
        api_key: str = API_KEY,
        *,
        symbol: str | None = None,
        environment: Environment = "prod",
    ) -> int:
        """Send an event of your own to whoever listens to an account; gives their number.

        Parameters
        ----------
        event
            As Binance spells it: ``e`` is its name, and what is an isolated account's has no wrapper.
        account
            Which of the accounts of this key.
        symbol
            The isolated margin account that is meant; without it all of them.
        """
        found = self._apis.account(api_key, environment)
        return self._apis.outlet(environment).send(account, found, event, symbol)

    def listen_key(
        self, product: KeyProduct, api_key: str = API_KEY, *, environment: Environment = "prod"
    ) -> str:
        """Give an account's listen key of a product, which is made or prolonged as by POST."""
        account = self._apis.account(api_key, environment)
        key = self._apis.keys(environment).start(product, account, self._clock_ms())
        self._on_change()
        return key.text

    def expire_key(
        self, product: KeyProduct, api_key: str = API_KEY, *, environment: Environment = "prod"
    ) -> bool:
        """Have an account's listen key expire now, which its sockets are told; gives whether it had one."""
        account = self._apis.account(api_key, environment)
        return self._apis.keys(environment).expire(product, account, self._clock_ms())

    def terminate(self, api_key: str = API_KEY, *, environment: Environment = "prod") -> int:
        """End an account's subscriptions to the WS API with ``eventStreamTerminated``; gives their number."""
        account = self._apis.account(api_key, environment)
        return self._apis.outlet(environment).terminate(account, self._clock_ms())

    def deposit(
        self,
        asset: str,
        coins: Decimal | int | str,
        product: Product | Wallet = "spot",
        api_key: str = API_KEY,
        *,
        symbol: str | None = None,
        environment: Environment = "prod",
    ) -> None:
        """Give an account coins, or with a negative number take some.

        Parameters
        ----------
        product
            Where they come to: ``margin`` and ``isolated`` are wallets of margin.
        symbol
            The pair of isolated margin.
        """
        trading, now_ms = self._apis.trading(environment), self._clock_ms()
        wallet = trading.wallet(self._apis.account(api_key, environment), product, symbol, now_ms)
        # A wallet of margin is an account of its own, whose coins trade on spot's markets.
        where: Product = "spot" if product == "margin" or product == "isolated" else product
        trading.deposit(wallet, where, asset, coins, now_ms)
        self._on_change()

    def liquidate(
        self,
        symbol: str,
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Liquidate what an account holds of a symbol."""
        floor = self._floor(market, environment)
        liquidate(floor, self._apis.account(api_key, environment), symbol, self._clock_ms())
        self._on_change()

    def pay_funding(
        self,
        symbol: str,
        rate: Decimal | int | str = "0.0001",
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Have an account pay funding for what it holds of a symbol; with a negative rate, shorts pay."""
        floor = self._floor(market, environment)
        pay_funding(floor, self._apis.account(api_key, environment), symbol, rate, self._clock_ms())
        self._on_change()

    def call_margin(
        self,
        symbol: str,
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Send an account a ``MARGIN_CALL`` for what it holds of a symbol."""
        floor = self._floor(market, environment)
        call_margin(floor, self._apis.account(api_key, environment), symbol, self._clock_ms())
        self._on_change()

    def disturb(
        self, *, drop: float = 0.0, double: float = 0.0, late: float = 0.0, delay: float = 0.0
    ) -> None:
        """Have events of the engines be lost, doubled or late; without arguments none is any more.

        Parameters
        ----------
        drop, double, late
            Share of the events, from 0 to 1. What is late is overtaken by what is not.
        delay
            Seconds by which those are late.
        """
        self._apis.user_faults.set(drop=drop, double=double, late=late, delay=delay)

    def freeze(self) -> None:
        """Let no event out, whatever it is, until `thaw`; what happens meanwhile is never told."""
        self._apis.user_faults.is_frozen = True

    def thaw(self) -> None:
        """End `freeze`."""
        self._apis.user_faults.is_frozen = False

    def _floor(self, market: FuturesMarket, environment: Environment) -> FuturesFloor:
        trading = self._apis.trading(environment)
        return trading.usdm if market == "usdm" else trading.coinm
