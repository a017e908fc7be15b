"""User data of both clients: how an account is asked for, and what a handle hears of its stream."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Final

from fastbinance._accounts import AccountName, account_kind
from fastbinance._client_options import Settings
from fastbinance._feed.any_pool import AnyPool
from fastbinance._protocol.fills import Fill, Fills, FillUpdate
from fastbinance.answers import OrderPlaced
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError
from fastbinance.user_events import UserDataInterrupted, UserDataReady, UserEvent
from fastbinance.user_handles import AsyncUserData, Handle, UserData

__all__ = ["AsyncUserData", "AwaitedUserStreams", "BlockingUserStreams", "UserData"]

# What tells whether events come. Looked at for every event, and so with one call.
_PROOFS: Final = (UserDataReady, UserDataInterrupted)


def _wanted(
    settings: Settings,
    account: AccountName,
    symbol: str | None,
    credentials: Credentials | None,
    events: Iterable[str],
) -> tuple[str | None, Credentials, tuple[str, ...], str]:
    symbol = symbol.upper() if isinstance(symbol, str) else symbol
    account_kind(account, symbol)
    if credentials is not None and not isinstance(credentials, Credentials):
        raise ConfigurationError(f"credentials is a Credentials, not {type(credentials).__name__}")
    own = settings.credentials if credentials is None else credentials
    if own is None:
        raise ConfigurationError(
            "user data want credentials: give the client api_key= and api_secret=, or user_data(credentials=)"
        )
    if not isinstance(events, Iterable):
        raise ConfigurationError(f"events= are names of events, none for all, not {events!r}")
    if isinstance(events, str):
        raise ConfigurationError(f"events= are several names, such as [{events!r}]")
    names = tuple(events)
    for name in names:
        if not isinstance(name, str) or not name.isascii() or not name.replace("_", "").isalnum():
            raise ConfigurationError(f"{name!r} is no name of an event")
    what = account if symbol is None else f"{account} {symbol}"
    return symbol, own, names, f"user data of {what}"


class AwaitedUserStreams(ABC):
    """User data on the caller's loop."""

    _settings: Settings

    def user_data(
        self,
        account: AccountName = "spot",
        symbol: str | None = None,
        credentials: Credentials | None = None,
        *,
        events: Iterable[str] = (),
        reconcile: bool = True,
    ) -> AsyncUserData[UserEvent]:
        """Return the events of an account, from now on; see `Client.user_data`."""
        symbol, own, names, name = _wanted(self._settings, account, symbol, credentials, events)
        pool = self._start()
        handle: AsyncUserData[UserEvent] = AsyncUserData(
            name, account, symbol, lambda handle: _let_go(pool, handle)
        )
        _hear_events(handle)
        _take_up(pool, handle, account, symbol, own, names, reconcile)
        return handle

    def fills(
        self,
        account: AccountName = "spot",
        symbol: str | None = None,
        credentials: Credentials | None = None,
    ) -> AsyncUserData[Fill | FillUpdate]:
        """Return the fills of an account, each told once; see `Client.fills`."""
        symbol, own, names, name = _wanted(self._settings, account, symbol, credentials, ())
        pool = self._start()
        handle: AsyncUserData[Fill | FillUpdate] = AsyncUserData(
            name, account, symbol, lambda handle: _let_go(pool, handle)
        )
        _hear_fills(handle)
        _take_up(pool, handle, account, symbol, own, names, True)
        return handle

    # -- what a client provides

    @abstractmethod
    def _start(self) -> AnyPool:
        """Return the pool, making it if need be; refuse when closed."""


class BlockingUserStreams(ABC):
    """User data on the feed's thread, read on any other."""

    _settings: Settings

    def user_data(
        self,
        account: AccountName = "spot",
        symbol: str | None = None,
        credentials: Credentials | None = None,
        *,
        events: Iterable[str] = (),
        reconcile: bool = True,
    ) -> UserData[UserEvent]:
        """Return the events of an account, from now on; return at once.

        Connecting, keys and tokens, renewal and coming back happen behind it. ``user_data_ready`` comes when
        events are known to come, ``user_data_interrupted`` when some may be missing.

        Parameters
        ----------
        account
            ``"spot"``, ``"margin"``, ``"isolated"``, ``"margin_risk"``, ``"usdm"``, ``"coinm"``,
            ``"options"``, ``"portfolio"`` or ``"portfolio_pro"``.
        symbol
            Pair of an isolated margin account; None for the others.
        credentials
            Whose account; None is the client's.
        events
            USD-M only: names of the events that Binance shall send; none are all. ``listenKeyExpired`` is
            always asked for. What was missed is not found out then.
        reconcile
            On spot, margin, USD-M and COIN-M find out after each loss what was missed, and deliver it as
            events that are `recovered`; at first, what there is.

        Raises
        ------
        ConfigurationError
            There is no such account, or there are no credentials.
        """
        symbol, own, names, name = _wanted(self._settings, account, symbol, credentials, events)
        handle: UserData[UserEvent] = UserData(name, account, symbol, self._let_go_of)
        _hear_events(handle)
        self._on_pool(lambda pool: _take_up(pool, handle, account, symbol, own, names, reconcile))
        return handle

    def fills(
        self,
        account: AccountName = "spot",
        symbol: str | None = None,
        credentials: Credentials | None = None,
    ) -> UserData[Fill | FillUpdate]:
        """Return the fills of an account, from now on, each told once, by whatever tells of it first.

        That is the answer to an order, ``TRADE_LITE``, or the event of the order. Where it lacks something
        (commission, realized profit) and a later one has it, one `FillUpdate` follows.

        Parameters
        ----------
        account, symbol, credentials
            As of `user_data`, whose stream it is.

        Raises
        ------
        ConfigurationError
            See `user_data`.
        """
        symbol, own, names, name = _wanted(self._settings, account, symbol, credentials, ())
        handle: UserData[Fill | FillUpdate] = UserData(name, account, symbol, self._let_go_of)
        _hear_fills(handle)
        self._on_pool(lambda pool: _take_up(pool, handle, account, symbol, own, names, True))
        return handle

    def _let_go_of(self, handle: UserData[Any]) -> None:
        self._on_pool(lambda pool: _let_go(pool, handle))

    # -- what a client provides

    @abstractmethod
    def _on_pool(self, call: Callable[[AnyPool], Any]) -> Any:
        """Run something with the pool on the loop's thread and return what it returns."""


def _take_up(
    pool: AnyPool,
    handle: UserData[Any] | AsyncUserData[Any],
    account: AccountName,
    symbol: str | None,
    credentials: Credentials,
    events: tuple[str, ...],
    reconcile: bool,
) -> None:
    stream = pool.users.stream(account, symbol, credentials, events, reconcile)
    handle.stream = stream
    stream.listen(handle.hear, handle.ended, handle.hear_answer)


def _let_go(pool: AnyPool, handle: UserData[Any] | AsyncUserData[Any]) -> None:
    stream = handle.stream
    handle.ended()
    if stream is not None and not stream.forget(handle.hear, handle.ended, handle.hear_answer):
        pool.users.end(stream)


def _hear_proof(handle: Handle[Any], event: UserEvent) -> None:
    if isinstance(event, UserDataReady):
        handle.proven()
    else:
        handle.unproven()


def _hear_events(handle: Handle[UserEvent]) -> None:
    """Have a handle take every event."""

    def hear(event: UserEvent) -> None:
        if isinstance(event, _PROOFS):
            _hear_proof(handle, event)
        handle.take(event)

    handle.hear = hear


def _hear_fills(handle: Handle[Fill | FillUpdate]) -> None:
    """Have a handle take the first news of each fill, and what completes it."""
    fills, account = Fills(), handle.account

    def hear(event: UserEvent) -> None:
        if isinstance(event, _PROOFS):
            _hear_proof(handle, event)
        news = fills.take(event)
        if news is not None:
            handle.take(news)

    def hear_answer(answer: OrderPlaced) -> None:
        for fill in fills.take_answer(account, answer):
            handle.take(fill)

    handle.hear, handle.hear_answer = hear, hear_answer
