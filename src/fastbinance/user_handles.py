"""One account's events for one consumer, who iterates or is called back: blocking, and on asyncio."""

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Generic, Self, TypeAlias, TypeVar

from fastbinance._accounts import AccountName
from fastbinance._feed.remote_users import RemoteUserStream
from fastbinance._io.dispatch import check_callback
from fastbinance._io.queues import UnboundedQueue
from fastbinance._io.user_stream import UserState, UserStream
from fastbinance.answers import OrderPlaced
from fastbinance.errors import ConfigurationError, StreamClosed, UserDataFailed, WaitTimeout
from fastbinance.user_events import UserEvent

__all__ = ["AsyncUserData", "Handle", "UserData"]

logger = logging.getLogger("fastbinance")

T = TypeVar("T")

_Callbacks: TypeAlias = tuple[tuple[str | None, Callable[[T], object]], ...]


class Handle(ABC, Generic[T]):
    """What both handles share: a queue that is fed by a stream, and callbacks."""

    def __init__(self, name: str, account: AccountName, symbol: str | None) -> None:
        #: What kind of account it is, and which pair of isolated margin.
        self.account: Final = account
        self.symbol: Final = symbol
        self.callback_errors = 0
        #: Whose events it has; None while it is being made.
        self.stream: UserStream | RemoteUserStream | None = None
        self._name = name
        self._queue: UnboundedQueue[T] = UnboundedQueue(name)
        # Of what is below: callbacks may begin and end on any thread.
        self._lock = threading.Lock()
        self._callbacks: _Callbacks[T] = ()
        self._iterated = False
        #: What the stream calls; kept so that it can be told to call no more.
        self.hear: Callable[[UserEvent], object] = _nobody
        self.hear_answer: Callable[[OrderPlaced], object] | None = None

    @property
    def state(self) -> UserState:
        """``"connecting"``, ``"live"``, ``"interrupted"`` (with a hole), ``"failed"`` or ``"closed"``."""
        if self.stream is None:
            return "connecting"
        # Another handle may go on with the stream.
        is_over = self._queue.closed and self.stream.state != "failed"
        return "closed" if is_over else self.stream.state

    @property
    def waiting(self) -> int:
        """Events that have come and were not taken yet. None is ever dropped."""
        return len(self._queue)

    @property
    def unknown_fields(self) -> dict[str, int]:
        """Fields that Binance sends and our classes do not have, and how often."""
        return {} if self.stream is None else dict(self.stream.reader.unknown_fields)

    def on(self, callback: Callable[[T], object], event: str | None = None) -> Callable[[], None]:
        """Call back for each event, or for those of one name; the returned function ends it.

        An `AsyncClient` calls at once, on the loop; a `Client` on a thread of the handle's own. An exception
        in one is logged and counted in `callback_errors`. A handle is either iterated or has callbacks; once
        the last one has ended, events wait until they are asked for in one way or the other.

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
        check_callback(callback, "the handle")
        kept = (event, callback)
        with self._lock:
            if self._iterated:
                raise ConfigurationError("this handle is iterated: ask user_data() for another one")
            self._callbacks = (*self._callbacks, kept)
        self._begin_calls()

        def end() -> None:
            with self._lock:
                self._callbacks = tuple(one for one in self._callbacks if one is not kept)
            self._queue.look_again()

        return end

    @abstractmethod
    def take(self, item: T) -> None:
        """Take what comes."""

    @abstractmethod
    def proven(self) -> None:
        """Take note that events are known to come."""

    @abstractmethod
    def unproven(self) -> None:
        """Take note that they may be missing."""

    @abstractmethod
    def ended(self) -> None:
        """Take note that there are no more."""

    @abstractmethod
    def _begin_calls(self) -> None:
        """Have the events go to the callbacks from now on."""

    def _call(self, callbacks: _Callbacks[T], event: T) -> None:
        for name, callback in callbacks:
            if name is None or name == getattr(event, "event", None):
                try:
                    callback(event)
                except Exception:
                    self.callback_errors += 1
                    logger.exception("a callback of %s failed", self._name)

    def _check_iterated(self) -> None:
        with self._lock:
            if self._callbacks:
                raise ConfigurationError(
                    "this handle has callbacks: ask user_data() for another one to iterate"
                )
            self._iterated = True

    def _error(self) -> UserDataFailed | None:
        return None if self.stream is None else self.stream.error

    def _check_ready(self, came: bool, timeout: float | None) -> Self:
        """Return the handle if its events are known to come, or say why not."""
        if (error := self._error()) is not None:
            raise error
        if self._queue.closed:
            raise StreamClosed(self._name)
        if not came:
            raise WaitTimeout(self._name, timeout or 0.0, "a proven stream", self._trouble)
        return self

    @property
    def _trouble(self) -> str:
        return "" if self.stream is None else self.stream.trouble

    def __repr__(self) -> str:
        last = self._trouble
        trouble = f"; the last attempt: {last}" if last else ""
        return f"<{type(self).__name__} {self._name}: {self.state}, {self.waiting} waiting{trouble}>"


class UserData(Handle[T]):
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
        self._ready = threading.Event()

    def ready(self, timeout: float | None = None) -> Self:
        """Block until events are known to come, after an interruption once more; return the handle.

        Raises
        ------
        UserDataFailed
            They will not: the API key is wrong, or lacks a permission.
        WaitTimeout
            Not in time; with what the last attempt failed at.
        StreamClosed
            The handle or the client is closed.
        """
        return self._check_ready(self._ready.wait(timeout), timeout)

    def get(self, timeout: float | None = None) -> T | None:
        """Block for the next event; None when time is up, or when closed and all are taken."""
        self._check_iterated()
        event = self._queue.get(timeout)
        if event is None and self._queue.closed and (error := self._error()) is not None:
            raise error
        return event

    def close(self) -> None:
        """End: no more events. The stream itself ends with its last handle. Safe to repeat."""
        if not self._queue.closed:
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
        with self._lock:
            if self._thread is None:
                name = f"fastbinance {self._name}"
                self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        """Call back for one event after the other, as long as there are callbacks."""
        while True:
            callbacks: _Callbacks[T] = ()

            def wanted() -> bool:
                nonlocal callbacks
                callbacks = self._callbacks  # with the event, so that none is taken for nobody
                return bool(callbacks)

            event = self._queue.get_while(wanted)
            if event is not None:
                self._call(callbacks, event)
                continue
            with self._lock:
                if not self._callbacks or self._queue.closed:
                    self._thread = None
                    return

    def take(self, item: T) -> None:
        """Take what comes, on the feed's thread."""
        self._queue.put(item)

    def proven(self) -> None:
        """Take note that events are known to come."""
        self._ready.set()

    def unproven(self) -> None:
        """Take note that they may be missing."""
        self._ready.clear()

    def ended(self) -> None:
        """Take note that there are no more."""
        self._queue.close()
        self._ready.set()


class AsyncUserData(Handle[T]):
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
        self._ready = asyncio.Event()
        self._calling = False
        self._over = False

    async def ready(self, timeout: float | None = None) -> Self:
        """Wait until events are known to come; return the handle. See `UserData.ready`."""
        came = True
        try:
            await asyncio.wait_for(self._ready.wait(), timeout)
        except TimeoutError:
            came = False
        return self._check_ready(came, timeout)

    async def get(self) -> T | None:
        """Wait for the next event; None when closed and all are taken."""
        self._check_iterated()
        event = await self._queue.get_async()
        if event is None and (error := self._error()) is not None:
            raise error
        return event

    def close(self) -> None:
        """End: no more events. The stream itself ends with its last handle. Safe to repeat."""
        if not self._queue.closed:
            self._let_go(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        event = await self.get()
        if event is None:
            raise StopAsyncIteration
        return event

    def _begin_calls(self) -> None:
        if self._calling:
            return  # by a callback, behind which what waits is told
        self._calling = True
        try:
            while self._callbacks and len(self._queue):
                event = self._queue.get(0.0)
                if event is not None:
                    self._call(self._callbacks, event)
        finally:
            self._calling = False

    def take(self, item: T) -> None:
        """Take what comes."""
        callbacks = self._callbacks
        if callbacks and not self._calling and not self._over:
            self._call(callbacks, item)
        else:
            self._queue.put(item)

    def proven(self) -> None:
        """Take note that events are known to come."""
        self._ready.set()

    def unproven(self) -> None:
        """Take note that they may be missing."""
        self._ready.clear()

    def ended(self) -> None:
        """Take note that there are no more."""
        self._over = True
        self._queue.close()
        self._ready.set()


def _nobody(event: UserEvent) -> None:
    """Hear nothing: the handle is being made."""
