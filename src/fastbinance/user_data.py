"""User data of both clients: one iterator for each account, and callbacks."""

import asyncio
import inspect
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, Self, TypeVar

from fastbinance._accounts import AccountName, account_kind
from fastbinance._client_options import Settings
from fastbinance._io.pool import Pool
from fastbinance._io.queues import UnboundedQueue
from fastbinance._io.user_stream import UserState, UserStream
from fastbinance._protocol.fills import Fill, Fills, FillUpdate
from fastbinance.answers import OrderPlaced
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError, UserDataFailed, WaitTimeout
from fastbinance.user_events import UserDataReady, UserEvent

__all__ = ["AsyncUserData", "AwaitedUserStreams", "BlockingUserStreams", "UserData"]

logger = logging.getLogger("fastbinance")

T = TypeVar("T")


class _Handle(Generic[T]):
    """What both handles share: a queue that is fed by a stream, and callbacks."""

    def __init__(self, name: str, account: AccountName, symbol: str | None) -> None:
        #: What kind of account it is, and which pair of isolated margin.
        self.account: Final = account
        self.symbol: Final = symbol
        self.callback_errors = 0
        self._name = name
        self._queue: UnboundedQueue[T] = UnboundedQueue(name)
        self._stream: UserStream | None = None
        self._callbacks: tuple[tuple[str | None, Callable[[T], object]], ...] = ()
        self._iterated = False
        self._ready = threading.Event()
        #: What the stream calls; kept so that it can be told to call no more.
        self.hear: Callable[[UserEvent], object] = _nobody
        self.hear_answer: Callable[[OrderPlaced], object] | None = None

    @property
    def state(self) -> UserState:
        """``"connecting"``, ``"live"``, ``"interrupted"`` (with a hole), ``"failed"`` or ``"closed"``."""
        return "connecting" if self._stream is None else self._stream.state

    @property
    def waiting(self) -> int:
        """Events that have come and were not taken yet. None is ever dropped."""
        return len(self._queue)

    @property
    def unknown_fields(self) -> dict[str, int]:
        """Fields that Binance sends and our classes do not have, and how often."""
        return {} if self._stream is None else dict(self._stream.reader.unknown_fields)

    def on(self, callback: Callable[[T], object], event: str | None = None) -> Callable[[], None]:
        """Call back for each event, or for those of one name; the returned function ends it.

        An `AsyncClient` calls at once, on the loop; a `Client` on a thread of the handle's own. An exception
        in one is logged and counted in `callback_errors`. A handle is either iterated or has callbacks.

        Parameters
        ----------
        callback
            A plain function of one event.
        event
            Binance's name, such as ``"executionReport"`` or ``"ORDER_TRADE_UPDATE"``; None for all.

        Raises
        ------
        ConfigurationError
            It is a coroutine function, which nobody would await; or the handle is iterated already.
        """
        if not callable(callback) or inspect.iscoroutinefunction(callback):
            raise ConfigurationError(f"a callback is a plain function of one event, not {callback!r}")
        if self._iterated:
            raise ConfigurationError("this handle is iterated: ask user_data() for another one")
        kept = (event, callback)
        self._callbacks = (*self._callbacks, kept)
        self._begin_calls()

        def end() -> None:
            self._callbacks = tuple(one for one in self._callbacks if one is not kept)

        return end

    def take(self, item: T) -> None:
        """Take what comes."""
        raise NotImplementedError

    def proven(self) -> None:
        """Take note that events are known to come."""
        raise NotImplementedError

    def ended(self) -> None:
        """Take note that there is no more."""
        raise NotImplementedError

    def _call(self, event: T) -> None:
        for name, callback in self._callbacks:
            if name is None or name == getattr(event, "event", None):
                try:
                    callback(event)
                except Exception:
                    self.callback_errors += 1
                    logger.exception("a callback of %s failed", self._name)

    def _begin_calls(self) -> None:
        """Have the events go to the callbacks from now on."""

    def _check_iterated(self) -> None:
        if self._callbacks:
            raise ConfigurationError("this handle has callbacks: ask user_data() for another one to iterate")
        self._iterated = True

    def _error(self) -> UserDataFailed | None:
        return None if self._stream is None else self._stream.error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}: {self.state}, {self.waiting} waiting>"


class UserData(_Handle[T]):
    """The events of one account, iterated with ``for``; ends when closed, raises when it fails for good."""

    def __init__(
        self,
        name: str,
        account: AccountName,
        symbol: str | None,
        let_go: Callable[["UserData[T]"], object],
    ) -> None:
        super().__init__(name, account, symbol)
        self._let_go = let_go
        self._thread: threading.Thread | None = None

    def ready(self, timeout: float | None = None) -> Self:
        """Block until events are known to come; return the handle.

        Raises
        ------
        UserDataFailed
            They will not: the API key is wrong, or lacks a permission.
        WaitTimeout
            Not in time.
        """
        came = self._ready.wait(timeout)
        if (error := self._error()) is not None:
            raise error
        if not came:
            raise WaitTimeout(self._name, timeout or 0.0, "a proven stream")
        return self

    def get(self, timeout: float | None = None) -> T | None:
        """Block for the next event; None when time is up, or when closed and all are taken."""
        self._check_iterated()
        event = self._queue.get(timeout)
        if event is None and self._queue.closed and (error := self._error()) is not None:
            raise error
        return event

    def close(self) -> None:
        """End: no more events. The stream itself ends with its last handle."""
        self._let_go(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        event = self.get()
        if event is None:
            raise StopIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _begin_calls(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=f"fastbinance {self._name}", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        for event in iter(self._queue.get, None):
            self._call(event)

    def take(self, item: T) -> None:
        """Take what comes, on the feed's thread."""
        self._queue.put(item)

    def proven(self) -> None:
        """Take note that events are known to come."""
        self._ready.set()

    def ended(self) -> None:
        """Take note that there are no more."""
        self._queue.close()
        self._ready.set()


class AsyncUserData(_Handle[T]):
    """The events of one account, iterated with ``async for``; ends when closed, raises when it fails."""

    def __init__(
        self,
        name: str,
        account: AccountName,
        symbol: str | None,
        let_go: Callable[["AsyncUserData[T]"], object],
    ) -> None:
        super().__init__(name, account, symbol)
        self._let_go = let_go
        self._proven = asyncio.Event()

    async def ready(self, timeout: float | None = None) -> Self:
        """Wait until events are known to come; return the handle. See `UserData.ready`."""
        try:
            await asyncio.wait_for(self._proven.wait(), timeout)
        except TimeoutError:
            raise WaitTimeout(self._name, timeout or 0.0, "a proven stream") from None
        if (error := self._error()) is not None:
            raise error
        return self

    async def get(self) -> T | None:
        """Wait for the next event; None when closed and all are taken."""
        self._check_iterated()
        event = await self._queue.get_async()
        if event is None and (error := self._error()) is not None:
            raise error
        return event

    def close(self) -> None:
        """End: no more events. The stream itself ends with its last handle."""
        self._let_go(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        event = await self.get()
        if event is None:
            raise StopAsyncIteration
        return event

    def _begin_calls(self) -> None:
        while len(self._queue):
            event = self._queue.get(0.0)
            if event is not None:
                self._call(event)

    def take(self, item: T) -> None:
        """Take what comes."""
        if self._callbacks:
            self._call(item)
        else:
            self._queue.put(item)

    def proven(self) -> None:
        """Take note that events are known to come."""
        self._proven.set()

    def ended(self) -> None:
        """Take note that there are no more."""
        self._queue.close()
        self._proven.set()


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
    def _start(self) -> Pool:
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
            On spot, USD-M and COIN-M find out after each loss what was missed, and deliver it as events that
            are `recovered`; at first, what there is.

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
        if handle._queue.closed:
            return
        self._on_pool(lambda pool: _let_go(pool, handle))

    # -- what a client provides

    @abstractmethod
    def _on_pool(self, call: Callable[[Pool], Any]) -> Any:
        """Run something with the pool on the loop's thread and return what it returns."""


def _take_up(
    pool: Pool,
    handle: UserData[Any] | AsyncUserData[Any],
    account: AccountName,
    symbol: str | None,
    credentials: Credentials,
    events: tuple[str, ...],
    reconcile: bool,
) -> None:
    stream = pool.users.stream(account, symbol, credentials, events, reconcile)
    handle._stream = stream
    stream.listen(handle.hear, handle.ended, handle.hear_answer)


def _let_go(pool: Pool, handle: UserData[Any] | AsyncUserData[Any]) -> None:
    stream = handle._stream
    handle.ended()
    if stream is not None and not stream.forget(handle.hear, handle.ended, handle.hear_answer):
        pool.users.end(stream)


def _hear_events(handle: _Handle[UserEvent]) -> None:
    """Have a handle take every event."""

    def hear(event: UserEvent) -> None:
        if isinstance(event, UserDataReady):
            handle.proven()
        handle.take(event)

    handle.hear = hear


def _hear_fills(handle: _Handle[Fill | FillUpdate]) -> None:
    """Have a handle take the first news of each fill, and what completes it."""
    fills, account = Fills(), handle.account

    def hear(event: UserEvent) -> None:
        if isinstance(event, UserDataReady):
            handle.proven()
        news = fills.take(event)
        if news is not None:
            handle.take(news)

    def hear_answer(answer: OrderPlaced) -> None:
        for fill in fills.take_answer(account, answer):
            handle.take(fill)

    handle.hear, handle.hear_answer = hear, hear_answer


def _nobody(event: UserEvent) -> None:
    """Hear nothing: the handle is being made."""
