"""The WS APIs of a simulator: one service for each environment, their accounts and their faults."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment
from fastbinance.sim.api.connection import ApiConnection
from fastbinance.sim.api.faulty import AnswerFaults
from fastbinance.sim.api.general import general_handlers
from fastbinance.sim.api.limits import ApiLimits
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.api.target import parse_api_target
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.hosts import Host, Refusal
from fastbinance.sim.stats import Stats
from fastbinance.sim.trading.accounts import API_KEY, API_SECRET, Account, SimAccount

__all__ = ["Apis"]

_FIRST_UID: Final = 350_000_001


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
        self.faults = AnswerFaults(seed)
        self._limits = limits
        self._seed = seed
        self._clock_ms = clock_ms
        self._stats = stats
        self._wanted: dict[str, SimAccount] = {}
        self._uids: dict[str, int] = {}
        self._services: dict[Environment, ApiService] = {}
        for wanted in (SimAccount(API_KEY, API_SECRET), *accounts):
            self._want(wanted)

    def open(self, exchanges: Mapping[Environment, Exchange]) -> None:
        """Begin anew on the markets of these exchanges."""
        self._services.clear()
        for environment, exchange in exchanges.items():
            service = ApiService(
                environment,
                clock_ms=self._clock_ms,
                handlers=general_handlers(exchange),
                limits=self._limits,
                seed=self._seed,
            )
            self._services[environment] = service
            for wanted in self._wanted.values():
                service.keys.add(self._account(wanted))

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
        """Have one more account, in both environments."""
        self._want(wanted)
        for service in self._services.values():
            service.keys.add(self._account(wanted))

    def revoke(self, api_key: str) -> None:
        """Let a key in no more.

        Raises
        ------
        ConfigurationError
            There is no such key.
        """
        if self._wanted.pop(api_key, None) is None:
            raise ConfigurationError("there is no account of this api_key")
        for service in self._services.values():
            service.keys.remove(api_key)

    def listen_token(self, api_key: str, environment: Environment) -> str:
        """Make a listen token of an account.

        Raises
        ------
        ConfigurationError
            There is no such key.
        """
        service = self._services[environment]
        account = service.keys.find(api_key)
        if account is None:
            raise ConfigurationError("there is no account of this api_key")
        return service.user_data.make_token(account, self._clock_ms())

    def _want(self, wanted: SimAccount) -> None:
        if wanted.api_key in self._wanted:
            raise ConfigurationError("two accounts have the same api_key")
        self._uids.setdefault(wanted.api_key, _FIRST_UID + len(self._uids))
        self._account(wanted)  # what is wrong with it is found before it is kept
        self._wanted[wanted.api_key] = wanted

    def _account(self, wanted: SimAccount) -> Account:
        return Account(wanted, self._uids[wanted.api_key])
