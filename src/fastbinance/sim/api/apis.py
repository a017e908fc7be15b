"""The WS APIs of a simulator: one service for each environment, their accounts and their faults."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment
from fastbinance.sim.api.call import Product
from fastbinance.sim.api.connection import ApiConnection
from fastbinance.sim.api.faulty import AnswerFaults
from fastbinance.sim.api.futures_data import FuturesData
from fastbinance.sim.api.general import General
from fastbinance.sim.api.limits import ApiLimits, Budgets, make_budgets
from fastbinance.sim.api.market_data import MarketData
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.api.target import parse_api_target
from fastbinance.sim.api.tickers import Tickers
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.hosts import Host, Refusal
from fastbinance.sim.stats import Stats
from fastbinance.sim.trading import Account, ExchangeMarkets, SimAccount, Trading

__all__ = ["Apis"]


class Apis:
    """Services of both environments, which share nothing but the names of their accounts.

    Parameters
    ----------
    accounts
        Accounts beside the one that is always there.
    limits
        Figures in place of Binance's.
    seed
        Decides faults, and what listen keys look like.
    clock_ms
        The server's clock.
    stats
        Counters to keep.

    Raises
    ------
    ConfigurationError
        An account or a limit that cannot be.
    """

    def __init__(
        self,
        accounts: Sequence[SimAccount],
        limits: ApiLimits,
        *,
        seed: int,
        clock_ms: Callable[[], int],
        stats: Stats,
    ) -> None:
        # What is wrong with them is told before anything starts.
        make_budgets(limits)
        for account in accounts:
            Account(account, uid=0)
        self.faults = AnswerFaults(seed)
        self._accounts = list(accounts)
        self._limits = limits
        self._seed = seed
        self._clock_ms = clock_ms
        self._stats = stats
        self._tradings: dict[Environment, Trading] = {}
        self._services: dict[Environment, ApiService] = {}
        self._due_ms: int | None = None

    def open(self, exchanges: Mapping[Environment, Exchange]) -> None:
        """Begin anew on the markets of these exchanges.

        Raises
        ------
        ConfigurationError
            An account that cannot be.
        """
        self._due_ms = None
        for environment, exchange in exchanges.items():
            budgets = make_budgets(self._limits)
            markets = ExchangeMarkets(exchange)
            trading = Trading(
                environment,
                markets,
                accounts=self._accounts,
                order_counts=partial(_order_counts, budgets),
            )
            self._tradings[environment] = trading
            self._services[environment] = ApiService(
                environment,
                clock_ms=self._clock_ms,
                trading=trading,
                general={
                    **General(markets, budgets).handlers(),
                    **MarketData(markets).handlers(),
                    **Tickers(markets).handlers(),
                    **FuturesData(markets).handlers(),
                },
                budgets=budgets,
                seed=self._seed,
            )

    def due_ms(self, now_ms: int) -> int | None:
        """When `step` next has something to do: some time after it had, however often one asks."""
        if self._due_ms is None:
            dues = (trading.due_ms(now_ms) for trading in self._tradings.values())
            self._due_ms = min((due for due in dues if due is not None), default=None)
        return self._due_ms

    def step(self, now_ms: int) -> None:
        """Let open orders meet their markets."""
        self._due_ms = None
        for trading in self._tradings.values():
            trading.step(now_ms)

    def accept(
        self,
        host: Host,
        path: str,
        *,
        manners: Manners,
        on_change: Callable[[Connection], None],
        hangs_up: bool,
    ) -> ApiConnection | Refusal:
        """Make the connection that a URL asks for."""
        target = parse_api_target(host, path)
        if isinstance(target, Refusal):
            return target
        return ApiConnection(
            host,
            target,
            manners=manners,
            service=self._services[host.environment],
            faults=self.faults,
            stats=self._stats,
            clock_ms=self._clock_ms,
            on_change=on_change,
            hangs_up=hangs_up,
        )

    def add_account(self, wanted: SimAccount) -> None:
        """Have one more account, in both environments, now or from the start on."""
        Account(wanted, uid=0)
        for trading in self._tradings.values():
            trading.add_account(wanted)
        self._accounts.append(wanted)

    def revoke(self, api_key: str) -> int:
        """Let a key in no more; gives the number of sessions that were logged on with it.

        Raises
        ------
        ConfigurationError
            There is no such key.
        """
        for service in self._services.values():
            _known(service, api_key)
        return sum(service.revoke(api_key) for service in self._services.values())

    def listen_token(self, api_key: str, environment: Environment) -> str:
        """Make a listen token of an account.

        Raises
        ------
        ConfigurationError
            There is no such key or environment.
        """
        service = self._services.get(environment)
        if service is None:
            raise ConfigurationError(f"no environment {environment!r} is running here")
        return service.user_data.make_token(_known(service, api_key), self._clock_ms())


def _known(service: ApiService, api_key: str) -> Account:
    account = service.keys.find(api_key)
    if account is None:
        raise ConfigurationError("there is no account of this api_key")
    return account


def _order_counts(
    budgets: Mapping[Product, Budgets], account: Account, product: Product, now_ms: int
) -> list[dict[str, Any]]:
    return budgets[product].order_counts(account.api_key, now_ms)
