"""User data over the WebSocket API: spot with the key itself, margin with a listen token."""

import asyncio
import time
from collections.abc import Callable, Mapping
from copy import copy
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
from fastbinance.request_errors import RequestError
from fastbinance.user_events import EventStreamTerminated

__all__ = ["SubscribedStream"]


class _Token(msgspec.Struct):
    token: str


class SubscribedStream(UserStream):
    """The subscription of one account on one service.

    Parameters
    ----------
    kind, symbol, ws_key, credentials, report
        See `UserStream`.
    service
        Whose connections it is on.
    rest
        Gives listen tokens.
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

    def start(self) -> None:
        """See `UserStream`."""
        self._started = True
        self.service.subscribe(self)

    def sample(self) -> None:
        """See `UserStream`; the service looks at its connections."""

    def replace(self) -> int:
        """See `UserStream`; the service replaces its connection."""
        return 0

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
        data = self.receive(link, event, recv_ns, subscription_id)
        if isinstance(data, EventStreamTerminated):
            self._session.terminated(subscription_id, link, self._loop.time())
            self._arm()
        return True

    # -- SubscriptionDriver

    def subscribe(self, link: int, token: str | None, /) -> None:
        """See `SubscriptionDriver`."""
        params: dict[str, Any] = {}
        if token is not None:
            name, params = "userDataStream.subscribe.listenToken", {"listenToken": token}
        elif self.service.desk.is_logged_on:
            name = "userDataStream.subscribe"
        else:
            name = "userDataStream.subscribe.signature"

        def settle(result: Any, error: RequestError | None) -> None:
            now = self._loop.time()
            if error is not None:
                self._session.subscribe_refused(link, *refusal_of(error), now)
            else:
                ends_ms = getattr(result, "expiration_time", None)
                rest = None if ends_ms is None else max(ends_ms - self._server_ms(), 0.0) / 1000.0
                self._session.subscribed(link, result.subscription_id, rest, now)
                # The connection that this one replaces may go now.
                self._loop.call_soon(self.service.release)
            self._arm()

        # Not at once: what is asked may be answered with a refusal before this returns.
        self._loop.call_soon(self._ask, link, name, params, settle)

    def unsubscribe(self, link: int, subscription_id: int, /) -> None:
        """See `SubscriptionDriver`."""
        method = self._lookup["spot", "userDataStream.unsubscribe"]
        self._loop.call_soon(
            self.service.ask_on, link, method, {"subscriptionId": subscription_id}, _whatever
        )

    def ask_token(self) -> None:
        """See `SubscriptionDriver`."""
        params: dict[str, Any] = {}
        if self.symbol is not None:
            params = {"isIsolated": True, "symbol": self.symbol}
        call = self._rest.call(
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
        answer: asyncio.Future[Any] = self._loop.create_future()

        def settle(result: Any, error: RequestError | None) -> None:
            if not answer.done():
                if error is None:
                    answer.set_result(result)
                else:
                    answer.set_exception(error)

        request = self.service.submit(self._lookup["spot", how.name], parameters(question), settle)
        try:
            return await answer
        except asyncio.CancelledError:
            self.service.desk.abandon(request)
            raise

    # -- inside

    def _ask(
        self, link: int, name: str, params: dict[str, Any], settle: Callable[[Any, RequestError | None], None]
    ) -> None:
        # A link that is gone by now is told as lost too.
        if self.state not in ("closed", "failed"):
            self.service.ask_on(link, self._lookup["spot", name], params, settle)

    def _token_given(self, answer: Any) -> None:
        self._session.token_given(answer.token, self._loop.time())
        self._arm()

    def _token_refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        self._session.token_refused(code, reason, retry_after, now)
        self._arm()

    def _server_ms(self) -> float:
        return float(self.service.desk.clock.timestamp(time.time_ns() / 1e6))

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


def _whatever(result: Any, error: RequestError | None) -> None:
    """Take the answer of what was only polite to ask."""
