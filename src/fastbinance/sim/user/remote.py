"""The switches of user data beside synchronous code: `UserSwitches`, from any thread."""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, TypeVar

from fastbinance.keys import Environment
from fastbinance.sim.api.call import Product
from fastbinance.sim.trading import API_KEY
from fastbinance.sim.trading.accounts import Wallet
from fastbinance.sim.user.events import Event
from fastbinance.sim.user.keys import KeyProduct
from fastbinance.sim.user.kinds import AccountKind
from fastbinance.sim.user.switches import FuturesMarket, UserSwitches

__all__ = ["RemoteUser", "RunInThread"]

T = TypeVar("T")


class RunInThread(Protocol):
    """Runs a function on the switches in the simulator's thread and gives its result."""

    def __call__(self, function: Callable[[UserSwitches], T]) -> T:
        """Run it there."""


class RemoteUser:
    """User data of a simulator in another thread; what each does is told at `UserSwitches`.

    Parameters
    ----------
    call
        Runs a function there.
    """

    def __init__(self, call: RunInThread) -> None:
        self._call = call

    def send(
        self,
        event: Event,
        account: AccountKind = "spot",
        api_key: str = API_KEY,
        *,
        symbol: str | None = None,
        environment: Environment = "prod",
    ) -> int:
        """Send an event of your own to whoever listens to an account."""
        return self._call(
            lambda user: user.send(event, account, api_key, symbol=symbol, environment=environment)
        )

    def listen_key(
        self, product: KeyProduct, api_key: str = API_KEY, *, environment: Environment = "prod"
    ) -> str:
        """Give an account's listen key of a product."""
        return self._call(lambda user: user.listen_key(product, api_key, environment=environment))

    def expire_key(
        self, product: KeyProduct, api_key: str = API_KEY, *, environment: Environment = "prod"
    ) -> bool:
        """Have an account's listen key expire now."""
        return self._call(lambda user: user.expire_key(product, api_key, environment=environment))

    def terminate(self, api_key: str = API_KEY, *, environment: Environment = "prod") -> int:
        """End an account's subscriptions to the WS API."""
        return self._call(lambda user: user.terminate(api_key, environment=environment))

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
        """Give an account coins, or with a negative number take some."""
        self._call(
            lambda user: user.deposit(asset, coins, product, api_key, symbol=symbol, environment=environment)
        )

    def liquidate(
        self,
        symbol: str,
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Liquidate what an account holds of a symbol."""
        self._call(lambda user: user.liquidate(symbol, market, api_key, environment=environment))

    def pay_funding(
        self,
        symbol: str,
        rate: Decimal | int | str = "0.0001",
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Have an account pay funding for what it holds of a symbol."""
        self._call(lambda user: user.pay_funding(symbol, rate, market, api_key, environment=environment))

    def call_margin(
        self,
        symbol: str,
        market: FuturesMarket = "usdm",
        api_key: str = API_KEY,
        *,
        environment: Environment = "prod",
    ) -> None:
        """Send an account a margin call."""
        self._call(lambda user: user.call_margin(symbol, market, api_key, environment=environment))

    def disturb(
        self, *, drop: float = 0.0, double: float = 0.0, late: float = 0.0, delay: float = 0.0
    ) -> None:
        """Have events of the engines be lost, doubled or late; without arguments none is any more."""
        self._call(lambda user: user.disturb(drop=drop, double=double, late=late, delay=delay))

    def freeze(self) -> None:
        """Let no event out until `thaw`."""
        self._call(lambda user: user.freeze())

    def thaw(self) -> None:
        """End `freeze`."""
        self._call(lambda user: user.thaw())
