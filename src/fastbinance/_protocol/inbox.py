"""What answers say: whose they are, and what became of it."""

from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from fastbinance._protocol.envelope import ErrorBody, Frame, peek_id
from fastbinance._protocol.readiness import SESSION_METHODS, Readiness
from fastbinance._protocol.request_limits import RateLimit, RequestLimits
from fastbinance._protocol.requests import DeskDriver, Link, Request
from fastbinance._protocol.verdicts import WRONG_TIME, is_limited, is_unknown, retry_after_ms
from fastbinance.answers import UNREADABLE, UsdmDepth
from fastbinance.request_errors import (
    AnswerMalformed,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestRejected,
)

__all__ = ["Inbox"]

_TELL_SECONDS: Final = 1.0
# Counters are absolute, so that only the newest of many answers needs to be read.
_READ_SECONDS: Final = 0.02

_decode_frame: Final = msgspec.json.Decoder(Frame).decode
_decode_limits: Final = msgspec.json.Decoder(list[RateLimit] | None).decode


class Outcomes(Protocol):
    """The desk, as far as requests are settled."""

    @property
    def ws_key(self) -> str:
        """Name of the service."""

    def finish(self, request: Request, result: Any, error: RequestError | None) -> None:
        """Settle a request, once."""

    def unknown(self, request: Request, error: RequestError, now: float) -> None:
        """Settle a request that may have been carried out, or find out whether it was."""

    def facts(self, request: Request) -> tuple[str, str, int | str | None, str | None]:
        """Return what every error about a request begins with."""


class Inbox:
    """Takes the answers of one desk.

    Parameters
    ----------
    desk
        See `Outcomes`.
    driver
        Is told what answers no request.
    readiness
        Is told of sessions, and of times that Binance refused.
    limits, account
        What answers say of limits, and whose they are.
    server_ms
        Binance's time now.
    """

    def __init__(
        self,
        desk: Outcomes,
        driver: DeskDriver,
        readiness: Readiness,
        limits: RequestLimits,
        account: str,
        server_ms: Callable[[], float],
    ) -> None:
        #: Answers that no request waits for, and those that do not read.
        self.unmatched = 0
        self.malformed = 0
        self._desk = desk
        self._driver = driver
        self._readiness = readiness
        self._limits = limits
        self._account = account
        self._server_ms = server_ms
        self._tell_at = 0.0
        self._read_at = 0.0
        self._unread: msgspec.Raw | None = None

    def take(self, link: Link, payload: bytes, now: float) -> None:
        """Take in an answer that came on a link."""
        id = peek_id(payload)
        request = None if id is None else link.in_flight.get(id)
        if request is not None:
            self._settle(link, request, payload, now)
            return
        # The id does not stand first, is of another type, or is of no request.
        try:
            frame = _decode_frame(payload)
        except UNREADABLE as error:
            self.malformed += 1
            self._driver.strange(AnswerMalformed(self._desk.ws_key, "", problem=str(error)), payload)
            return
        request = None if frame.id is None else link.in_flight.get(frame.id)
        if request is not None:
            self._settle(link, request, payload, now)
            return
        if frame.rate_limits:
            self._unread = frame.rate_limits
            self.learn(now)
        if frame.id is None and frame.error is not None:
            self._take_unasked(link, frame, frame.error, payload, now)
            return
        self.unmatched += 1
        problem = "it answers no request that waits: late, doubled, or not ours"
        error_of = AnswerMalformed(self._desk.ws_key, "", frame.id, status=frame.status, problem=problem)
        self._driver.strange(error_of, payload)

    def _settle(self, link: Link, request: Request, payload: bytes, now: float) -> None:
        try:
            envelope = request.decoder.decode(payload)
        except UNREADABLE as error:
            self._settle_unreadable(request, payload, str(error), now)
            return
        if envelope.rate_limits:
            self._unread = envelope.rate_limits
            if now >= self._read_at:
                self.learn(now)
        if envelope.error is not None or envelope.status >= 400:
            self._refuse(request, envelope.status, envelope.error or ErrorBody(), envelope.rate_limits, now)
            return
        if request.method.name in SESSION_METHODS:
            self._readiness.answered(link, request)
        result = envelope.result
        if result is msgspec.UNSET:
            self._settle_without_result(request, payload, envelope.status)
            return
        if result.__class__ is UsdmDepth:
            result.take_levels_beside(payload)  # it has come both ways: inside of the result, and beside it
        self._desk.finish(request, result, None)

    def _settle_without_result(self, request: Request, payload: bytes, status: int) -> None:
        """Settle a request whose answer has no result: enough for what has nothing to tell."""
        wanted = request.method.answer
        try:
            result = None if wanted is Any else msgspec.convert({}, wanted)
        except msgspec.ValidationError:
            self.malformed += 1
            error = AnswerMalformed(*self._desk.facts(request), status=status, problem="it has no result")
            self._driver.strange(error, payload)
            self._desk.finish(request, None, error)
        else:
            self._desk.finish(request, result, None)

    def _take_unasked(self, link: Link, frame: Frame, body: ErrorBody, payload: bytes, now: float) -> None:
        """Take an error of no request: a session that has been ended, or a message not understood."""
        status = frame.status or 0
        if status == 401:
            # The key was revoked or bound to another address: the session is nobody's any more.
            link.is_logged_on = False
        if is_limited(status, body):
            self._hold_back(status, body, frame.rate_limits, now)
        error = RequestRejected(
            self._desk.ws_key, "", status=status, code=body.code, reason=body.msg, data=body.data
        )
        self._driver.strange(error, payload)

    def _settle_unreadable(self, request: Request, payload: bytes, problem: str, now: float) -> None:
        """Settle a request whose answer does not read: what became of an order is found out by asking."""
        self.malformed += 1
        try:
            frame = _decode_frame(payload)
        except UNREADABLE:
            frame = Frame()
        status, body = frame.status, frame.error
        error = AnswerMalformed(*self._desk.facts(request), status=status, problem=problem)
        self._driver.strange(error, payload)
        if status is not None and (status >= 400 or body is not None):
            self._refuse(request, status, body or ErrorBody(), frame.rate_limits, now)
        elif status is None and request.resolves:
            orphaned = RequestOrphaned(*self._desk.facts(request), reason="the answer could not be read")
            self._desk.unknown(request, orphaned, now)
        else:
            self._desk.finish(request, None, error)

    def _refuse(
        self, request: Request, status: int, body: ErrorBody, rate_limits: msgspec.Raw, now: float
    ) -> None:
        code, facts = body.code, self._desk.facts(request)
        if is_unknown(status, body):
            reason = f"Binance says: {body.msg or f'status {status}'}"
            self._desk.unknown(request, RequestOrphaned(*facts, reason=reason, status=status, code=code), now)
            return
        refused: RequestRejected
        if is_limited(status, body):
            refused = RateLimited(
                *facts,
                status=status,
                code=code,
                reason=body.msg,
                data=body.data,
                retry_after=self._hold_back(status, body, rate_limits, now),
            )
        else:
            refused = RequestRejected(*facts, status=status, code=code, reason=body.msg, data=body.data)
        if code == WRONG_TIME:
            self._readiness.wrong_time(request.link, now)
        self._desk.finish(request, None, refused)

    def _hold_back(self, status: int, body: ErrorBody, rate_limits: msgspec.Raw, now: float) -> float:
        return self._limits.refused(
            status,
            body.code,
            retry_after_ms(body),
            self._read(rate_limits),
            self._account,
            now,
            self._server_time(body),
        )

    def _server_time(self, body: ErrorBody) -> float:
        """Return Binance's time as it says it, or else as we think it is."""
        told = None if body.data is None else body.data.get("serverTime")
        return told if isinstance(told, int) and not isinstance(told, bool) else self._server_ms()

    def learn(self, now: float) -> None:
        """Read the counters of the newest answer, if nobody has; wants to be called now and then."""
        unread, self._unread = self._unread, None
        if unread is None:
            return
        self._read_at = now + _READ_SECONDS
        server_ms = None
        if now >= self._tell_at:
            # Where windows begin and end is Binance's time. It does not move: once in a while is enough.
            self._tell_at = now + _TELL_SECONDS
            server_ms = self._server_ms()
        for warning in self._limits.learn(self._read(unread), self._account, now, server_ms):
            self._driver.warned(warning)

    def _read(self, rate_limits: msgspec.Raw) -> list[RateLimit]:
        try:
            return (_decode_limits(rate_limits) if rate_limits else None) or []
        except UNREADABLE as error:
            # What a request came to does not depend on them.
            self.malformed += 1
            problem = f"rateLimits: {error}"
            self._driver.strange(AnswerMalformed(self._desk.ws_key, "", problem=problem), bytes(rate_limits))
            return []
