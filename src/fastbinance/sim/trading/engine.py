"""The trading side of one environment: its engines, and the handlers of every method."""

from collections.abc import Callable
from typing import Any, Final

from fastbinance.keys import Environment
from fastbinance.sim.api.call import Handler, Handlers, Product
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.algo import AlgoDesk
from fastbinance.sim.trading.futures import FuturesEngine
from fastbinance.sim.trading.futures_account import CoinmAccounts, UsdmAccounts
from fastbinance.sim.trading.futures_methods import AlgoMethods, FuturesOrders
from fastbinance.sim.trading.matching import MarketsView
from fastbinance.sim.trading.spot import SpotEngine
from fastbinance.sim.trading.spot_account import OrderCounts, SpotAccounts
from fastbinance.sim.trading.spot_lists import SpotLists
from fastbinance.sim.trading.spot_orders import SpotOrders

__all__ = ["Trading"]

_STEP_MS: Final = 50


class Trading:
    """Everything that accounts do in one environment.

    Parameters
    ----------
    environment
        ``prod`` or ``testnet``.
    markets
        Where the crowd trades.
    order_counts
        Gives the order limits of an account and what is used of them; without it there are none to tell.

    Attributes
    ----------
    handlers
        A handler of each method about trading and accounts.
    on_event
        Called with every user data event, as Binance spells it, at once and in order.
    """

    def __init__(
        self,
        environment: Environment,
        markets: MarketsView,
        *,
        order_counts: OrderCounts | None = None,
    ) -> None:
        self.environment = environment
        self.on_event: list[Callable[[Account, Product, dict[str, Any]], None]] = []
        self.spot = SpotEngine(markets, seed=environment, tell=self._tell)
        self.usdm = FuturesEngine("usdm", markets, seed=environment, tell=self._tell)
        self.coinm = FuturesEngine("coinm", markets, seed=environment, tell=self._tell)
        self._algos = AlgoDesk(self.usdm)
        parts: dict[Product, list[dict[str, Handler]]] = {
            "spot": [
                SpotOrders(self.spot).handlers(),
                SpotLists(self.spot).handlers(),
                SpotAccounts(self.spot, order_counts or _no_counts).handlers(),
            ],
            "usdm": [
                FuturesOrders(self.usdm).handlers(),
                AlgoMethods(self.usdm, self._algos).handlers(),
                UsdmAccounts(self.usdm).handlers(),
            ],
            "coinm": [FuturesOrders(self.coinm).handlers(), CoinmAccounts(self.coinm).handlers()],
        }
        self.handlers: Handlers = {
            (product, method): handler
            for product, handlers in parts.items()
            for part in handlers
            for method, handler in part.items()
        }

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
