"""User data over the WebSocket API: spot with the key itself, margin with a listen token."""

import asyncio
import time
from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from typing import Any, Final

import msgspec

from fastbinance._accounts import AccountKind
from fastbinance._io.api_service import ApiService
from fastbinance._io.rest import Rest
from fastbinance._io.user_stream import UserStream, refusal_of
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.picture import Asked, Question, parameters
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.subscription_session import SubscriptionSession
from fastbinance.keys import WsKey
from fastbinance.request_errors import NotSent, RequestError, RequestOrphaned
from fastbinance.user_events import EventStreamTerminated

__all__ = ["SubscribedStream"]

_TERMINATED: Final = b'"eventStreamTerminated"'


class _Token(msgspec.Struct, rename="camel"):
    token: str
    expiration_time: int | None = None  # in milliseconds since 1970

    def __repr__(self) -> str:
        return f"<listen token until {self.expiration_time}>"


class SubscribedStream(UserStream):
    """The subscription of one account on one service.

    Parameters
    ----------
    kind, symbol, ws_key, credentials, report
        See `UserStream`.
    service
        Whose connections it is on.
    rest
        Gives listen tokens, and answers about margin.
    lookup
        The table of methods.
    backoff
        Delays between attempts.
    reconciles
        See `UserStream`.
    """

    def __init__(
        self,
        kind: AccountKind,
        symbol: str | None,
        ws_key: WsKey,
        credentials: Signer,
        report: Callable[..., None],
        *,
        service: ApiService,
        rest: Rest,
        lookup: Mapping[tuple[Product, str], Method],
        backoff: Backoff,
        reconciles: bool,
    ) -> None:
        super().__init__(
            kind, symbol, ws_key, credentials, report, reconciles=reconciles, backoff=copy(backoff)
        )
        self.service: Final = service
        self._rest = rest
        self._lookup = lookup
        self._session = SubscriptionSession(self, backoff, uses_token=kind.mechanism == "token")
        self._timer: asyncio.TimerHandle | None = None
        self._started = False
        self._token_ends_ms: int | None = None  # of the newest

    def start(self) -> None:
        """See `UserStream`."""
        self._started = True
        self.service.subscribe(self)

    def sample(self) -> None:
        """See `UserStream`; the service looks at its connections."""

    def replace(self) -> int:
        """See `UserStream`; the service replaces its connection."""
        return 0

    def _connection_trouble(self) -> Exception | None:
        return self.service.trouble

    def _stop(self) -> None:
        self._session.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._started:
            self._started = False
            place = self._session.place
            self.service.unsubscribe(self)
            if place is not None:
                self.unsubscribe(*place)

    # -- Subscriber

    def link_ready(self, link: int, /) -> None:
        """See `Subscriber`."""
        self._session.link_ready(link, self._loop.time())
        self._arm()

    def link_lost(self, link: int, /) -> None:
        """See `Subscriber`."""
        self._session.link_lost(link, self._loop.time())
        self._arm()

    def holds(self, link: int, /) -> bool:
        """See `Subscriber`."""
        return self._session.holds(link)

    def take(self, link: int, subscription_id: int, event: bytes, recv_ns: int, /) -> bool:
        """See `Subscriber`."""
        if not self._session.is_mine(link, subscription_id):
            return False
        if self._session.place not in (None, (link, subscription_id)) and _TERMINATED in event:
            return True  # of a subscription that another one has replaced, as we have asked for
        # While one subscription replaces another on a link, both deliver.
        data = self.receive((link, subscription_id), event, recv_ns, subscription_id)
        # One that cannot be read is clear enough all the same.
        if isinstance(data, EventStreamTerminated) or (data is None and _TERMINATED in event):
            self.ended(link, subscription_id)
        return not self._session.is_borrowed(link, subscription_id)

    def adopt(self, link: int, subscription_id: int, /) -> bool:
        """See `Subscriber`."""
        return self._session.adopt(link, subscription_id)

    def ended(self, link: int, subscription_id: int | None, /) -> None:
        """See `Subscriber`."""
        self._session.terminated(subscription_id, link, self._loop.time())
        self._arm()

    # -- SubscriptionDriver

    def subscribe(self, link: int, token: str | None, /) -> None:
        """See `SubscriptionDriver`."""
        params: dict[str, Any] = {}
        token_ends_ms: int | None = None
        if token is not None:
            name, params = "userDataStream.subscribe.listenToken", {"listenToken": token}
            token_ends_ms = self._token_ends_ms
        elif self.service.desk.is_logged_on:
            name = "userDataStream.subscribe"
        else:
            name = "userDataStream.subscribe.signature"

        def settle(result: Any, error: RequestError | None) -> None:
            if self._is_over:
                if error is None:
                    # Binance would go on with it for as long as the connection lives.
                    self.unsubscribe(link, result.subscription_id)
                return
            now = self._loop.time()
            if error is not None:
                others = self.service.others.get(link)
                self._session.subscribe_refused(link, *refusal_of(error), now, others)
                self._tell(error)
            else:
                self.troubles.end()
                ends_ms = getattr(result, "expiration_time", None) or token_ends_ms
                rest = None if ends_ms is None else max(ends_ms - self._server_ms(), 0.0) / 1000.0
                self._session.subscribed(link, result.subscription_id, rest, now)
                # The connection that this one replaces may go now.
                self._loop.call_soon(self.service.release)
            self._arm()

        def ask() -> None:
            # A link that is gone by now is told as lost too.
            if not self._is_over:
                self.service.ask_on(link, self._lookup["spot", name], params, settle)

        # Not at once: what is asked may be answered with a refusal before this returns. And without the token
        # as an argument: asyncio shows the arguments of what fails or is slow.
        self._loop.call_soon(ask)

    def unsubscribe(self, link: int, subscription_id: int, /) -> None:
        """See `SubscriptionDriver`."""
        method = self._lookup["spot", "userDataStream.unsubscribe"]

        def settle(result: Any, error: RequestError | None) -> None:
            # It was polite to ask, and no more; but another stream of the account may have relied on it.
            if error is None:
                self.service.ended(link, subscription_id)

        self._loop.call_soon(self.service.ask_on, link, method, {"subscriptionId": subscription_id}, settle)

    def ask_token(self) -> None:
        """See `SubscriptionDriver`."""
        params: dict[str, Any] = {}
        if self.symbol is not None:
            params = {"isIsolated": True, "symbol": self.symbol}
        call = partial(
            self._rest.call,
            "spot",
            "POST",
            self.kind.path,
            params,
            security="signed",
            credentials=self.credentials,
            answer=_Token,
            is_safe=True,
        )
        self._begin(self._asked(call, self._token_given, self._token_refused), "listen token")

    # -- UserStream

    async def _ask_about(self, question: Question, how: Asked) -> Any:
        """See `UserStream`."""
        if self.kind.rest is not None:
            return await self._rest.call(
                self.kind.rest, "GET", how.name, parameters(question, how, self.symbol), security="signed",
                credentials=self.credentials, weight=how.weight, answer=how.answer, is_safe=True,
            )  # fmt: skip
        answer: asyncio.Future[Any] = self._loop.create_future()

        def settle(result: Any, error: RequestError | None) -> None:
            if not answer.done():
                if error is None:
                    answer.set_result(result)
                else:
                    answer.set_exception(error)

        request = self.service.submit(self._lookup["spot", how.name], parameters(question, how), settle)
        try:
            return await answer
        except asyncio.CancelledError:
            self.service.desk.abandon(request)
            raise

    # -- inside

    @property
    def _is_over(self) -> bool:
        return self.state in ("closed", "failed")

    def _tell(self, error: RequestError) -> None:
        # Why a connection is gone is told by the connection; one that was subscribed already is fine.
        is_gone = isinstance(error, NotSent) or (isinstance(error, RequestOrphaned) and error.status is None)
        is_tried_again = self.state != "live" or self._session.next_at is not None
        if is_tried_again and not is_gone and not self._is_over:
            self.troubles.take(error)

    def _token_given(self, answer: Any) -> None:
        self._token_ends_ms = answer.expiration_time
        self.troubles.passed()
        self._session.token_given(answer.token, self._loop.time())
        self._arm()

    def _token_refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        self._session.token_refused(code, reason, retry_after, now)
        self._arm()

    def _server_ms(self) -> float:
        # Trades are asked for from here on: not from a moment that Binance's clock has not reached yet.
        return self.service.desk.clock.reached_ms(time.time_ns() / 1e6)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._session.next_at
        if at is not None:
            self._timer = self._loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._session.tick(self._loop.time())
        self._arm()
