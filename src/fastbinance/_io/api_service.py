"""One WebSocket API service: a desk, and the connections that its requests go out on."""

import functools
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, Protocol

from fastbinance._io.api_mail import ApiMail
from fastbinance._io.connection import Connection
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.seat import Seat
from fastbinance._io.session import FeedFactory
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit
from fastbinance._protocol.desk import Desk
from fastbinance._protocol.envelope import request_ids
from fastbinance._protocol.line import Line
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.request_limits import LimitWarning, RequestLimits
from fastbinance._protocol.requests import Request, Settle
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance.errors import TransportError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey
from fastbinance.request_errors import RequestError

__all__ = ["ApiService", "Subscriber"]

logger = logging.getLogger("fastbinance")

#: Of this process: no two of its requests have the same.
_ids: Final = request_ids()
# While the desk asks about orders it is woken this soon after any answer: what is next may be sooner now.
_ASK_SOON: Final = 0.1
_SUBSCRIBES: Final = frozenset({"userDataStream.subscribe", "userDataStream.subscribe.signature"})
_UNSUBSCRIBE: Final = "userDataStream.unsubscribe"
_LOGOUT: Final = "session.logout"
# A link that a subscription is still needed on goes after so long all the same.
_HOLD_SECONDS: Final = 10.0


def _wall_ms() -> float:
    return time.time_ns() / 1e6


class Subscriber(Protocol):
    """Who has a subscription to user data on a service; told of its links by their numbers."""

    def link_ready(self, link: int, /) -> None:
        """Take note of a link that requests go out on from now on."""

    def link_lost(self, link: int, /) -> None:
        """Take note that a link is gone."""

    def take(self, link: int, subscription_id: int, event: bytes, recv_ns: int, /) -> bool:
        """Take an event; tell whether the subscription is this one's alone."""

    def adopt(self, link: int, subscription_id: int, /) -> bool:
        """Have a subscription that is nobody's, if one of this one's is without a name; tell whether."""

    def ended(self, link: int, subscription_id: int | None, /) -> None:
        """Take note that a request has ended a subscription of a link; None for all of them."""

    def holds(self, link: int, /) -> bool:
        """Tell whether a link is needed although there is a newer one."""


class ApiService(Seat):
    """The requests of one pair of credentials to one service.

    Made, called and destroyed on the thread of one running event loop. `submit` returns at once; connecting,
    logging on and retrying happen behind it, from the first request until `close`.

    Parameters
    ----------
    ws_key, product
        The service, after routing, and whose methods it has.
    url
        Where it is.
    credentials
        API key and signer; None where there are none.
    clock, limits, lookup
        See `Desk`.
    feed_factory, emit, budget, options, rng
        See `Group`.
    recv_window, timeout
        See `Desk`.
    hears
        Tells whether anybody wants the events of a kind.
    """

    def __init__(
        self,
        ws_key: WsKey,
        product: Product,
        url: str,
        *,
        credentials: Signer | None,
        clock: ServerClock,
        limits: RequestLimits,
        lookup: Mapping[tuple[Product, str], Method],
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        recv_window: int | str | None = None,
        timeout: float = 10.0,
        hears: Callable[[EventKind], bool] = lambda kind: True,
        rng: Random | None = None,
    ) -> None:
        super().__init__(
            ws_key,
            url,
            feed_factory=feed_factory,
            emit=emit,
            budget=budget,
            options=options,
            rng=rng,
            make_mail=self._make_mail,
        )
        self.desk: Final = Desk(
            str(ws_key),
            self,
            product=product,
            credentials=credentials,
            clock=clock,
            limits=limits,
            lookup=lookup,
            ids=_ids,
            wall_ms=_wall_ms,
            recv_window=recv_window,
            timeout=timeout,
        )
        self._hears = hears
        self._numbers = itertools.count(1)
        # Links by line and lines by link, while they are open.
        self._links: dict[Line, int] = {}
        self._lines: dict[int, Line] = {}
        self._subscribers: list[Subscriber] = []
        #: Ids of the account's subscriptions that callers have made with requests of their own, by link.
        self.others: dict[int, int] = {}
        # Links that have nothing more to answer and are held, and until when.
        self._held: dict[int, float] = {}

    # -- called by who owns it

    def submit(
        self,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        timeout: float | None = None,
        resolve: bool = True,
    ) -> Request:
        """Send a request as soon as possible; see `Desk.submit`."""
        now = self._loop.time()
        request = self.desk.submit(method, params, settle, now, timeout, resolve)
        if method.name in _SUBSCRIBES or method.name in (_UNSUBSCRIBE, _LOGOUT):
            request.settle = functools.partial(self._heed, request, request.settle)
        if self._slot is None:
            self.start()
        if self._timer is None or request.deadline < self._timer_at:
            self._arm()
        return request

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell somebody of links from now on, and of the one there is."""
        self._subscribers.append(subscriber)
        self.start()
        number = self.desk.ready_link
        if number is not None:
            self._loop.call_soon(self._tell_ready, number)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Tell somebody of nothing more."""
        self._subscribers.remove(subscriber)
        self.release()

    def ask_on(self, link: int, method: Method, params: dict[str, Any], settle: Settle) -> bool:
        """Send a request on one link at once; False when that is gone."""
        sent = self.desk.ask_on(link, method, params, settle, self._loop.time())
        self._arm()
        return sent

    def ended(self, link: int, subscription_id: int | None) -> None:
        """Tell of a subscription that a request has ended; None for all of a link."""
        for subscriber in tuple(self._subscribers):
            subscriber.ended(link, subscription_id)

    def release(self) -> None:
        """Let go of links that nobody holds any more."""
        for number in tuple(self._held):
            if not self._is_held(number):
                self._let_go(number)

    def sample(self) -> None:
        """Look at every connection, and at what answers have said of limits."""
        self.desk.learn(self._loop.time())
        super().sample()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known now, of the present connection."""
        if self._slot is None:
            return ()
        stats = self._connections[self._slot.current].stats(0, 0, self._slot.rollovers)
        # The feed does not know which answers could be used.
        stats.counters.rejected = self.desk.malformed + self.desk.unmatched
        return (stats,)

    # -- Seat

    def _came_up(self, line: Line, now: float) -> None:
        self.desk.trouble = None
        self._links[line] = number = next(self._numbers)
        self._lines[number] = line
        self.desk.opened(number, now)

    def _went(self, line: Line, now: float) -> None:
        number = self._links.pop(line, None)
        if number is not None:
            del self._lines[number]
            self._held.pop(number, None)
            self.others.pop(number, None)
            self.desk.lost(number, now)
            for subscriber in tuple(self._subscribers):
                subscriber.link_lost(number)

    def _troubled(self, error: TransportError) -> None:
        self.desk.trouble = error

    def _settle(self) -> None:
        self.desk.close()

    def _tick(self, now: float) -> None:
        self.desk.tick(now)
        for number, until in tuple(self._held.items()):
            if now >= until:
                self._let_go(number)

    def _due_at(self) -> float | None:
        return min((at for at in (self.desk.next_at, *self._held.values()) if at is not None), default=None)

    # -- ConnectionOwner

    def control(self, connection: Connection, payload: bytes, recv_ns: int, /) -> None:
        """See `ConnectionOwner`."""
        self._take_in(connection.line, payload)
        if self._hears("response"):
            self._telling.report("response", payload=payload, recv_ns=recv_ns, line=connection.line.number)

    def pinged(self, connection: Connection, /) -> None:
        """See `ConnectionOwner`."""
        now = self._loop.time()
        connection.line.pinged(now)
        number = self._links.get(connection.line)
        if number is not None:
            self.desk.heard(number, now)

    # -- DeskDriver

    def transmit(self, number: int, frame: bytes, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        if line is not None:
            self._connections[line].send(frame)

    def give_up(self, number: int, reason: str, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        if line is not None:
            logger.warning("%s: connection given up: %s", self.ws_key, reason)
            self._connections[line].hang_up()

    def ready(self, number: int, /) -> None:
        """See `DeskDriver`."""
        line, slot = self._lines.get(number), self._slot
        if line is not None and slot is not None and line is slot.successor:
            self._promote(slot, self._loop.time())
        if self._subscribers:
            self._loop.call_soon(self._tell_ready, number)

    def retire(self, number: int, /) -> None:
        """See `DeskDriver`."""
        if self._is_held(number):
            self._held[number] = self._loop.time() + _HOLD_SECONDS
        else:
            self._let_go(number)

    def _let_go(self, number: int) -> None:
        self._held.pop(number, None)
        line = self._lines.get(number)
        if line is not None and not self._is_current(line):
            line.retire()

    def _is_held(self, number: int) -> bool:
        return any(subscriber.holds(number) for subscriber in self._subscribers)

    def _tell_ready(self, number: int) -> None:
        if number == self.desk.ready_link and not self._closed:
            for subscriber in tuple(self._subscribers):
                subscriber.link_ready(number)

    def authenticated(self, number: int, /) -> None:
        """See `DeskDriver`."""
        line = self._lines.get(number)
        self._telling.report("authenticated", line=0 if line is None else line.number)

    def strange(self, error: RequestError, payload: bytes, /) -> None:
        """See `DeskDriver`."""
        self._telling.report("exception", error=error, payload=payload)

    def warned(self, warning: LimitWarning, /) -> None:
        """See `DeskDriver`."""
        logger.warning("%s: %s", self.ws_key, warning)
        self._telling.report("limit", reason=str(warning))

    # -- inside

    def _make_mail(self, line: Line) -> ApiMail:
        report = self._telling.of_line(line.number)
        return ApiMail(
            self.ws_key,
            report,
            self._loop.time,
            functools.partial(self._take_in, line),
            functools.partial(self._take_event, line),
        )

    def _take_event(self, line: Line, subscription_id: int, event: bytes, recv_ns: int) -> bool:
        number = self._links.get(line)
        if number is None:
            return False
        if any(subscriber.take(number, subscription_id, event, recv_ns) for subscriber in self._subscribers):
            return True
        # Whose id is known comes first: who does not know its own would take everybody's.
        return any(
            subscriber.adopt(number, subscription_id)
            and subscriber.take(number, subscription_id, event, recv_ns)
            for subscriber in self._subscribers
        )

    def _heed(self, request: Request, settle: Settle, result: Any, error: RequestError | None) -> None:
        """Take note of what a request of a caller's own does to subscriptions, and settle it."""
        if error is None and request.link is not None:
            link, name = request.link.number, request.method.name
            if name in _SUBSCRIBES:
                made = result.get("subscriptionId") if isinstance(result, dict) else result.subscription_id
                if isinstance(made, int):
                    self.others[link] = made
            elif name == _LOGOUT:
                # What the session has subscribed ends with it, and Binance tells so.
                self.others.pop(link, None)
            else:
                ended = request.params.get("subscriptionId")
                if ended in (None, self.others.get(link)):
                    self.others.pop(link, None)
                self.ended(link, ended)
        settle(result, error)

    def _take_in(self, line: Line, payload: bytes) -> None:
        """Give the desk an answer of a line, or what there is of one."""
        number = self._links.get(line)
        if number is None:
            return
        now = self._loop.time()
        self.desk.received(number, payload, now)
        if self.desk.is_asking and self._timer_at > now + _ASK_SOON:
            self._arm_at(now + _ASK_SOON)
