"""After each proof of a stream: finds out what was missed, and has it delivered."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final

from fastbinance._io.troubles import sentence_of
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.picture import ASKED, Asked, Picture, Plan, Question
from fastbinance._protocol.user_session import WRONG_KEY
from fastbinance.request_errors import AnswerMalformed, RateLimited, RequestError, RequestRejected
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
        could not be at once and is tried again, or where Binance does not let this API key ask. False alone
        where it has been but for fills, because it was given up, or too many trades came before it was done.
    troubled
        Takes why it could not be.
    server_ms
        Binance's time.
    backoff
        Delays between attempts.
    symbol
        Pair of an isolated margin account.
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
        symbol: str | None = None,
    ) -> None:
        self.picture: Final = Picture(account, () if symbol is None else (symbol,))
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
        told: set[Hashable] = set()
        while True:
            try:
                plan = Plan(self.picture, self._reader, int(self._server_ms()))
                await self._carry_out(plan)
                if plan.is_outdated:
                    continue
                is_whole = not self.picture.has_hole
                events = plan.events(time.time_ns())
            except Exception as error:
                # Of whatever kind: without an end of this nobody would hear that events come.
                self._tell(error, told)
                if isinstance(error, RequestRejected) and error.code in WRONG_KEY:
                    self.picture.give_up()
                    return
                wait = error.retry_after if isinstance(error, RateLimited) else 0.0
                await asyncio.sleep(max(wait, self._backoff.next()))
                continue
            for event in events:
                self._deliver(event)
            if not is_whole:
                logger.warning("user data of %s: fills were missed that are not told", self.picture.account)
            if is_whole or not told:
                self._ready(is_whole)
            return

    def _tell(self, error: Exception, told: set[Hashable]) -> None:
        """Tell why it could not be done, the unexpected once, and first of all that it is not done."""
        is_foreseen = isinstance(error, RequestError)
        kind = (type(error), getattr(error, "code", None)) if is_foreseen else sentence_of(error)
        if kind not in told:
            logger.warning("user data of %s: what was missed: %s", self.picture.account, sentence_of(error))
        if is_foreseen or kind not in told:
            self._troubled(error)
        if not told:
            self._ready(False)
        told.add(kind)

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
                    self._read(plan, question, answer)

    def _read(self, plan: Plan, question: Question, answer: Any) -> None:
        try:
            plan.answer(question, answer)
        except ValueError as error:
            method = self._how[question.subject].name
            raise AnswerMalformed(
                f"account {self.picture.account}", method, status=200, problem=str(error)
            ) from None
