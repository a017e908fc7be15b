"""The user data of one account: events in order, once, and what is told when they may be missing."""

import asyncio
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Literal

from fastbinance._accounts import AccountKind
from fastbinance._io.reconciling import Reconciler
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.troubles import Troubles, sentence_of
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.duplicates import Duplicates
from fastbinance._protocol.picture import ASKED, Asked, Question
from fastbinance._protocol.signing import Signer
from fastbinance.answers import OrderPlaced
from fastbinance.errors import ConfigurationError, DecodeError, UserDataDelayed, UserDataFailed
from fastbinance.keys import WsKey
from fastbinance.request_errors import RateLimited, RequestError, RequestRejected
from fastbinance.user_events import (
    EventReader,
    EventUnfit,
    UserDataInterrupted,
    UserDataReady,
    UserEvent,
    execution_of,
)

__all__ = ["UserState", "UserStream", "refusal_of"]

logger = logging.getLogger("fastbinance")

#: ``connecting`` before the first proof, ``live``, ``interrupted`` (events may be missing), ``failed`` for
#: good, ``closed``.
UserState = Literal["connecting", "live", "interrupted", "failed", "closed"]

_HEAD_BYTES: Final = 256
# What may be a listen key: an error keeps none, whole or cut short.
_SECRET: Final = re.compile(rb'("(?:listenKey|stream)"\s*:\s*")[^"]*')


def _shown(event: bytes) -> bytes:
    """Return the head of an event that cannot be read, as an error may keep it."""
    return _SECRET.sub(rb"\1***", event)[:_HEAD_BYTES]


def refusal_of(error: Exception) -> tuple[int | None, str, float]:
    """Return Binance's code, the reason, and for how many seconds it wants to be left alone."""
    code = error.code if isinstance(error, RequestRejected) else None
    return code, sentence_of(error), error.retry_after if isinstance(error, RateLimited) else 0.0


class UserStream(ABC):
    """One account's events for all who listen.

    Made, called and destroyed on the thread of one running event loop. A subclass keeps them coming.

    Parameters
    ----------
    kind
        What account it is.
    symbol
        Pair of an isolated margin account.
    ws_key
        The service, after routing.
    credentials
        Whose account it is.
    report
        Makes an event of the client's own.
    reconciles
        Whether what was missed is found out, where Binance can be asked.
    backoff
        Delays between attempts to.
    """

    def __init__(
        self,
        kind: AccountKind,
        symbol: str | None,
        ws_key: WsKey,
        credentials: Signer,
        report: Callable[..., None],
        *,
        reconciles: bool,
        backoff: Backoff,
    ) -> None:
        self.kind: Final = kind
        self.symbol: Final = symbol
        self.ws_key: Final = ws_key
        self.credentials: Final = credentials
        self.state: UserState = "connecting"
        self.error: UserDataFailed | None = None
        self.reader: Final = EventReader(kind.name, symbol)
        self.duplicates: Final = Duplicates()
        self.malformed = 0
        self.troubles: Final = Troubles(kind.name, symbol, ws_key, report)
        self._report = report
        self._hear: tuple[Callable[[UserEvent], object], ...] = ()
        self._ends: tuple[Callable[[], object], ...] = ()
        self._answers: tuple[Callable[[OrderPlaced], object], ...] = ()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._again = False
        self._told_ready: UserDataReady | None = None  # since the last interruption
        self._reconciling: asyncio.Task[None] | None = None
        self._reconciler: Reconciler | None = None
        if reconciles and kind.name in ASKED:
            self._reconciler = Reconciler(
                kind.name,
                self.reader,
                ask=self._ask_about,
                deliver=self.hand_out,
                ready=self._ready,
                troubled=self._not_reconciled,
                server_ms=self._server_ms,
                backoff=backoff,
                symbol=symbol,
            )

    def listen(
        self,
        hear: Callable[[UserEvent], object],
        ended: Callable[[], object],
        answered: Callable[[OrderPlaced], object] | None = None,
    ) -> None:
        """Call somebody for each event from now on, first of all with whether events come, and at the end."""
        self._hear = (*self._hear, hear)
        self._ends = (*self._ends, ended)
        if answered is not None:
            self._answers = (*self._answers, answered)
        if self.state in ("failed", "closed"):
            ended()
        elif self._told_ready is not None:
            hear(self._told_ready)

    def forget(
        self,
        hear: Callable[[UserEvent], object],
        ended: Callable[[], object],
        answered: Callable[[OrderPlaced], object] | None = None,
    ) -> bool:
        """Call somebody no more; tell whether anybody is left."""
        self._hear = tuple(one for one in self._hear if one != hear)
        self._ends = tuple(one for one in self._ends if one != ended)
        self._answers = tuple(one for one in self._answers if one is not answered)
        return bool(self._hear)

    def answered(self, answer: OrderPlaced) -> None:
        """Take the answer to an order of this account: it may tell of fills before the events do."""
        for one in self._answers:
            one(answer)

    def begin_close(self) -> None:
        """End; `close` waits for what is left."""
        if self.state != "failed":
            self.state = "closed"
        self._stop()
        for task in self._tasks:
            task.cancel()
        ends, self._ends, self._hear, self._answers = self._ends, (), (), ()
        for ended in ends:
            ended()

    async def close(self) -> None:
        """End, and wait until nothing is left on the loop."""
        self.begin_close()
        while self._tasks:
            await asyncio.wait(self._tasks)

    # -- what a subclass adds

    @abstractmethod
    def start(self) -> None:
        """Begin to have the events come."""

    @abstractmethod
    def sample(self) -> None:
        """Look at what nobody tells of."""

    @abstractmethod
    def replace(self) -> int:
        """Replace the connection, where it has one of its own; return how many that concerns."""

    @abstractmethod
    async def _ask_about(self, question: Question, how: Asked) -> Any:
        """Put a question about the account."""

    @abstractmethod
    def _server_ms(self) -> float:
        """Return Binance's time."""

    @property
    def is_up(self) -> bool:
        """Whether a connection of its own is open."""
        return False

    @property
    def trouble(self) -> str:
        """What the last attempt has failed at, since events were last known to come; empty if none has.

        May be read on any thread.
        """
        last = self.troubles.last
        if last is not None:
            return last.reason
        error = self._connection_trouble() if self.state in ("connecting", "interrupted") else None
        return "" if error is None else str(error)

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known of connections of its own."""
        return ()

    @abstractmethod
    def _connection_trouble(self) -> Exception | None:
        """Return why there is no connection; None if there is, or none was tried."""

    @abstractmethod
    def _stop(self) -> None:
        """Ask for nothing more, and say goodbye."""

    # -- UserDriver

    def proven(self, again: bool, /) -> None:
        """See `UserDriver`."""
        self.state = "live"
        self.troubles.end()
        self._again = again
        if self._reconciler is None:
            self._ready(False)
        else:
            self._reconciling = self._begin(self._reconciler.run(), "reconciliation")

    def unproven(self, reason: str, /) -> None:
        """See `UserDriver`."""
        self.state = "interrupted"
        self._told_ready = None
        if self._reconciler is not None:
            self._reconciler.interrupted()
        if self._reconciling is not None:
            self._reconciling.cancel()
        self.hand_out(self.reader.make(UserDataInterrupted, reason=reason, recv_ns=time.time_ns()))

    def failed(self, reason: str, code: int | None, /) -> None:
        """See `UserDriver`."""
        self.state = "failed"
        self.error = UserDataFailed(self.kind.name, self.symbol, str(self.ws_key), code, reason)
        logger.error("%s", self.error)
        self._report("exception", error=self.error)
        self._stop()
        ends, self._ends = self._ends, ()
        for ended in ends:
            ended()

    # -- events

    def receive(
        self, source: Hashable, event: bytes, recv_ns: int, subscription_id: int | None
    ) -> UserEvent | None:
        """Decode an event, hand it out unless it came before, and return it; None if it cannot be read."""
        try:
            data = self.reader.read(event, recv_ns, subscription_id)
        except EventUnfit as unfit:
            self.malformed += 1
            if self._reconciler is not None:
                self._reconciler.picture.missed()
            error = DecodeError(f"{self.ws_key} (account {self._name})", unfit.code, 0, _shown(event))
            self._report("exception", error=error, recv_ns=recv_ns)
            return None
        if self.duplicates.is_known(source, execution_of(data), event):
            return data  # what ends a stream ends it on each connection, however often it is told
        if self._reconciler is not None:
            # The user first: what is kept for the next loss can wait for a few microseconds.
            if self._reconciler.picture.was_recovered(data):
                self.duplicates.dropped += 1
            else:
                self.hand_out(data)
            self._reconciler.picture.apply(data)
        else:
            self.hand_out(data)
        return data

    def hand_out(self, event: UserEvent) -> None:
        """Give an event to everybody who listens."""
        for hear in self._hear:
            hear(event)

    @property
    def _name(self) -> str:
        return self.kind.name if self.symbol is None else f"{self.kind.name} {self.symbol}"

    def _ready(self, reconciled: bool) -> None:
        self._told_ready = self.reader.make(
            UserDataReady, again=self._again, reconciled=reconciled, recv_ns=time.time_ns()
        )
        self.hand_out(self._told_ready)

    def _not_reconciled(self, error: Exception) -> None:
        if not isinstance(error, RequestError):
            sentence = f"what was missed could not be found out: {sentence_of(error)}"
            error = UserDataDelayed(self.kind.name, self.symbol, str(self.ws_key), None, sentence)
        self._report("exception", error=error)

    def _begin(self, work: Any, name: str) -> "asyncio.Task[None]":
        """Run a coroutine that reports its own failures, until the stream is closed."""
        task = self._loop.create_task(work, name=f"fastbinance {name} of {self._name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("user data of %s: a task failed", self._name, exc_info=error)

    async def _asked(
        self, call: Callable[[], Awaitable[Any]], good: Callable[[Any], object], bad: Callable[..., object]
    ) -> None:
        """Await what a function begins, and tell a session how it went."""
        try:
            answer = await call()
            if not self._is_over:
                good(answer)
        except ConfigurationError as error:
            # There is no such API in this environment, or a signer of the user's own has failed.
            if not self._is_over:
                self.failed(str(error), None)
        except Exception as error:
            # Of whatever kind: a session that is not answered would wait for ever.
            self._retried(error, bad)

    def _retried(self, error: Exception, bad: Callable[..., object]) -> None:
        """Tell a session of an error, and the user if the session tries again."""
        if not self._is_over:
            bad(*refusal_of(error), self._loop.time())
        if not self._is_over:
            self.troubles.take(error)

    @property
    def _is_over(self) -> bool:
        return self.state in ("closed", "failed")
