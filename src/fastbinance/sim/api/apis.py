"""The WS APIs of a simulator: one service for each environment, their accounts and their faults."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment
from fastbinance.sim.api.call import Product
from fastbinance.sim.api.connection import ApiConnection
from fastbinance.sim.api.depths import Depths
from fastbinance.sim.api.faulty import AnswerFaults
from fastbinance.sim.api.futures_data import FuturesData
from fastbinance.sim.api.futures_info import FuturesInfo
from fastbinance.sim.api.general import General
from fastbinance.sim.api.limits import ApiLimits, Budgets, make_budgets
from fastbinance.sim.api.market_data import MarketData
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.api.target import parse_api_target
from fastbinance.sim.api.tickers import Tickers
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.hosts import Host, Refusal
from fastbinance.sim.rest.service import RestService
from fastbinance.sim.snapshots import SnapshotFaults
from fastbinance.sim.stats import Stats
from fastbinance.sim.trading import Account, ExchangeMarkets, SimAccount, Trading
from fastbinance.sim.user.faults import UserFaults
from fastbinance.sim.user.keys import LISTEN_KEY_SECONDS, LISTEN_TOKEN_SECONDS, UserDataKeys
from fastbinance.sim.user.outlet import Outlet

__all__ = ["Apis"]

T = TypeVar("T")


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
    key_seconds, token_seconds
        How long listen keys and tokens are good for.

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
        key_seconds: float = LISTEN_KEY_SECONDS,
        token_seconds: float = LISTEN_TOKEN_SECONDS,
    ) -> None:
        # What is wrong with them is told before anything starts.
        make_budgets(limits)
        for account in accounts:
            Account(account, uid=0)
        self.faults = AnswerFaults(seed)
        self.user_faults = UserFaults(seed)
        self.snapshot_faults = SnapshotFaults(seed)
        self._accounts = list(accounts)
        self._limits = limits
        self._seed = seed
        self._clock_ms = clock_ms
        self._stats = stats
        self._key_seconds = key_seconds
        self._token_seconds = token_seconds
        self._tradings: dict[Environment, Trading] = {}
        self._services: dict[Environment, ApiService] = {}
        self._rest_services: dict[Environment, RestService] = {}
        self._outlets: dict[Environment, Outlet] = {}
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
            depths = Depths(markets, self.snapshot_faults, self._stats)
            trading = Trading(
                environment,
                markets,
                accounts=self._accounts,
                order_counts=partial(_order_counts, budgets),
            )
            self._tradings[environment] = trading
            keys = UserDataKeys(
                f"{self._seed}/{environment}",
                key_seconds=self._key_seconds,
                token_seconds=self._token_seconds,
            )
            outlet = Outlet(keys, self.user_faults, self._clock_ms)
            trading.on_event.append(outlet.hear)
            self._outlets[environment] = outlet
            self._services[environment] = ApiService(
                environment,
                clock_ms=self._clock_ms,
                trading=trading,
                general={
                    **General(markets, budgets).handlers(),
                    **depths.handlers(),
                    **MarketData(markets).handlers(),
                    **Tickers(markets).handlers(),
                    **FuturesData(markets).handlers(),
                    **FuturesInfo(markets, budgets).handlers(),
                },
                budgets=budgets,
                user_data=keys,
                outlet=outlet,
            )
            self._rest_services[environment] = RestService(
                self._services[environment],
                environment,
                clock_ms=self._clock_ms,
                budgets={"spot": budgets["spot"], "usdm": budgets["usdm"], "coinm": budgets["coinm"]},
                limits=self._limits,
                option_book=depths.options,
            )

    def rest(self, environment: Environment) -> RestService:
        """Give what answers an environment's requests over HTTP."""
        return self._rest_services[environment]

    def due_ms(self, now_ms: int) -> int | None:
        """When `step` next has something to do: some time after it had, however often one asks."""
        if self._due_ms is None:
            dues = (trading.due_ms(now_ms) for trading in self._tradings.values())
            self._due_ms = min((due for due in dues if due is not None), default=None)
        # Keys come and expire in between, so theirs are not remembered.
        expiries = (outlet.due_ms for outlet in self._outlets.values())
        return min((due for due in (self._due_ms, *expiries) if due is not None), default=None)

    def step(self, now_ms: int) -> None:
        """Let open orders meet their markets, and listen keys expire."""
        self._due_ms = None
        for trading in self._tradings.values():
            trading.step(now_ms)
        for outlet in self._outlets.values():
            outlet.step(now_ms)

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

    def outlet(self, environment: Environment) -> Outlet:
        """Give where the user data of an environment leaves; not there, it is a `ConfigurationError`."""
        return _running(self._outlets, environment)

    def trading(self, environment: Environment) -> Trading:
        """Give what trades in an environment; not there, it is a `ConfigurationError`."""
        return _running(self._tradings, environment)

    def keys(self, environment: Environment) -> UserDataKeys:
        """Give the listen keys of an environment; not there, it is a `ConfigurationError`."""
        return _running(self._services, environment).user_data

    def account(self, api_key: str, environment: Environment) -> Account:
        """Give the account of a key; not there, it is a `ConfigurationError`."""
        return _known(_running(self._services, environment), api_key)

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

    def listen_token(self, api_key: str, environment: Environment, symbol: str | None = None) -> str:
        """Make a listen token of an account, of its isolated one of a symbol if there is one.

        Raises
        ------
        ConfigurationError
            There is no such key or environment.
        """
        account = self.account(api_key, environment)
        return self.keys(environment).make_token(account, self._clock_ms(), symbol=symbol).text


def _running(parts: Mapping[Environment, T], environment: Environment) -> T:
    found = parts.get(environment)
    if found is None:
        raise ConfigurationError(f"no environment {environment!r} is running here")
    return found


def _known(service: ApiService, api_key: str) -> Account:
    account = service.keys.find(api_key)
    if account is None:
        raise ConfigurationError("there is no account of this api_key")
    return account


def _order_counts(
    budgets: Mapping[Product, Budgets], account: Account, product: Product, now_ms: int
) -> list[dict[str, Any]]:
    return budgets[product].order_counts(account.api_key, now_ms)
