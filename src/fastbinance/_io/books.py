"""Order books while they live: snapshots for those that lost the thread, and what is told of them."""

import asyncio
import logging
import time
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol, TypeAlias

import msgspec
import numpy as np

from fastbinance._io.api_pool import ApiServices
from fastbinance._io.telling import Emit
from fastbinance._io.wishes import Wish, WishState
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.method import Lane
from fastbinance._protocol.rest_messages import WEIGHT_A_MINUTE
from fastbinance._protocol.snapshots import SnapshotRequest, Turn, in_turn
from fastbinance._rest_endpoints import RestProduct
from fastbinance.answers import UNREADABLE
from fastbinance.book_states import BookReason, BookState
from fastbinance.errors import FastBinanceError
from fastbinance.events import Event, EventKind
from fastbinance.request_errors import AnswerMalformed, RateLimited

__all__ = ["BookLike", "Books", "Told"]

logger = logging.getLogger("fastbinance")

# Requests of a product at a time: their weight is known only when they have been answered.
_AT_ONCE: Final = 4
# Of the weight a minute, what is left to everything else of this address.
_SPARED: Final = 0.1
# The windows of weight are Binance's, by its clock; sooner would be a guess.
_LATER: Final = 0.25
# Of a stream without a diff, after which the snapshot is taken as it is.
_QUIET_SECONDS: Final = 1.0
# How long a snapshot that is ahead of the diffs waits for one to prove it, while an older book is served.
_AHEAD_SECONDS: Final = 1.0
# Between two looks at how much of a book is known, and the part of the snapshot below which it is renewed.
_LOOK_SECONDS: Final = 5.0
_SHALLOW: Final = 0.2
_SECONDS: Final = 10.0  # for a snapshot
# Failed ones in a row, after which who waits without a timeout is told.
_HOPELESS_ATTEMPTS: Final = 3

PROVEN, AHEAD = 0, 1
_WHY_NOT: Final = {
    2: "it is older than the diffs",
    3: "it has levels that cannot be",
    4: "a bid is not below its asks",
    5: "prices have left what it tells",
}


class BookLike(Protocol):
    """What is used of a book here; see `_core.book.BookBase`."""

    @property
    def ring(self) -> Any:
        """Of its diffs."""

    def attach_writer(self) -> None:
        """Have what the ring gets applied."""

    def detach_writer(self) -> None:
        """Have nothing applied any more."""

    def wants_snapshot(self) -> bool:
        """Whether only a snapshot helps."""

    def suspend(self) -> None:
        """Take note that diffs may be missed."""

    def load(self, snapshot_id: int, bids: Any, asks: Any, limit: int, unproven_too: bool = ...) -> int:
        """Take a snapshot."""

    def head(self) -> tuple[int, int, int, float, float]:
        """State and reason first."""

    def counters(self) -> tuple[int, int, int, int, int, int, int]:
        """Gaps third."""

    def known_levels(self) -> tuple[int, int]:
        """Of bids and asks."""


#: What is called when a book has changed; see `Books`.
Told: TypeAlias = Callable[[BookLike, str, Exception | None], object]


class _Snapshot(msgspec.Struct, rename="camel"):
    last_update_id: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


# Numbers are text on the wire: without strictness each becomes the nearest double.
_decode: Final = msgspec.json.Decoder(_Snapshot, strict=False).decode


class _Kept:
    """One book."""

    def __init__(
        self, book: BookLike, wish: Wish, request: SnapshotRequest | None, backoff: Backoff, now: float
    ) -> None:
        self.book = book
        self.wish = wish
        self.request = request
        self.backoff = backoff
        self.heat = 0.0
        self.cursor = book.ring.cursor  # what came before says nothing of how busy it is now
        self.confirmed_cursor = -1
        self.is_asked = False
        self.not_before = 0.0
        self.look_at = now + _LOOK_SECONDS
        self.is_shallow = False
        self.pending: tuple[int, Any, Any] | None = None
        self.pending_since = 0.0
        self.shown = BookState.EMPTY
        self.gaps = 0
        self.was_ready = False
        self.trouble = ""
        self.failures = 0  # in a row
        self.hopeless: Exception | None = None
        self.unwatch: Callable[[], None] = lambda: None


class Books:
    """The order books of one client.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    apis
        What has REST, and its limits.
    emit
        Takes every event.
    weights
        Weight a minute of any product, where Binance's is not meant.
    told
        ``told(book, trouble, hopeless)`` is called when a book has changed its state, or its trouble: what
        keeps a snapshot from coming, in a sentence; empty where nothing does. `hopeless` is the error of the
        last attempt, where several in a row have failed.
    rng
        Source of the jitter.
    """

    def __init__(
        self,
        *,
        apis: ApiServices,
        emit: Emit,
        weight_a_minute: int | None = None,
        told: Told = lambda book, trouble, hopeless: None,
        rng: Random | None = None,
    ) -> None:
        self._apis = apis
        self._emit = emit
        self._weight_a_minute = weight_a_minute
        self._told = told
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._kept: dict[BookLike, _Kept] = {}
        self._paused: dict[RestProduct, float] = {}
        self._in_flight: dict[RestProduct, int] = {}  # weight
        self._known: set[RestProduct] = set()  # an answer has told what is used
        self._tasks: set[asyncio.Task[None]] = set()
        self._heat_at = 0.0

    def add(self, book: BookLike, wish: Wish, request: SnapshotRequest | None) -> None:
        """Keep a book from now on.

        Parameters
        ----------
        book
            Which one; its ring is fed by this process.
        wish
            The stream that feeds it.
        request
            For snapshots; None where each message is the whole book.
        """
        now = self._loop.time()
        kept = _Kept(book, wish, request, Backoff(base=0.1, cap=30.0, rng=self._rng), now)
        self._kept[book] = kept
        self._go_on(kept)
        book.attach_writer()
        kept.unwatch = wish.watch(lambda wish: self._wish_changed(kept))

    def remove(self, book: BookLike) -> None:
        """Keep a book no more; its memory stays as it is. Safe to repeat."""
        kept = self._kept.pop(book, None)
        if kept is not None:
            kept.unwatch()
            book.suspend()
            book.detach_writer()

    def sample(self, now: float) -> None:
        """Look at all books: what has become of them, and who wants a snapshot."""
        seconds = now - self._heat_at
        for kept in tuple(self._kept.values()):
            if seconds >= 1.0:
                cursor = kept.book.ring.cursor
                kept.heat = 0.5 * kept.heat + 0.5 * (cursor - kept.cursor) / seconds
                kept.cursor = cursor
            if kept.pending is not None:
                self._try(kept, now)
            self._look(kept, now)
        if seconds >= 1.0:
            self._heat_at = now
        self._ask(now)

    def begin_close(self) -> None:
        """End what is under way."""
        for kept in tuple(self._kept.values()):
            self.remove(kept.book)
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Wait until nothing of it is left on the loop."""
        self.begin_close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # -- what happens to a book

    def _go_on(self, kept: _Kept) -> None:
        """Begin where another feed, which is gone, has been with the book."""
        state, reason, *_ = kept.book.head()
        diffs, _, gaps, snapshots, *_ = kept.book.counters()
        kept.shown, kept.gaps, kept.was_ready = BookState(state), gaps, bool(diffs or snapshots)
        if reason == BookReason.NEW_FEED and kept.was_ready:
            self._report("book_gap", kept, BookReason.NEW_FEED.name.lower())

    def _wish_changed(self, kept: _Kept) -> None:
        if kept.wish.final:
            self.remove(kept.book)
        elif kept.wish.state is WishState.CONFIRMED:
            kept.confirmed_cursor = kept.book.ring.cursor
        else:
            kept.book.suspend()
            self._look(kept, self._loop.time())

    def _look(self, kept: _Kept, now: float) -> None:
        """Tell what has become of a book."""
        state, reason, *_ = kept.book.head()
        gaps = kept.book.counters()[2]
        was_live = kept.shown is BookState.LIVE
        is_live = state == BookState.LIVE
        if was_live and (not is_live or gaps != kept.gaps):
            # One that is over already has left no reason behind.
            self._report("book_gap", kept, BookReason(reason or BookReason.GAP).name.lower())
        if is_live and (not was_live or gaps != kept.gaps):
            self._report("book_resynced" if kept.was_ready else "book_ready", kept)
            kept.was_ready = True
            kept.backoff.reset()
        if state != kept.shown or gaps != kept.gaps:
            kept.shown, kept.gaps = BookState(state), gaps
            self._told(kept.book, kept.trouble, kept.hopeless)
        if is_live and kept.request is not None and now >= kept.look_at:
            kept.look_at = now + _LOOK_SECONDS
            kept.is_shallow = _is_shallow(kept.book, kept.request.limit)

    def _report(self, kind: EventKind, kept: _Kept, reason: str | None = None) -> None:
        self._emit(
            Event(
                kind=kind,
                ws_key=str(kept.wish.ws_key),
                recv_ns=time.time_ns(),
                streams=(kept.wish.name,),
                reason=reason,
            )
        )

    def _trouble(self, kept: _Kept, sentence: str, error: Exception | None = None) -> None:
        """Take note of what has become of an attempt; an empty sentence: it has done well."""
        kept.failures = kept.failures + 1 if error is not None else 0
        hopeless = error if kept.failures >= _HOPELESS_ATTEMPTS else None
        if (sentence, hopeless) != (kept.trouble, kept.hopeless):
            kept.trouble, kept.hopeless = sentence, hopeless
            self._told(kept.book, sentence, hopeless)

    # -- snapshots

    def _ask(self, now: float) -> None:
        """Ask for as many snapshots as may be asked for now."""
        turns: dict[RestProduct, list[Turn[_Kept]]] = {}
        for kept in self._kept.values():
            if kept.request is not None and self._wants(kept, now):
                turn = Turn(kept, kept.request.weight, kept.heat, not kept.is_shallow)
                turns.setdefault(kept.request.product, []).append(turn)
        for product, wanted in turns.items():
            for turn in in_turn(wanted):
                if not self._has_room(product, turn.weight, now):
                    break  # nor may a lighter one of less heat overtake it
                self._begin(turn.who, now)

    def _wants(self, kept: _Kept, now: float) -> bool:
        wish = kept.wish
        if kept.is_asked or kept.pending is not None or now < kept.not_before:
            return False
        if wish.state is not WishState.CONFIRMED:
            return False
        if not kept.book.wants_snapshot():
            return kept.is_shallow
        # A diff first: what the snapshot is to be joined to.
        return kept.book.ring.cursor > kept.confirmed_cursor or now - wish.confirmed_at >= _QUIET_SECONDS

    def _has_room(self, product: RestProduct, weight: int, now: float) -> bool:
        if now < self._paused.get(product, 0.0):
            return False
        under_way = self._in_flight.get(product, 0)
        if under_way and (product not in self._known or under_way >= _AT_ONCE * weight):
            return False
        limits = self._apis.rest_limits(product)
        spared = int(_SPARED * (self._weight_a_minute or WEIGHT_A_MINUTE[product]))
        wait = max(limits.refusal(Lane.READ, "", now), limits.wait_for(weight + under_way + spared, now))
        if wait > 0.0:
            self._paused[product] = now + wait + _LATER
        return wait <= 0.0

    def _begin(self, kept: _Kept, now: float) -> None:
        request = kept.request
        if request is None:
            raise AssertionError("a book without snapshots has no request for one")
        kept.is_asked = True
        self._in_flight[request.product] = self._in_flight.get(request.product, 0) + request.weight
        task = self._loop.create_task(
            self._fetch(kept, request), name=f"fastbinance snapshot {request.symbol}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, kept: _Kept, request: SnapshotRequest) -> None:
        try:
            answer: msgspec.Raw = await self._apis.rest.call(
                request.product,
                "GET",
                request.path,
                {"symbol": request.symbol, "limit": request.limit},
                security="none",
                weight=request.weight,
                answer=msgspec.Raw,
                is_safe=True,
                timeout=_SECONDS,
            )
            found = _decode(answer)
        except FastBinanceError as error:
            self._failed(kept, request, error)
        except UNREADABLE as error:
            self._failed(
                kept,
                request,
                AnswerMalformed(
                    f"{request.product} REST", f"GET {request.path}", status=200, problem=str(error)
                ),
            )
        else:
            self._known.add(request.product)
            kept.pending = found.last_update_id, _levels(found.bids), _levels(found.asks)
            kept.pending_since = self._loop.time()
        finally:
            kept.is_asked = False
            self._in_flight[request.product] -= request.weight
        now = self._loop.time()
        if kept.book in self._kept:
            if kept.pending is not None:
                self._try(kept, now)
                self._look(kept, now)
            self._ask(now)

    def _failed(self, kept: _Kept, request: SnapshotRequest, error: FastBinanceError) -> None:
        now = self._loop.time()
        if isinstance(error, RateLimited):
            # Not this book's fault, and not for it alone.
            self._paused[request.product] = now + error.retry_after
        else:
            kept.not_before = now + kept.backoff.next()
        logger.info("the snapshot of %s has not come: %s", request.symbol, error)
        self._trouble(kept, f"the snapshot has not come: {error}", error)
        self._emit(
            Event(
                kind="exception",
                ws_key=str(kept.wish.ws_key),
                recv_ns=time.time_ns(),
                streams=(kept.wish.name,),
                error=error,
            )
        )

    def _try(self, kept: _Kept, now: float) -> None:
        """Join a snapshot to the diffs, now or when they have come."""
        if kept.pending is None or kept.request is None:
            return
        # Where there is nothing to serve, one that is not proved is better; else the old one is served
        # meanwhile, and a quiet symbol does not wait for ever.
        is_needed = kept.book.wants_snapshot()
        unproven_too = is_needed and (
            kept.shown is BookState.EMPTY or now - kept.pending_since >= _AHEAD_SECONDS
        )
        result = kept.book.load(*kept.pending, kept.request.limit, unproven_too)
        if result == AHEAD and not unproven_too and (is_needed or now - kept.pending_since < _AHEAD_SECONDS):
            return
        kept.pending = None
        kept.is_shallow = False
        if result == PROVEN:
            kept.backoff.reset()
        if result in (PROVEN, AHEAD):
            self._trouble(kept, "")
        else:
            kept.not_before = now + kept.backoff.next()
            why = _WHY_NOT[result]
            logger.info("the snapshot of %s is of no use: %s", kept.request.symbol, why)
            self._trouble(kept, f"the snapshot was of no use: {why}")


def _levels(levels: list[tuple[float, float]]) -> np.ndarray[Any, Any]:
    return np.array(levels, np.float64).reshape(-1, 2)


def _is_shallow(book: BookLike, limit: int) -> bool:
    """Whether prices have moved so far that little is left of what the snapshot knew."""
    _, _, _, bid_floor, ask_ceiling = book.head()
    bids, asks = book.known_levels()
    return (bid_floor > 0 and bids < _SHALLOW * limit) or (
        ask_ceiling != float("inf") and asks < _SHALLOW * limit
    )
