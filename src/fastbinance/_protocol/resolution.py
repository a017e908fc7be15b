"""What became of an order whose outcome is unknown: asked until it is certain, or until time is up.

Nothing is resent. An order is asked about by the client order id that it carried; that there is none is
certain only when Binance says so after the moment from which it would not have taken the order any more.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from fastbinance._protocol.envelope import Envelope
from fastbinance._protocol.limits import TokenBucket
from fastbinance._protocol.method import Method, Product, Resolve
from fastbinance._protocol.requests import Request, RequestState, Settle
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.answers import UNREADABLE, resolved_answer
from fastbinance.request_errors import (
    AnswerMalformed,
    OrderNeverArrived,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestRejected,
    RequestTimeout,
)

__all__ = ["Inquiries", "Poster"]

# What Binance says when there is no such order, or no such list.
_NOT_FOUND: Final = frozenset({-2013, -2011, -2018})
# Binance checks the time again before the matching engine, which may take ten seconds to answer.
_ENGINE_MS: Final = 10_000.0
# Beyond the moment of certainty: a reconnect and a few questions fit in.
_GRACE_SECONDS: Final = 20.0
# A question weighs 4 on spot, where 6,000 a minute are allowed: half of that is left for everything else.
_ASKS_PER_SECOND: Final = 12.0
_ASKS_AT_ONCE: Final = 25.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_ASK_TIMEOUT: Final = 5.0
# Binance takes a time that is at most this much ahead of its own: an order that is older was another's.
_AHEAD_MS: Final = 1_000

_CANCEL_REPLACE: Final = "order.cancelReplace"

_OPEN: Final = frozenset({"NEW", "PARTIALLY_FILLED", "PENDING_NEW", "PENDING_CANCEL"})


class _Facts(msgspec.Struct, rename="camel"):
    """What is looked at in what was found, an order or a list of orders."""

    status: str | None = None
    time: int | None = None
    transaction_time: int | None = None


_facts: Final = msgspec.json.Decoder(_Facts)
_found: Final = msgspec.json.Decoder(Envelope[msgspec.Raw])


class Poster(Protocol):
    """Sends a question on the ready link; False when there is none."""

    def __call__(
        self,
        method: Method,
        params: dict[str, Any],
        settle: Settle,
        now: float,
        timeout: float,
        decoder: Any = None,
        /,
    ) -> bool:
        """Send it now."""


class _Inquiry:
    """One order that is being asked about."""

    __slots__ = ("asks", "at", "by", "cause", "is_out", "last", "pause", "request", "sure_at_ms", "was_sure")

    def __init__(self, request: Request, cause: RequestError, now: float) -> None:
        self.request: Final = request
        self.cause: Final = cause
        self.sure_at_ms: Final = request.timestamp_ms + request.recv_window_ms + _ENGINE_MS
        self.by: Final = now + (request.recv_window_ms + _ENGINE_MS) / 1000 + _GRACE_SECONDS
        self.at = now
        self.pause = _FIRST_PAUSE
        self.asks = 0
        self.is_out = False
        self.was_sure = False
        self.last = "never asked"


class Inquiries:
    """The orders of one desk whose outcome is being found out.

    Parameters
    ----------
    post
        See `Poster`.
    clock
        Binance's time.
    wall_ms
        Ours, in milliseconds since 1970.
    lookup
        The table of methods.
    finish
        ``finish(request, result, error)`` settles a request.
    is_ready
        Tells whether there is a link to ask on.
    """

    def __init__(
        self,
        post: Poster,
        clock: ServerClock,
        wall_ms: Callable[[], float],
        lookup: Mapping[tuple[Product, str], Method],
        finish: Callable[[Request, Any, RequestError | None], object],
        is_ready: Callable[[], bool],
    ) -> None:
        self._post = post
        self._is_ready = is_ready
        self._clock = clock
        self._wall_ms = wall_ms
        self._lookup = lookup
        self._finish = finish
        self._open: dict[Request, _Inquiry] = {}
        self._bucket: TokenBucket | None = None
        self._not_before = 0.0
        self._most = 0  # at one time, since there were none

    def __len__(self) -> int:
        return len(self._open)

    @property
    def next_at(self) -> float | None:
        """When `tick` has something to do."""
        patience = self._patience
        return min(
            (
                inquiry.by + patience
                if inquiry.is_out
                else min(max(inquiry.at, self._not_before), inquiry.by + patience)
                for inquiry in self._open.values()
            ),
            default=None,
        )

    @property
    def _patience(self) -> float:
        """Seconds more for everybody where many are asked about in turn: for two rounds."""
        return 2.0 * self._most / _ASKS_PER_SECOND if self._most > _ASKS_AT_ONCE else 0.0

    def begin(self, request: Request, cause: RequestError, now: float) -> None:
        """Find out what became of a request; `tick` asks."""
        request.state = RequestState.ASKING
        self._most = max(self._most, len(self._open) + 1) if self._open else 1
        self._open[request] = _Inquiry(request, cause, now)

    def end(self, request: Request) -> None:
        """Stop asking: the request is settled."""
        self._open.pop(request, None)

    def hurry(self, now: float) -> None:
        """Ask again now: there is a new link."""
        for inquiry in self._open.values():
            inquiry.at = min(inquiry.at, now)

    def tick(self, now: float) -> None:
        """Ask what is due, and give up what has been asked for too long."""
        due: list[_Inquiry] = []
        patience = self._patience
        for inquiry in tuple(self._open.values()):
            if now >= inquiry.by + patience:
                self._finish(inquiry.request, None, self._orphaned(inquiry))
            elif now >= inquiry.at and not inquiry.is_out:
                due.append(inquiry)
        if not due:
            return
        if not self._is_ready():
            for inquiry in due:  # `hurry` comes before that, with a link
                inquiry.at = now + _LONGEST_PAUSE
            return
        if self._bucket is None:
            self._bucket = TokenBucket(_ASKS_PER_SECOND, _ASKS_AT_ONCE, now)
        # Who has waited longest is next, so that everybody's turn comes.
        for inquiry in sorted(due, key=_by_time):
            if not self._bucket.take(now):
                self._not_before = self._bucket.next_at(now)
                return
            self._ask(inquiry, now)

    def orphaned(self) -> None:
        """Settle everything as unknown: nobody will ask any more."""
        for inquiry in tuple(self._open.values()):
            self._finish(inquiry.request, None, self._orphaned(inquiry))

    # -- one question

    def _ask(self, inquiry: _Inquiry, now: float) -> None:
        request = inquiry.request
        method, params = self._question(request)
        wall_ms = self._wall_ms()
        # A clock of ours that was set forward looks like time that has passed.
        self._clock.notice(wall_ms, now * 1000.0)
        inquiry.was_sure = self._clock.earliest_ms(wall_ms) > inquiry.sure_at_ms

        def settle(result: Any, error: RequestError | None) -> None:
            self._answered(inquiry, method, result, error)

        # Set first: a refusal settles before the call returns.
        inquiry.is_out = True
        inquiry.asks += 1
        inquiry.at = now + inquiry.pause
        inquiry.pause = min(2.0 * inquiry.pause, _LONGEST_PAUSE)
        if not self._post(method, params, settle, now, _ASK_TIMEOUT, _found):
            inquiry.is_out = False
            inquiry.asks -= 1

    def _question(self, request: Request) -> tuple[Method, dict[str, Any]]:
        product = request.method.product
        if request.method.resolve is Resolve.LIST:
            return self._lookup[product, "orderList.status"], {"origClientOrderId": request.client_order_id}
        method, params = self._lookup[product, "order.status"], {"symbol": request.params["symbol"]}
        if request.method.resolve is Resolve.CANCEL:
            for name in ("orderId", "origClientOrderId"):
                if name in request.params:
                    params[name] = request.params[name]
        else:
            params["origClientOrderId"] = request.client_order_id
        return method, params

    def _answered(self, inquiry: _Inquiry, asked: Method, result: Any, error: RequestError | None) -> None:
        request = inquiry.request
        inquiry.is_out = False
        if request not in self._open:
            return  # the answer itself came meanwhile
        if error is None:
            self._found(inquiry, asked, result)
            return
        inquiry.last = str(error)
        if not isinstance(error, RequestRejected) or error.code not in _NOT_FOUND:
            if isinstance(error, RateLimited):
                inquiry.at += error.retry_after
            return
        if inquiry.was_sure:
            self._absent(inquiry)

    def _found(self, inquiry: _Inquiry, asked: Method, found: msgspec.Raw) -> None:
        request = inquiry.request
        try:
            facts = _facts.decode(found)
            result = resolved_answer(request.method.product, request.method.name, bytes(found), asked.name)
        except UNREADABLE as error:
            # There is one, and there is nothing more to find out about it.
            problem = f"what {asked.name} found: {error}"
            self._finish(request, None, AnswerMalformed(*self._facts(inquiry), status=200, problem=problem))
            return
        if request.method.resolve is Resolve.CANCEL:
            self._found_cancelled(inquiry, facts.status or "", result)
            return
        created = facts.time or facts.transaction_time
        if created is not None and created < request.timestamp_ms - _AHEAD_MS:
            inquiry.last = "there is an older order of this id only"
            if inquiry.was_sure:
                self._absent(inquiry)
        else:
            self._finish(request, result, None)

    def _found_cancelled(self, inquiry: _Inquiry, status: str, result: Any) -> None:
        request = inquiry.request
        if status == "CANCELED":
            self._finish(request, result, None)
        elif status in _OPEN:
            inquiry.last = f"the order is {status}"
            if inquiry.was_sure:
                self._absent(inquiry)
        else:
            # What Binance answers to the cancellation of an order that is no longer open.
            reason = f"the order is {status} (found by order.status; the answer itself was lost)"
            self._finish(request, None, RequestRejected(*self._facts(inquiry), code=-2011, reason=reason))

    def _absent(self, inquiry: _Inquiry) -> None:
        reason = f"{_short(inquiry.cause)}; asked {inquiry.asks} times, at last: {inquiry.last}"
        if inquiry.request.method.name == _CANCEL_REPLACE:
            reason += "; there is no new order, and whether the old one was cancelled is not known"
            self._finish(inquiry.request, None, RequestOrphaned(*self._facts(inquiry), reason=reason))
            return
        self._finish(inquiry.request, None, OrderNeverArrived(*self._facts(inquiry), reason=reason))

    def _orphaned(self, inquiry: _Inquiry) -> RequestError:
        reason = f"{_short(inquiry.cause)}; asked {inquiry.asks} times, at last: {inquiry.last}"
        return RequestOrphaned(*self._facts(inquiry), reason=reason)

    def _facts(self, inquiry: _Inquiry) -> tuple[str, str, int | str | None, str | None]:
        request = inquiry.request
        return inquiry.cause.ws_key, request.method.name, request.id, request.client_order_id


def _by_time(inquiry: _Inquiry) -> float:
    return inquiry.at


def _short(cause: RequestError) -> str:
    """Return what was lost, without what every sentence about the request begins with."""
    if isinstance(cause, RequestTimeout):
        return f"no answer in {cause.timeout_seconds:g} s"
    return cause.reason if isinstance(cause, RequestOrphaned) else str(cause)
