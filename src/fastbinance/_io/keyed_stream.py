"""User data of a listen key: the calls that give and renew it, and the socket that it opens."""

import asyncio
import time
from collections.abc import Callable
from copy import copy
from functools import partial
from random import Random
from typing import Any, Final
from urllib.parse import quote

import msgspec

from fastbinance._accounts import AccountKind
from fastbinance._io.connection import UrlSecret
from fastbinance._io.key_socket import KeySocket
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.rest import Rest
from fastbinance._io.session import FeedFactory
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit
from fastbinance._io.user_stream import UserStream
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.key_session import KeySession
from fastbinance._protocol.picture import Asked, Question, parameters
from fastbinance._protocol.rest_messages import Verb
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance.keys import WsKey
from fastbinance.user_events import ListenKeyExpired, unwrap

__all__ = ["KeyedStream"]

_EXPIRED: Final = "listenKeyExpired"
_EXPIRED_BYTES: Final = b'"listenKeyExpired"'
_SAFE: Final = ""


class _Key(msgspec.Struct, rename="camel"):
    listen_key: str

    def __repr__(self) -> str:
        return "<listen key>"


class _Renewed(msgspec.Struct, rename="camel"):
    listen_key: str | None = None  # of some products

    def __repr__(self) -> str:
        return "<listen key, renewed>"


class KeyedStream(UserStream):
    """One account's listen key and its socket.

    Parameters
    ----------
    kind, symbol, ws_key, credentials, report
        See `UserStream`.
    url
        Of the service, without a key.
    events
        Event types that are wanted, where the service filters; empty for all.
    rest
        Gives listen keys.
    backoff
        Delays between attempts at a call.
    feed_factory, emit, budget, options, rng
        See `Group`.
    reconciles
        See `UserStream`.
    clock
        Binance's time.
    """

    def __init__(
        self,
        kind: AccountKind,
        symbol: str | None,
        ws_key: WsKey,
        credentials: Signer,
        report: Callable[..., None],
        *,
        url: str,
        events: tuple[str, ...],
        rest: Rest,
        backoff: Backoff,
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        rng: Random | None,
        reconciles: bool,
        clock: ServerClock,
    ) -> None:
        super().__init__(
            kind, symbol, ws_key, credentials, report, reconciles=reconciles, backoff=copy(backoff)
        )
        self._clock = clock
        self._events = events
        self._rest = rest
        self._session = KeySession(self, backoff, options.renew_key_every)
        self._timer: asyncio.TimerHandle | None = None
        self._key = ""
        self._secret: UrlSecret | None = None  # of the key
        self._socket = KeySocket(
            ws_key,
            url,
            on_event=self._take,
            on_open=self._opened,
            on_lost=self._lost,
            feed_factory=feed_factory,
            emit=emit,
            budget=budget,
            options=options,
            rng=rng,
        )

    def start(self) -> None:
        """See `UserStream`."""
        self._session.start(self._loop.time())

    def sample(self) -> None:
        """See `UserStream`."""
        self._socket.sample()

    def replace(self) -> int:
        """See `UserStream`."""
        return self._socket.replace()

    @property
    def is_up(self) -> bool:
        """See `UserStream`."""
        return self._socket.is_up

    def stats(self) -> tuple[ConnectionStats, ...]:
        """See `UserStream`."""
        return self._socket.stats()

    def _connection_trouble(self) -> Exception | None:
        return self._socket.trouble

    async def close(self) -> None:
        """See `UserStream`."""
        await super().close()
        await self._socket.close()

    def _stop(self) -> None:
        self._session.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._socket.begin_close()

    # -- KeyDriver

    def ask_key(self) -> None:
        """See `KeyDriver`."""
        self._call("POST", {}, _Key, self._given, self._refused)

    def renew_key(self, key: str, /) -> None:
        """See `KeyDriver`."""
        params = {"listenKey": key} if self.kind.names_key else {}
        self._call("PUT", params, _Renewed, self._renewed, self._not_renewed)

    def open(self, key: str, anew: bool, /) -> None:
        """See `KeyDriver`."""
        if anew or key != self._key or self._secret is None:
            self._secret = UrlSecret(self._tail(key), key, quote(key, safe=_SAFE))
        self._key = key
        # Without the key: asyncio shows the arguments of what fails or is slow.
        self._loop.call_soon(self._open)

    # -- UserStream

    async def _ask_about(self, question: Question, how: Asked) -> Any:
        """See `UserStream`."""
        product = self.kind.rest
        if product is None:
            raise AssertionError(f"{self.kind.name} has nothing to ask")
        return await self._rest.call(
            product, "GET", how.name, parameters(question, how), security="signed",
            credentials=self.credentials, weight=how.weight, answer=how.answer, is_safe=True,
        )  # fmt: skip

    def _server_ms(self) -> float:
        # Trades are asked for from here on: not from a moment that Binance's clock has not reached yet.
        return self._clock.reached_ms(time.time_ns() / 1e6)

    # -- inside

    def _open(self) -> None:
        if self.state not in ("closed", "failed") and self._secret is not None:
            self._socket.open(self._secret)

    def _tail(self, key: str) -> str:
        if not self._events:
            return f"/{quote(key, safe=_SAFE)}"
        # Without it nobody would tell that the key has expired.
        wanted = dict.fromkeys((*self._events, _EXPIRED))
        return f"?listenKey={quote(key, safe=_SAFE)}&events={'/'.join(wanted)}"

    def _opened(self, secret: UrlSecret) -> None:
        if secret is self._secret:
            self._session.opened(self._key, self._loop.time())
            self._arm()

    def _lost(self) -> None:
        self._session.lost(self._loop.time())
        self._arm()

    def _take(self, source: int, payload: bytes, recv_ns: int) -> None:
        _, event = unwrap(payload)
        data = self.receive(source, event, recv_ns, None)
        if isinstance(data, ListenKeyExpired):
            self._session.expired(data.listen_key, self._loop.time())
            self._arm()
        elif data is None and _EXPIRED_BYTES in event:
            # It cannot be read, and what it is about is only too clear.
            self._session.expired(None, self._loop.time())
            self._arm()

    def _call(
        self,
        verb: Verb,
        params: dict[str, Any],
        answer: Any,
        good: Callable[[Any], object],
        bad: Callable[..., object],
    ) -> None:
        product = self.kind.rest
        if product is None:
            raise AssertionError(f"{self.kind.name} has no listen keys")
        # Asked twice it gives the same key.
        call = partial(
            self._rest.call, product, verb, self.kind.path, params,
            security="key", credentials=self.credentials, answer=answer, is_safe=True,
        )  # fmt: skip
        self._begin(self._asked(call, good, bad), "listen key")

    def _given(self, answer: Any) -> None:
        self.troubles.passed()
        self._session.key_given(answer.listen_key, self._loop.time())
        self._arm()

    def _refused(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        self._session.key_refused(code, reason, retry_after, now)
        self._arm()

    def _renewed(self, answer: Any) -> None:
        self.troubles.end()
        self._session.renewed(answer.listen_key, self._loop.time())
        self._arm()

    def _not_renewed(self, code: int | None, reason: str, retry_after: float, now: float) -> None:
        self._session.renewal_refused(code, reason, retry_after, now)
        self._arm()

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
