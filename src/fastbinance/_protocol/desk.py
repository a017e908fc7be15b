"""The desk of one service and one pair of credentials: requests out, answers in, one outcome each.

It has no socket and no clock. A request waits until there is a link that is ready, goes out in one frame,
and is settled once: by its answer, by a refusal, because it was never sent, or as unknown. An order whose
outcome is unknown is asked about (see `resolution`) before it is settled.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from fastbinance._protocol.deadlines import Deadlines
from fastbinance._protocol.envelope import Envelope, client_order_ids
from fastbinance._protocol.inbox import Inbox
from fastbinance._protocol.method import Lane, Method, Product, Security
from fastbinance._protocol.outbox import Outbox
from fastbinance._protocol.readiness import Readiness
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.requests import DeskDriver, Link, LinkState, Request, RequestState, Settle
from fastbinance._protocol.resolution import Inquiries
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance.errors import ConfigurationError
from fastbinance.request_errors import (
    NotSent,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestTimeout,
)

__all__ = ["Desk"]

# A link that others replace closes after its last answer, or then.
_LEAVE_SECONDS: Final = 10.0
# A link is given up when nothing has come for the time of a request, and for so long.
_LEAST_SILENCE: Final = 2.0
# Looked up once, and compared by identity: an Enum's hash is made in Python.
_OPEN_TO_ALL: Final = Security.NONE
_WAITING: Final = RequestState.WAITING
_SENT: Final = RequestState.SENT
_ASKING: Final = RequestState.ASKING
_DONE: Final = RequestState.DONE


class Desk:
    """Matches the requests and answers of one service.

    Parameters
    ----------
    ws_key
        Name of the service, for errors.
    driver
        See `DeskDriver`.
    product
        Whose methods it serves.
    credentials
        API key and signer; None where there are none, and only public methods are served.
    clock
        Binance's time as far as it is known.
    limits
        Of this address and account; shared with other desks.
    lookup
        The table of methods.
    ids
        Numbers for requests.
    wall_ms
        Our time in milliseconds since 1970.
    recv_window
        ``recvWindow`` of signed requests that name none, as it goes on the wire; None sends none.
    timeout
        Seconds for an answer where a request names none.
    """

    def __init__(
        self,
        ws_key: str,
        driver: DeskDriver,
        *,
        product: Product,
        credentials: Signer | None,
        clock: ServerClock,
        limits: RequestLimits,
        lookup: Mapping[tuple[Product, str], Method],
        ids: Iterator[int],
        wall_ms: Callable[[], float],
        recv_window: int | str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.ws_key: Final = ws_key
        self.timeout: Final = timeout
        self.clock: Final = clock
        #: Why there is no link, where that is known.
        self.trouble: Exception | None = None
        self._driver = driver
        self._credentials = credentials
        self._account = "" if credentials is None else credentials.api_key
        self._limits = limits
        self._wall_ms = wall_ms
        # By the type of the answer: a method that is called by its name is another one each time.
        self._decoders: dict[Any, Any] = {}
        self._links: dict[int, Link] = {}
        self._current: Link | None = None
        self._waiting: dict[Request, None] = {}  # in order; what is settled leaves it at once
        self._deadlines = Deadlines()
        self._outbox = Outbox(driver, credentials, clock, wall_ms, ids, recv_window)
        self._closed = False
        self._inquiries = Inquiries(self.ask, clock, wall_ms, lookup, self.finish, lambda: self.is_ready)
        self._readiness = Readiness(self, product, credentials, clock, wall_ms, lookup)
        self._inbox = Inbox(
            self, driver, self._readiness, limits, self._account, lambda: clock.timestamp(wall_ms())
        )

    # -- called by who has the sockets

    def submit(
        self,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        now: float,
        timeout: float | None = None,
        resolve: bool = True,
    ) -> Request:
        """Take a request: send it, or keep it until there is a link.

        Raises
        ------
        ConfigurationError
            A parameter is missing, unknown or wrong; or the method wants credentials.
        RateLimited
            Binance would refuse it, as it has said.
        NotSent
            The desk is closed.
        """
        wire = method.check(params)
        if method.security is not _OPEN_TO_ALL and self._credentials is None:
            raise ConfigurationError(
                f"{method.name} wants credentials: give the client api_key= and api_secret="
            )
        client_order_id: str | None = None
        if method.client_id is not None:
            client_order_id = wire.get(method.client_id)
            if client_order_id is None:
                client_order_id = wire[method.client_id] = next(client_order_ids)
        elif method.lane is Lane.CANCEL:
            client_order_id = wire.get("origClientOrderId")
        if self._closed:
            raise NotSent(self.ws_key, method.name, None, client_order_id, reason="the client is closed")
        seconds = self._limits.refusal(method.lane, self._account, now)
        if seconds > 0.0:
            reason = "Binance has refused more until then"
            raise RateLimited(
                self.ws_key, method.name, None, client_order_id, reason=reason, retry_after=seconds
            )
        timeout = self.timeout if timeout is None else timeout
        request = Request(
            method,
            wire,
            self._decoder(method),
            settle,
            timeout,
            now + timeout,
            resolve and method.resolve is not None,
            client_order_id,
        )
        self._deadlines.add(request)
        link = self._current
        if link is None:
            self._waiting[request] = None
            return request
        try:
            self._outbox.send(request, link, now)
        except BaseException:  # of a signer of the caller's: nobody waits for this request any more
            request.state = _DONE
            raise
        return request

    def abandon(self, request: Request) -> None:
        """Forget who waits for a request; what has not been sent is not sent any more."""
        request.settle = _nobody
        request.resolves = False
        if request.state in (_WAITING, _ASKING):
            self.finish(request, None, None)

    def opened(self, number: int, now: float) -> None:
        """Take note of a new link; what waits is sent once it is ready."""
        self._links[number] = link = Link(number)
        self._readiness.begin(link, now)

    def lost(self, number: int, now: float, reason: str = "connection lost") -> None:
        """Take note that a link is gone; its requests have no answer any more."""
        link = self._links.pop(number, None)
        if link is None:
            return
        if link is self._current:
            self._current = None
        orphans, link.in_flight = link.in_flight, {}
        for request in orphans.values():
            if request.state is _SENT:
                self._lose(request, RequestOrphaned(*self.facts(request), reason=reason), now)
        self._inquiries.hurry(now)
        self._ask_on(now)  # once for all of them

    def received(self, number: int, payload: bytes, now: float) -> None:
        """Take in an answer."""
        link = self._links.get(number)
        if link is None:
            return
        link.silent_since = None
        self._readiness.now = now
        self._inbox.take(link, payload, now)
        if link.leave_by is not None:
            self._let_go(link, now)

    def leave(self, number: int, now: float) -> None:
        """Send nothing more on a link; it is retired after its last answer, or after ten seconds."""
        link = self._links.get(number)
        if link is None:
            return
        link.state = LinkState.LEAVING
        link.leave_by = now + _LEAVE_SECONDS
        if link is self._current:
            self._current = None
        self._let_go(link, now)

    def heard(self, number: int, now: float) -> None:
        """Take note that something has come on a link that is no answer."""
        link = self._links.get(number)
        if link is not None:
            link.silent_since = None

    def learn(self, now: float) -> None:
        """Read what the newest answers said of limits; wants to be called some times a second."""
        self._inbox.learn(now)

    def close(self) -> None:
        """Settle everything: what was sent is unknown."""
        self._closed = True
        for request in self._deadlines:
            if request.state is _WAITING:
                self.finish(request, None, NotSent(*self.facts(request), reason="the client was closed"))
            elif request.state is _SENT:
                reason = "the client was closed before the answer"
                self.finish(request, None, RequestOrphaned(*self.facts(request), reason=reason))
        self._inquiries.orphaned()
        self._waiting.clear()
        self._deadlines.clear()

    # -- time

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do; None: not before something happens."""
        times = [self._deadlines.next_at, self._inquiries.next_at]
        times += [link.leave_by for link in self._links.values()]
        if self._current is not None:
            times.append(self._readiness.refresh_at)
        return min((at for at in times if at is not None), default=None)

    def tick(self, now: float) -> None:
        """Do what is due: give up late answers, ask about orders, look at the clock."""
        self.clock.notice(self._wall_ms(), now * 1000.0)
        for request in self._deadlines.due(now):
            self._late(request, now)
        for link in tuple(self._links.values()):
            if link.leave_by is not None:
                self._let_go(link, now)
        if self._current is not None:
            self._readiness.tick(self._current, now)
        self._ask_on(now)

    # -- what is known

    @property
    def is_ready(self) -> bool:
        """Whether a request would be sent at once."""
        return self._current is not None

    @property
    def ready_link(self) -> int | None:
        """Number of the link that requests go out on now; None where there is none."""
        return None if self._current is None else self._current.number

    @property
    def is_logged_on(self) -> bool:
        """Whether requests go out without a signature of their own."""
        return self._current is not None and self._current.is_logged_on

    @property
    def is_asking(self) -> bool:
        """Whether the outcome of an order is being found out."""
        return len(self._inquiries) > 0

    @property
    def unmatched(self) -> int:
        """Answers that no request waited for."""
        return self._inbox.unmatched

    @property
    def malformed(self) -> int:
        """Answers that could not be read."""
        return self._inbox.malformed

    @property
    def pending(self) -> int:
        """How many requests have no outcome yet."""
        counted = (_WAITING, _SENT)
        return sum(request.state in counted for request in self._deadlines) + len(self._inquiries)

    def ask_on(
        self,
        number: int,
        method: Method,
        params: dict[str, Any],
        settle: Settle,
        now: float,
    ) -> bool:
        """Send a request at once on a link of one's choice; False when it is gone."""
        link = self._links.get(number)
        return link is not None and self.ask(method, params, settle, now, self.timeout, link=link)

    # -- for readiness and inquiries

    def ask(
        self,
        method: Method,
        params: dict[str, Any],
        settle: Settle,
        now: float,
        timeout: float,
        decoder: Any = None,
        /,
        *,
        link: Link | None = None,
    ) -> bool:
        """Send a request of our own at once, on a link or on the ready one; False when there is none."""
        link = self._current if link is None else link
        if link is None:
            return False
        seconds = self._limits.refusal(method.lane, self._account, now)
        if seconds > 0.0:
            reason = "Binance has refused more until then"
            settle(None, RateLimited(self.ws_key, method.name, reason=reason, retry_after=seconds))
            return True
        decoder = self._decoder(method) if decoder is None else decoder
        request = Request(method, params, decoder, settle, timeout, now + timeout)
        self._deadlines.add(request)
        self._send_waiting(request, link, now)
        return True

    def ready(self, link: Link, now: float) -> None:
        """Send on this link from now on, first of all what waits."""
        if link.state is not LinkState.PREPARING:
            return
        link.state = LinkState.READY
        self._current = link
        self._driver.ready(link.number)
        # Those that it replaces, also one that is held: that must not become the present one again.
        for older in tuple(self._links.values()):
            if older.number < link.number and older.state is not LinkState.LEAVING:
                self.leave(older.number, now)
        waiting, self._waiting = self._waiting, {}
        for request in waiting:
            self._send_waiting(request, link, now)
        if not link.was_ready:
            # One that was held asks on at its pace: what is refused for its time would come again at once.
            link.was_ready = True
            self._inquiries.hurry(now)
        self._ask_on(now)

    def hold(self, link: Link) -> None:
        """Send nothing on this link before it is ready again."""
        link.state = LinkState.PREPARING
        if link is self._current:
            self._current = None

    def measure(self, now: float) -> None:
        """Measure Binance's time if it is not known, before anything more is sent."""
        if self._current is not None and not self.clock.measured and not self.clock.by_hand:
            self._readiness.wrong_time(self._current, now)

    def fail_waiting(self, error: Callable[[Request], RequestError]) -> None:
        """Settle what waits for a logon that has failed."""
        for request in tuple(self._waiting):
            if request.method.security is not _OPEN_TO_ALL:
                self.finish(request, None, error(request))

    def hang_up(self, link: Link, reason: str) -> None:
        """End a link that is of no use."""
        self._driver.give_up(link.number, reason)

    def authenticated(self, link: Link) -> None:
        """Tell that a link is logged on."""
        self._driver.authenticated(link.number)

    # -- inside

    def _ask_on(self, now: float) -> None:
        """Ask what became of orders; that there is none is certain at a time of Binance's clock."""
        self._inquiries.tick(now)
        if self._current is not None and self.is_asking:
            self._readiness.measure_if_wanted(self._current, now, certainly=True)

    def _send_waiting(self, request: Request, link: Link, now: float) -> None:
        """Send a request whose caller is elsewhere: what fails settles it, and nothing else."""
        try:
            self._outbox.send(request, link, now)
        except Exception as error:
            if request.state is not _WAITING:
                raise
            reason = str(error) if isinstance(error, ConfigurationError) else f"it cannot be encoded: {error}"
            self.finish(request, None, NotSent(*self.facts(request), reason=reason))

    def _late(self, request: Request, now: float) -> None:
        if request.state is _WAITING:
            why = "no connection was ready in time"
            if self.trouble is not None:
                why += f" ({self.trouble})"
            self.finish(request, None, NotSent(*self.facts(request), reason=why))
            return
        if request.state is not _SENT:
            return
        link = request.link
        error = RequestTimeout(*self.facts(request), timeout_seconds=request.timeout)
        if not request.resolves:
            self.finish(request, None, error)
        else:
            # It stays matched: the answer may come before what asking finds.
            self._inquiries.begin(request, error, now)
        since = link.silent_since if link is not None and link.number in self._links else None
        if link is None or since is None:
            return
        # A timer that is late is no silence: something may have come since the request was made. And a time
        # that is shorter than the way there and back says nothing about the link.
        asked_at = request.deadline - request.timeout
        if since <= asked_at and now - since >= max(request.timeout, _LEAST_SILENCE):
            self._driver.give_up(link.number, "no answer, and nothing else has come")

    def unknown(self, request: Request, error: RequestError, now: float) -> None:
        """Settle a request that may have been carried out, or find out whether it was."""
        if request.state is not _ASKING:
            self._lose(request, error, now)
            self._ask_on(now)

    def _lose(self, request: Request, error: RequestError, now: float) -> None:
        self._unmatch(request)
        if request.resolves and not self._closed:
            self._inquiries.begin(request, error, now)
        else:
            self.finish(request, None, error)

    def finish(self, request: Request, result: Any, error: RequestError | None) -> None:
        """Settle a request, once."""
        if request.state is _DONE:
            return
        if request.state is _ASKING:
            self._inquiries.end(request)
        elif request.state is _WAITING:
            self._waiting.pop(request, None)
        self._unmatch(request)
        request.state = _DONE
        settle, request.settle = request.settle, _nobody
        settle(result, error)

    def _unmatch(self, request: Request) -> None:
        """Match no answer to a request any more."""
        if request.link is not None and request.id is not None:
            request.link.in_flight.pop(request.id, None)

    def _let_go(self, link: Link, now: float) -> None:
        if link.leave_by is None or (link.in_flight and now < link.leave_by):
            return
        link.leave_by = None
        self._driver.retire(link.number)

    def _decoder(self, method: Method) -> Any:
        decoder = self._decoders.get(method.answer)
        if decoder is None:
            decoder = self._decoders[method.answer] = msgspec.json.Decoder(Envelope[method.answer])  # type: ignore[name-defined]
        return decoder

    def facts(self, request: Request) -> tuple[str, str, int | str | None, str | None]:
        """Return what every error about a request begins with."""
        return self.ws_key, request.method.name, request.id, request.client_order_id


def _nobody(result: Any, error: RequestError | None) -> None:
    """Settle what nobody waits for."""
