"""What a client has in place of a pool when its feed has a process of its own."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from fastbinance._client_options import Settings
from fastbinance._core.book import BookBase
from fastbinance._core.ring import RingBase
from fastbinance._core.segment import Segment, SharedBell
from fastbinance._feed.channel import Channel
from fastbinance._feed.handing_over import hand_over_credentials, hand_over_tls
from fastbinance._feed.messages import (
    Add,
    Answered,
    BookTold,
    Close,
    Connect,
    Emitted,
    End,
    Hello,
    Interest,
    LedgerTold,
    Logged,
    Question,
    Released,
    Remove,
    Reply,
    RingMade,
    SetRaw,
    Started,
    Sync,
    UserEnded,
    UserOpened,
    UserTold,
    UserTrouble,
    WishTold,
)
from fastbinance._feed.process import FeedProcess
from fastbinance._feed.remote_apis import RemoteApis
from fastbinance._feed.remote_books import RemoteBooks
from fastbinance._feed.remote_users import RemoteUsers
from fastbinance._feed.tuning import FeedTuning
from fastbinance._io.api_pool import takes_requests
from fastbinance._io.books import Told
from fastbinance._io.places import Place, Places
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit
from fastbinance._io.wishes import RingState, Wish, WishState
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.answers import OrderPlaced
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError, ConnectionLost, FeedDied, Lapped
from fastbinance.events import Event
from fastbinance.keys import WsKey, describe, key_for
from fastbinance.streams import Stream

__all__ = ["RemotePool"]

logger = logging.getLogger("fastbinance")

# What a new process takes to import everything on a machine that is busy with other things.
_START_SECONDS: Final = 20.0
# What an answer takes at most of a feed that runs.
_ANSWER_SECONDS: Final = 2.0
# What is waited for an answer where what was known last will do: whoever asks stands still meanwhile.
_FRESH_SECONDS: Final = 0.25
# Of a feed, after which its death is new trouble, and it is started anew at once.
_STABLE_SECONDS: Final = 5.0
# Of closing connections; what is left of a client's second is for the process to end in.
_GOODBYE_SECONDS: Final = 0.6


@dataclass(slots=True)
class _Kept:
    """One wish, and what a new feed has to know of it."""

    wish: Wish
    named: WsKey
    ring: RingBase | None
    has_fed: bool = False  # a feed has been told of the ring
    raw: bool = False


class RemotePool:
    """The connections of one client, in another process; see `Pool` for what its methods mean.

    Made and called on the thread of one running event loop. The process is started here, and again whenever
    it ends without having been told to: with all wishes, and with the same rings, which go on where they
    were.

    Parameters
    ----------
    settings
        The client's options.
    tuning
        See `FeedTuning`.
    segment, bell
        What is shared with the feed. `pipe` is where it writes a byte for who listens on this loop.
    emit
        Takes every event.
    interest
        Tells which events anybody listens to.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tuning: FeedTuning,
        segment: Segment,
        bell: SharedBell,
        pipe: int | None,
        emit: Emit,
        interest: Callable[[], Interest],
    ) -> None:
        self._tuning = tuning
        self._segment = segment
        self._bell = bell
        self._pipe = pipe
        self._emit = emit
        self._interest = interest
        self._settings = settings
        connection = settings.connection
        self._hello = Hello(
            settings=replace(settings, credentials=None, connection=replace(connection, ssl_context=None)),
            tls=None if connection.ssl_context is None else hand_over_tls(connection.ssl_context),
            credentials=None if settings.credentials is None else hand_over_credentials(settings.credentials),
            log_level=logger.getEffectiveLevel(),
            cpu=tuning.cpu,
            spin=tuning.spin,
        )
        self.places = Places(
            settings.env, settings.market_maker, settings.urls, settings.time_unit, connection
        )
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._kept: dict[int, _Kept] = {}
        self._by_place: dict[tuple[Place, str], int] = {}
        self._leaving: dict[int, RingBase | BookBase | None] = {}  # until nobody writes to them any more
        self._connects: dict[WsKey, None] = {}
        self._stats: tuple[ConnectionStats, ...] = ()
        self._drifts: tuple[Drift, ...] = ()
        self._told_interest: Interest | None = None
        self._is_started = False
        self._is_closing = False
        self._again: asyncio.TimerHandle | None = None
        self._backoff = Backoff(base=connection.backoff_base, cap=connection.backoff_cap)
        self.apis = RemoteApis(settings, self._send, lambda: not self._is_down)
        self.users = RemoteUsers(self._send, self._await_message)
        self._books = RemoteBooks(self._numbers, self._send, self._number_of)
        self._takes: dict[type, Callable[[Any], object]] = {
            Started: self._started,
            Emitted: lambda message: self._emit(message.event),
            WishTold: self._wish_told,
            LedgerTold: self._ledger_told,
            Released: lambda message: self._leaving.pop(message.number, None),
            BookTold: self._books.said,
            Answered: self.apis.answered,
            UserOpened: self.users.opened,
            UserTold: self.users.told,
            UserTrouble: self.users.troubled,
            UserEnded: self.users.ended,
            Reply: lambda message: None,  # it came too late
            Logged: lambda message: logging.getLogger(message.logger).log(message.level, "%s", message.text),
        }
        self._process: FeedProcess
        self._channel: Channel
        try:
            self._begin()
        except OSError as error:
            raise ConfigurationError(
                f"the feed's process cannot be started: {error}; make room for it, or use feed='thread' or"
                " 'inline', which need none"
            ) from error

    # -- what a client asks of a pool

    def place(self, stream: Stream, named: WsKey | None = None) -> Place:
        """See `Places.of_stream`; may be called on any thread."""
        return self.places.of_stream(stream, named)

    def add(self, stream: Stream, ring: RingBase | None = None, *, named: WsKey | None = None) -> Wish:
        """See `Pool.add`."""
        if self._is_closing:
            raise ConfigurationError(f"the client is closed; {stream.name} cannot be subscribed to")
        place = self.place(stream, named)
        key = key_for(stream.market, stream.format) if named is None else named
        known = self._by_place.get((place, stream.name))
        if known is not None and not self._kept[known].wish.final:
            return self._kept[known].wish
        if known is not None:
            self._forget(known)
        number = next(self._numbers)
        kept = _Kept(Wish(stream, place[0]), key, ring)
        self._kept[number] = kept
        self._by_place[place, stream.name] = number
        self._send_add(number, kept)
        return kept.wish

    def remove(self, wish: Wish) -> None:
        """See `Pool.remove`."""
        for number in [number for number, kept in self._kept.items() if kept.wish is wish]:
            self._forget(number)
            wish.drop()

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """See `Pool.set_raw`."""
        for number, kept in self._kept.items():
            if kept.wish is wish:
                kept.raw = wish.raw = raw
                self._send(SetRaw(number, raw))

    def add_book(self, book: BookBase, wish: Wish, request: SnapshotRequest | None) -> None:
        """See `Pool.add_book`."""
        if self._is_closing:
            raise ConfigurationError("the client is closed; make a new one")
        self._books.add(book, wish, request)

    def remove_book(self, book: BookBase) -> None:
        """See `Pool.remove_book`."""
        self._end_books(book)

    @property
    def book_told(self) -> Told:
        """See `Pool`."""
        return self._books.told

    @book_told.setter
    def book_told(self, told: Told) -> None:
        self._books.told = told

    def connect(self, key: WsKey) -> None:
        """See `Pool.connect`."""
        if self._is_closing:
            raise ConfigurationError(f"the client is closed; {key} cannot be connected to")
        if describe(key).carries != "ws_api":
            self.places.of_service(key)  # says what is wrong with it
        self._connects[key] = None
        self._send(Connect(key))

    def end(self, key: WsKey) -> tuple[Wish, ...]:
        """See `Pool.end`."""
        self._connects.pop(key, None)
        given_up: list[Wish] = []
        if not takes_requests(key) and not self.places.is_user_data(key):
            places = self.places.of_service(key)
            for (place, _), number in tuple(self._by_place.items()):
                if place in places:
                    wish = self._kept[number].wish
                    self._forget(number)
                    wish.drop()
                    given_up.append(wish)
        self._send(End(key))
        if self._is_started:
            # Its answer comes behind the ends of user data, whose handles say so when this returns.
            self._ask("drifts")
            self._channel.hand_out()
        return tuple(given_up)

    def replace(self, key: WsKey | None = None) -> int:
        """See `Pool.replace`."""
        return int(self._ask("replace", key) or 0) if self._is_started else 0

    def is_connected(self, key: WsKey) -> bool:
        """See `Pool.is_connected`."""
        self.url(key)  # says what is wrong with it
        return self._is_started and bool(self._ask("is_connected", key))

    def url(self, key: WsKey) -> str:
        """See `Pool.url`."""
        if takes_requests(key):
            return self.apis.url(key)
        if self.places.is_user_data(key):
            return self.places.of_user_data(key)[1]
        return self.places.of_service(key)[0][1]

    def answered(self, answer: OrderPlaced, credentials: Signer | None) -> None:
        """See `Pool.answered`."""
        self.users.answered(answer, credentials)

    def wishes(self) -> tuple[Wish, ...]:
        """See `Pool.wishes`."""
        return tuple(kept.wish for kept in self._kept.values())

    def stats(self) -> tuple[ConnectionStats, ...]:
        """See `Pool.stats`; while there is no feed, or it is stuck, what was known last."""
        if self._is_started:
            seconds = _FRESH_SECONDS if self._stats else None
            self._stats = self._ask("stats", seconds=seconds) or self._stats
        return self._stats

    def drifts(self) -> tuple[Drift, ...]:
        """See `Pool.drifts`; while there is no feed, or it is stuck, what was known last."""
        if self._is_started:
            seconds = _FRESH_SECONDS if self._stats or self._drifts else None
            self._drifts = self._ask("drifts", seconds=seconds) or self._drifts
        return self._drifts

    @property
    def pid(self) -> int:
        """Number of the feed's process."""
        return self._process.pid

    def interest_changed(self) -> None:
        """Tell the feed who listens to what; may be called on any thread."""
        self._loop.call_soon_threadsafe(self._tell_interest)

    def be_heard(self) -> None:
        """Return when the feed knows who listens, so that no event comes that it keeps for itself."""
        self._tell_interest()
        if self._is_started and not self._is_closing:  # else it is told before it does anything
            number = next(self._numbers)
            self._send(Sync(number))
            self._await_reply(number)

    def abandon(self) -> None:
        """End the feed now, where the loop is closed or the program ends, and nothing can be waited for."""
        self._is_closing = True
        self._process.kill()
        self._channel.abandon()

    async def close(self) -> None:
        """End the feed and its process; see `Pool.close`."""
        self._is_closing = True
        if self._again is not None:
            self._again.cancel()
        for kept in self._kept.values():
            kept.wish.drop()
        self.apis.close()
        try:
            if self._is_started:
                self._channel.send(Close(_GOODBYE_SECONDS))
                await self._process.over()
            # Else it has said goodbye to nobody, because it knows nobody yet.
        finally:
            # Cut short, or not: nothing is left of it.
            self._process.kill()
            self._channel.close()
            self.apis.orphan("the client was closed before the answer")
            self.users.close()
            self._leaving.clear()

    # -- the process

    @property
    def _is_down(self) -> bool:
        return self._channel.is_over

    def _begin(self) -> None:
        self._is_started = False
        self._told_interest = None
        self._process = FeedProcess(self._segment, self._bell, self._pipe)
        self._channel = Channel(self._process.socket, self._take, self._died)
        self._channel.send(self._hello)
        self._tell_interest()

    def _started(self, message: Started) -> None:
        self._is_started = True

    def _died(self) -> None:
        """Take note that the feed is gone, and start another one."""
        if self._is_closing:
            return
        process, why = self._process, self._process.fate
        if time.monotonic() - process.started_at >= _STABLE_SECONDS:
            self._backoff.reset()
        process.kill()  # only its end of the pair may be gone
        reason = f"the feed's process {process.pid} is gone: {process.fate if 'connection' in why else why}"
        logger.error("%s", reason)
        now_ns = time.time_ns()
        self._emit(Event(kind="exception", ws_key="", recv_ns=now_ns, error=FeedDied(process.pid, reason)))
        self.apis.orphan(reason)
        self.users.interrupted(reason)
        for kept in self._kept.values():
            if kept.wish.final:
                continue  # what Binance has refused stays refused
            if kept.wish.state is WishState.CONFIRMED:
                kept.wish.history.repeat("lost", (_last_sign(kept.ring, now_ns), "connection lost"))
            if kept.ring is not None:
                kept.ring.set_state(int(RingState.DOWN))
            trouble = ConnectionLost(str(kept.wish.ws_key), None, reason)
            kept.wish.repeat(WishState.WANTED, None, trouble)
        self._leaving.clear()  # nobody writes any more
        wait = self._backoff.next()
        self._again = self._loop.call_later(wait, self._resume)

    def _resume(self) -> None:
        self._again = None
        try:
            self._begin()
        except OSError as error:
            logger.error("the feed's process cannot be started: %s", error)
            self._again = self._loop.call_later(self._backoff.next(), self._resume)
            return
        for number, kept in self._kept.items():
            if not kept.wish.final:
                self._send_add(number, kept)
        self._books.resume()
        for key in self._connects:
            self._send(Connect(key))
        self.apis.resume()
        self.users.resume()
        self._emit(
            Event(
                kind="feed_restarted",
                ws_key="",
                recv_ns=time.time_ns(),
                reason=f"process {self._process.pid}",
            )
        )

    # -- messages

    def _send(self, message: Any) -> None:
        self._tell_interest()
        self._channel.send(message)

    def _tell_interest(self) -> None:
        interest = self._interest()
        if interest != self._told_interest and not self._channel.is_over:
            self._told_interest = interest
            self._channel.send(interest)

    def _take(self, message: Any) -> None:
        self._takes[type(message)](message)

    def _await_message(self, wanted: Callable[[Any], bool], seconds: float | None = None) -> Any:
        if seconds is None:
            seconds = _ANSWER_SECONDS if self._is_started else _START_SECONDS
        return self._channel.wait_for(wanted, seconds)

    def _ask(self, name: str, *args: Any, seconds: float | None = None) -> Any:
        if self._channel.is_over or self._is_closing:
            return None
        number = next(self._numbers)
        self._send(Question(number, name, args))
        reply = self._await_reply(number, seconds)
        if reply is None:
            return None
        if reply.error is not None:
            raise reply.error
        return reply.result

    def _await_reply(self, number: int, seconds: float | None = None) -> Reply | None:
        def is_it(message: Any) -> bool:
            return isinstance(message, Reply) and message.number == number

        return cast("Reply | None", self._await_message(is_it, seconds))

    def _send_add(self, number: int, kept: _Kept) -> None:
        ring, made = kept.ring, None
        if ring is not None:
            memory = ring.shared_memory
            if memory is None:
                raise AssertionError(f"the ring of {ring.stream} is in no segment")
            made = RingMade(
                kind=ring.kind,
                symbol=ring.symbol,
                capacity=ring.capacity,
                level_capacity=ring.level_capacity,
                symbol_capacity=ring.symbol_capacity,
                offset=memory.offset,
                size=memory.size,
                again=kept.has_fed,
            )
            kept.has_fed = True
        self._send(Add(number, kept.wish.stream, kept.named, made, kept.raw))

    def _number_of(self, wish: Wish) -> int | None:
        if wish.final:
            return None
        return next((number for number, kept in self._kept.items() if kept.wish is wish), None)

    def _end_books(self, of: BookBase | Wish) -> None:
        gone = self._books.remove(of)
        if not self._channel.is_over:
            self._leaving |= gone

    def _forget(self, number: int) -> None:
        kept = self._kept.pop(number)
        self._end_books(kept.wish)
        for place in [place for place, other in self._by_place.items() if other == number]:
            del self._by_place[place]
        if not self._channel.is_over:
            # Kept until the feed has let go of its memory.
            self._leaving[number] = kept.ring
            self._send(Remove(number))

    def _wish_told(self, message: WishTold) -> None:
        kept = self._kept.get(message.number)
        if kept is not None:
            kept.wish.repeat(message.state, message.error, message.trouble)

    def _ledger_told(self, message: LedgerTold) -> None:
        kept = self._kept.get(message.number)
        if kept is not None:
            kept.wish.history.repeat(message.name, message.args)


def _last_sign(ring: RingBase | None, now_ns: int) -> int:
    """Return when a feed that is gone was last known to be there: its last sign of life, or record."""
    if ring is None:
        return now_ns
    newest_ns = 0
    if ring.cursor >= 0:
        with contextlib.suppress(Lapped):  # levels may be gone while their record is the newest
            newest_ns = ring.at(ring.cursor).recv_ns
    return min(max(ring.heartbeat_ns, newest_ns) or now_ns, now_ns)
