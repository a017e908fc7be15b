"""A connection to a WS API: requests in, answers out, and what is wrong with them on purpose."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from picows import WSCloseCode

from fastbinance.sim.api.envelope import BadEnvelope, parse_request
from fastbinance.sim.api.faulty import AnswerFault, AnswerFaults
from fastbinance.sim.api.service import ApiService
from fastbinance.sim.api.session import Session
from fastbinance.sim.api.target import ApiTarget
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.hosts import Host
from fastbinance.sim.stats import Stats
from fastbinance.sim.wire import text_frame

__all__ = ["ApiConnection"]

# An answer that shall come behind the next one comes alone when there is none.
_LONGEST_HOLD_SECONDS: Final = 0.25


class ApiConnection(Connection):
    """Server side of one connection to a WS API.

    Parameters
    ----------
    target
        What its URL asked for.
    service
        Answers its requests.
    faults
        What is wrong with the answers.
    host, manners, stats, clock_ms, on_change, hangs_up
        As those of `Connection`.
    """

    def __init__(
        self,
        host: Host,
        target: ApiTarget,
        *,
        manners: Manners,
        service: ApiService,
        faults: AnswerFaults,
        stats: Stats,
        clock_ms: Callable[[], int],
        on_change: Callable[[Connection], None],
        hangs_up: bool = False,
    ) -> None:
        super().__init__(
            host,
            target.time_unit,
            manners=manners,
            stats=stats,
            clock_ms=clock_ms,
            on_change=on_change,
            hangs_up=hangs_up,
        )
        self.session = Session(clock_ms(), target.returns_limits)
        self._service = service
        self._faults = faults
        self._late: set[asyncio.TimerHandle] = set()
        self._held: list[bytes] = []

    def notify(self, payload: bytes) -> None:
        """Send what is no answer."""
        self.write(text_frame(payload))

    def hang_up(self) -> None:
        """End the connection of an address that is banned, behind what was sent."""
        self.close(WSCloseCode.POLICY_VIOLATION, "IP banned")

    def notify_shutdown(self, now_ms: int) -> None:
        """Send ``serverShutdown``, which comes as an event without a subscription."""
        self.notify(b'{"event":{"e":"serverShutdown","E":%d}}' % self.time_unit.at(now_ms))

    def _opened(self) -> None:
        if self._transport is not None:
            peer = self._transport.underlying_transport.get_extra_info("peername")
            self.session.address = str(peer[0])
        self._service.join(self)

    def _heard(self, message: bytes) -> None:
        self._stats.requests += 1
        try:
            request = parse_request(message)
        except BadEnvelope as bad:
            self._stats.request_errors += 1
            self._send(self._service.refuse(bad), None)
            return
        fault = self._faults.find(self.host, request.method)
        if fault is not None and fault.kill == "before":
            self.cut()
            return
        answer = self._service.answer(self.host, self.session, request, self.time_unit)
        if answer.status != HTTPStatus.OK:
            self._stats.request_errors += 1
        if fault is not None and fault.kill == "after":
            self.cut()
            return
        text = answer.text
        if fault is not None and fault.status is not None:
            text = self._service.unknown_outcome(request, fault.status)
        if answer.late:
            self._later(answer.late, lambda: self._send(text, fault))
        else:
            self._send(text, fault)
        self._service.tell_ended(self)
        if answer.status == HTTPStatus.IM_A_TEAPOT:
            self._service.hang_up(self.host, self.session.address)

    def _left(self) -> None:
        self._service.leave(self)
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        self._held.clear()

    def _send(self, text: bytes, fault: AnswerFault | None) -> None:
        frame = text_frame(text)
        if fault is None:
            self._deliver(frame)
            return
        rng = self._faults.rng
        if rng.random() < fault.drop:
            return
        if rng.random() < fault.double:
            frame += frame
        if fault.delay or fault.jitter:
            self._later(fault.delay + rng.random() * fault.jitter, lambda: self._deliver(frame))
        elif rng.random() < fault.reorder:
            self._held.append(frame)
            self._later(_LONGEST_HOLD_SECONDS, self._release)
        else:
            self._deliver(frame)

    def _deliver(self, frame: bytes) -> None:
        self.write(frame)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for frame in held:
            self.write(frame)

    def _later(self, seconds: float, send: Callable[[], None]) -> None:
        def ring() -> None:
            self._late.discard(timer)
            send()

        timer = self._loop.call_later(seconds, ring)
        self._late.add(timer)
