"""The feed's side: a pool that does what its client says, and tells what becomes of it."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fastbinance._api import METHODS
from fastbinance._core.book import BookBase
from fastbinance._core.ring import RingBase
from fastbinance._core.segment import RingMemoryView, Segment, SharedBell
from fastbinance._feed.assembly import make_pool
from fastbinance._feed.channel import Channel
from fastbinance._feed.messages import (
    Abandon,
    Add,
    AddBook,
    Answered,
    BookTold,
    Close,
    Connect,
    Emitted,
    End,
    EndUser,
    Hello,
    Interest,
    LedgerTold,
    Logged,
    OpenUser,
    Question,
    Released,
    Remove,
    RemoveBook,
    Reply,
    Request,
    SetOffset,
    SetRaw,
    Started,
    Sync,
    UserEnded,
    UserOpened,
    UserTold,
    UserTrouble,
    WishTold,
)
from fastbinance._feed.tuning import pin, spin
from fastbinance._io.api_service import ApiService
from fastbinance._io.feed_thread import close_pool
from fastbinance._io.pool import Pool
from fastbinance._io.user_stream import UserStream
from fastbinance._io.wishes import Wish
from fastbinance._protocol.raw_method import raw_method
from fastbinance._protocol.requests import Request as DeskRequest
from fastbinance.errors import FastBinanceError
from fastbinance.events import Event, EventKind
from fastbinance.request_errors import RequestError, RequestOrphaned
from fastbinance.user_events import UserEvent

__all__ = ["Host"]

logger = logging.getLogger("fastbinance")

# What a client may ask; each is a method of `Pool`.
_QUESTIONS: Final = frozenset({"replace", "is_connected", "stats", "drifts"})
# Of a goodbye, where the client is gone and has not said how long it may take.
_GOODBYE_SECONDS: Final = 0.5
# News that wait for a client which stands still, in bytes. One so far behind starts another feed and hears
# from it how everything is: without an end they would grow until the system ends either of us.
_MOST_UNSENT_BYTES: Final = 256 * 1024 * 1024


class Host:
    """One feed, from its client's first message to the end of either.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    sock
        The feed's end of the pair.
    segment
        Memory of the rings.
    bell
        Wakes who waits in the client.
    """

    def __init__(self, sock: socket.socket, segment: Segment, bell: SharedBell) -> None:
        self._segment = segment
        self._bell = bell
        self._parent = os.getppid()
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._seconds = _GOODBYE_SECONDS
        self._pool: Pool | None = None
        self._interest = Interest(all=False, kinds=frozenset(), streams=frozenset())
        self._wishes: dict[int, Wish] = {}
        self._numbers: dict[Wish, int] = {}
        self._rings: dict[int, RingBase] = {}
        self._books: dict[int, BookBase] = {}
        self._requests: dict[int, tuple[ApiService, DeskRequest]] = {}
        self._users: dict[int, tuple[UserStream, Callable[[UserEvent], object], Callable[[], object]]] = {}
        self._troubles: dict[int, str] = {}  # as told
        self._doings: dict[type, Callable[[Any], object]] = {
            Hello: self._begin,
            Add: self._add,
            Remove: self._remove,
            AddBook: self._add_book,
            RemoveBook: self._remove_book,
            SetRaw: self._set_raw,
            Connect: lambda message: self.pool.connect(message.key),
            End: self._end,
            SetOffset: lambda message: self.pool.apis.set_offset(message.offset_ms),
            Interest: self._hear,
            Request: self._request,
            Abandon: self._abandon,
            OpenUser: self._open_user,
            EndUser: self._end_user,
            Question: self._reply,
            Sync: lambda message: self._send(Reply(message.number, None, None)),
            Close: self._close,
        }
        self._channel = Channel(sock, self._take, self._over.set, most_unsent=_MOST_UNSENT_BYTES)

    @property
    def pool(self) -> Pool:
        """The pool, once the client has said what it is to be."""
        if self._pool is None:
            raise AssertionError("the client's first message is not Hello")
        return self._pool

    async def run(self) -> None:
        """Do what the client says until it closes, or is gone."""
        await self._over.wait()
        if self._pool is not None:
            await close_pool(self._pool, time.monotonic() + self._seconds)
        await self._channel.drain()
        self._channel.close()

    # -- what the client says

    def _take(self, message: Any) -> None:
        try:
            self._doings[type(message)](message)
        except FastBinanceError as error:
            # The client has looked before it asked; what it could not know is told as an event.
            logger.error("%s", error)
            self._emit(Event(kind="exception", ws_key="", recv_ns=time.time_ns(), error=error))
        except BaseException:
            # What is half done cannot be gone on with: the client hears of our end, and starts another one.
            logger.exception("the feed's process cannot go on")
            os._exit(1)

    def _begin(self, message: Hello) -> None:
        logging.getLogger("fastbinance").setLevel(message.log_level)
        logger.addHandler(_Forwarder(self._channel))
        pin(message.cpu)
        if message.spin:
            spin(self._loop)
        credentials, tls = message.credentials, message.tls
        settings = replace(
            message.settings,
            credentials=None if credentials is None else credentials.made(),
            connection=replace(message.settings.connection, ssl_context=None if tls is None else tls.made()),
        )
        self._pool = make_pool(
            settings, bell=self._bell, emit=self._emit, hears=self._hears, on_sample=self._sample
        )
        self._pool.book_told = self._book_told
        self._send(Started(os.getpid()))

    def _add(self, message: Add) -> None:
        number, made = message.number, message.ring
        ring: RingBase | None = None
        if made is not None:
            routed, _ = self.pool.place(message.stream, message.named)
            ring = RingBase(
                made.kind,
                message.stream.name,
                routed.value,
                made.symbol,
                capacity=made.capacity,
                level_capacity=made.level_capacity,
                symbol_capacity=made.symbol_capacity,
                bell=self._bell,
                memory=RingMemoryView(self._segment, made.offset, made.size),
                formats=False,
                again=made.again,
            )
            ring.sample(time.time_ns())  # from here on it is seen when we are stuck
            self._rings[number] = ring
        wish = self.pool.add(message.stream, ring, named=message.named)
        self._wishes[number] = wish
        self._numbers[wish] = number
        wish.history.told = lambda name, args: self._send(LedgerTold(number, name, args))
        wish.watch(lambda wish: self._tell(number, wish))
        if message.raw:
            self.pool.set_raw(wish, True)
        self._tell(number, wish)

    def _tell(self, number: int, wish: Wish) -> None:
        self._send(WishTold(number, wish.state, wish.error, wish.trouble))

    def _remove(self, message: Remove) -> None:
        wish = self._wishes.get(message.number)
        if wish is not None:
            self.pool.remove(wish)
        self._release(message.number)

    def _release(self, number: int) -> None:
        wish = self._wishes.pop(number, None)
        if wish is not None:
            self._numbers.pop(wish, None)
        ring = self._rings.pop(number, None)
        if ring is not None:
            ring.close()
        self._send(Released(number))

    def _add_book(self, message: AddBook) -> None:
        number = message.number
        wish, ring = self._wishes.get(message.wish), self._rings.get(message.wish)
        if wish is None or ring is None:
            return  # given up meanwhile, with all that is made of it
        book = BookBase(
            ring,
            None,
            rule=message.rule,
            places=message.places,
            far_levels=message.far_levels,
            memory=RingMemoryView(self._segment, message.offset, message.size),
            formats=False,
            again=message.again,
        )
        self._books[number] = book
        self.pool.add_book(book, wish, message.request)

    def _remove_book(self, message: RemoveBook) -> None:
        book = self._books.pop(message.number, None)
        if book is not None:
            self.pool.remove_book(book)
        self._send(Released(message.number))

    def _book_told(self, book: Any, trouble: str, hopeless: Exception | None) -> None:
        for number, other in self._books.items():
            if other is book:
                self._send(BookTold(number, trouble, hopeless))

    def _set_raw(self, message: SetRaw) -> None:
        wish = self._wishes.get(message.number)
        if wish is not None:
            self.pool.set_raw(wish, message.raw)

    def _end(self, message: End) -> None:
        for wish in self.pool.end(message.key):
            number = self._numbers.get(wish)
            if number is not None:
                self._release(number)

    def _send(self, message: Any) -> bool:
        """Tell the client something; where that cannot be written, say so, and return False."""
        try:
            self._channel.send(message)
        except Exception as error:  # pickling raises whatever its object does
            what = type(message).__name__
            logger.exception("the client cannot be told a %s", what)
            lost = FastBinanceError(
                f"the feed's process cannot tell a message, {what}, which is lost: {error!r}"
            )
            self._emit(Event(kind="exception", ws_key="", recv_ns=time.time_ns(), error=lost))
            return False
        return True

    def _reply(self, message: Question) -> None:
        result: Any = None
        problem: Exception | None = None
        try:
            if message.name not in _QUESTIONS:
                raise AssertionError(f"{message.name} is no question")
            result = getattr(self.pool, message.name)(*message.args)
        except FastBinanceError as error:
            problem = error
        self._send(Reply(message.number, result, problem))

    def _close(self, message: Close) -> None:
        self._seconds = message.seconds
        self._over.set()

    # -- requests

    def _request(self, message: Request) -> None:
        number, named = message.number, message.method
        known = METHODS.get((named.product, named.name))
        if named.raw:
            known = known or METHODS.get((named.product, named.name.rpartition("/")[2]))
            if known is not None and (known.security.value != "none") is not named.signed:
                known = None
            method = raw_method(named.product, named.name, known, signed=named.signed)
        elif known is None:
            raise AssertionError(f"{named.name} is not in the table")
        else:
            method = known

        is_settled = False

        def settle(result: Any, error: RequestError | None) -> None:
            nonlocal is_settled
            is_settled = True
            self._requests.pop(number, None)
            if not self._send(Answered(number, result, error)):
                lost = RequestOrphaned(
                    str(message.key),
                    named.name,
                    number,
                    None if method.client_id is None else message.params.get(method.client_id),
                    reason="its answer came, and the feed's process cannot tell it",
                )
                self._send(Answered(number, None, lost))

        try:
            sent = self.pool.apis.submit(
                message.key, method, message.params, settle, message.timeout, message.resolve
            )
        except FastBinanceError as error:
            self._send(Answered(number, None, error))
        else:
            if not is_settled:
                self._requests[number] = sent

    def _abandon(self, message: Abandon) -> None:
        sent = self._requests.pop(message.number, None)
        if sent is not None:
            service, request = sent
            service.desk.abandon(request)

    # -- user data

    def _open_user(self, message: OpenUser) -> None:
        number = message.number
        try:
            stream = self.pool.users.stream(
                message.account,
                message.symbol,
                message.credentials.made(),
                message.events,
                message.reconciles,
            )
        except FastBinanceError as error:
            self._send(UserOpened(number, error))
            return
        self._send(UserOpened(number, None))
        unknown = 0

        def hear(event: UserEvent) -> None:
            nonlocal unknown
            fields = stream.reader.unknown_fields
            seen, unknown = unknown, sum(fields.values())
            self._send(UserTold(number, event, dict(fields) if unknown != seen else None))

        def ended() -> None:
            self._users.pop(number, None)
            self._troubles.pop(number, None)
            self._send(UserEnded(number, stream.error))

        self._users[number] = stream, hear, ended
        stream.listen(hear, ended)

    def _end_user(self, message: EndUser) -> None:
        kept = self._users.pop(message.number, None)
        self._troubles.pop(message.number, None)
        if kept is not None:
            stream, hear, ended = kept
            if not stream.forget(hear, ended):
                self.pool.users.end(stream)

    # -- what becomes of it

    def _hear(self, message: Interest) -> None:
        self._interest = message

    def _hears(self, kind: EventKind) -> bool:
        return self._interest.all or kind in self._interest.kinds

    def _emit(self, event: Event) -> None:
        if self._hears(event.kind) or self._is_wanted(event):
            self._send(Emitted(event))

    def _is_wanted(self, event: Event) -> bool:
        streams = self._interest.streams
        if event.stream is not None and (event.ws_key, event.stream) in streams:
            return True
        return any((event.ws_key, name) in streams for name in event.streams) if streams else False

    def _sample(self, now: float) -> None:
        now_ns = time.time_ns()
        for ring in self._rings.values():
            ring.sample(now_ns)
        for number, (stream, _, _) in self._users.items():
            if stream.trouble != self._troubles.get(number, ""):
                self._troubles[number] = stream.trouble
                self._send(UserTrouble(number, stream.trouble))
        if os.getppid() != self._parent:
            self._over.set()  # a child of the client's may hold its end of the pair open


class _Forwarder(logging.Handler):
    """Has the client log what is logged here."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line."""
        self._channel.send(Logged(record.name, record.levelno, self.format(record)))
