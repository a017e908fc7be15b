"""After each proof of a stream: finds out what was missed, and has it delivered."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.picture import ASKED, Asked, Picture, Plan, Question
from fastbinance._protocol.user_session import WRONG_KEY
from fastbinance.request_errors import RateLimited, RequestError, RequestRejected
from fastbinance.user_events import EventReader, UserEvent

__all__ = ["Reconciler"]

logger = logging.getLogger("fastbinance")

# Binance knows no such order: an old one that ended without a fill.
_NO_SUCH_ORDER: Final = -2013


class Reconciler:
    """Keeps the picture of one account, and compares it with what Binance answers.

    Parameters
    ----------
    account
        Kind of account, one of those in `ASKED`.
    reader
        Makes events.
    ask
        ``await ask(question, how)`` puts a question and returns the answer, decoded.
    deliver
        Takes each event that was missed, in order.
    ready
        Called with whether the account has been reconciled: True once it has; False, before that, where it
        could not be at once and is tried again, or where Binance does not let this API key ask.
    troubled
        Takes why it could not be.
    server_ms
        Binance's time.
    backoff
        Delays between attempts.
    """

    def __init__(
        self,
        account: str,
        reader: EventReader,
        *,
        ask: Callable[[Question, Asked], Awaitable[Any]],
        deliver: Callable[[UserEvent], object],
        ready: Callable[[bool], object],
        troubled: Callable[[Exception], object],
        server_ms: Callable[[], float],
        backoff: Backoff,
    ) -> None:
        self.picture: Final = Picture(account)
        self._how: Final = ASKED[account]
        self._reader = reader
        self._ask = ask
        self._deliver = deliver
        self._ready = ready
        self._troubled = troubled
        self._server_ms = server_ms
        self._backoff = backoff
        # Of what comes from here on nothing is missing, once it comes.
        self.picture.mark()

    def interrupted(self) -> None:
        """Take note that events may be missing from here on."""
        self.picture.mark()

    async def run(self) -> None:
        """Reconcile; try again until it is done. Cancelled when the events stop once more."""
        self._backoff.reset()
        is_told = False
        while True:
            plan = Plan(self.picture, self._reader, int(self._server_ms()))
            try:
                await self._carry_out(plan)
            except (RequestError, ValueError) as error:
                self._troubled(error)
                if not is_told:
                    is_told = True
                    self._ready(False)
                if isinstance(error, RequestRejected) and error.code in WRONG_KEY:
                    return
                wait = error.retry_after if isinstance(error, RateLimited) else 0.0
                await asyncio.sleep(max(wait, self._backoff.next()))
                continue
            for event in plan.events(time.time_ns()):
                self._deliver(event)
            self._ready(True)
            return

    async def _carry_out(self, plan: Plan) -> None:
        while not plan.is_done:
            for question in plan.questions():
                try:
                    answer = await self._ask(question, self._how[question.subject])
                except RequestRejected as error:
                    if question.subject != "order" or error.code != _NO_SUCH_ORDER:
                        raise
                    plan.not_found(question)
                else:
                    plan.answer(question, answer)
