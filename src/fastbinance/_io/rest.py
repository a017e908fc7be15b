"""Requests over HTTP: the few that streaming needs, from signing to the answer or the error that is true."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from fastbinance._io.options import ConnectionOptions
from fastbinance._io.proxy import in_the_clear
from fastbinance._io.rest_call import RestCall
from fastbinance._io.sockets import status_meaning
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.method import Lane
from fastbinance._protocol.request_limits import LimitWarning, RequestLimits
from fastbinance._protocol.rest_messages import (
    WEIGHT_A_MINUTE,
    RestSecurity,
    Verb,
    query_of,
    read_error,
    retry_at_ms,
    secrets_in,
    signed_query,
    whole_number,
)
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.verdicts import WRONG_TIME, is_limited, is_unknown
from fastbinance._rest_endpoints import RestProduct, rest_url, time_path
from fastbinance.answers import UNREADABLE
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment
from fastbinance.request_errors import (
    AnswerMalformed,
    NotSent,
    RateLimited,
    RequestError,
    RequestOrphaned,
    RequestRejected,
    RequestTimeout,
)

if TYPE_CHECKING:
    from fastbinance._io.rest_http import Http, Reply

__all__ = ["LONGEST_ANSWER", "Rest"]

logger = logging.getLogger("fastbinance")

#: Bytes: twice what the longest answer has, all symbols of spot.
LONGEST_ANSWER: Final = 32 * 1024 * 1024

_API_KEY: Final = "X-MBX-APIKEY"
_SAPI: Final = "/sapi/"
# Of what may be sent twice; who renews a key in half an hour has the time for more.
_RETRIES: Final = 2
# Of the question for Binance's time.
_TIME_WEIGHT: Final = 1


class _Time(msgspec.Struct, rename="camel"):
    server_time: int


class Rest:
    """What one client asks of Binance over HTTP.

    Made, called and closed on the thread of one running event loop. Nothing is loaded or connected before the
    first call.

    Parameters
    ----------
    env, market_maker, urls
        Where Binance is; `urls` as `check_rest_urls` returns them.
    options
        See `ConnectionOptions`: its TLS context, proxy, headers, source address and time for a handshake are
        those of requests too.
    limits
        The limits of a product, shared with its WebSocket API.
    clock
        The clock of a product, shared likewise.
    timeout
        Seconds for a call with all its attempts.
    recv_window
        ``recvWindow`` of signed requests that name none, as it goes on the wire; None sends none.
    rng
        Source of the jitter.
    warned
        ``warned(service, warning)`` is told when most of a limit is used.
    longest_answer
        Bytes.
    """

    def __init__(
        self,
        *,
        options: ConnectionOptions,
        limits: Callable[[RestProduct], RequestLimits],
        clock: Callable[[RestProduct], ServerClock],
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Mapping[RestProduct, str] | None = None,
        timeout: float = 10.0,
        recv_window: int | str | None = None,
        rng: Random | None = None,
        warned: Callable[[str, LimitWarning], object] = lambda service, warning: None,
        longest_answer: int = LONGEST_ANSWER,
    ) -> None:
        self._options = options
        self._limits = limits
        self._clock = clock
        self._env = env
        self._market_maker = market_maker
        self._urls = urls
        self._timeout = timeout
        self._recv_window = recv_window
        self._rng = Random() if rng is None else rng
        self._warned = warned
        self._longest_answer = longest_answer
        self._loop = asyncio.get_running_loop()
        self._http: asyncio.Future[Http] | None = None
        self._decoders: dict[Any, Any] = {}
        self._measuring: dict[RestProduct, asyncio.Lock] = {}
        self._of_paths: dict[str, RequestLimits] = {}
        # Of the calls that are under way: closing lets their time be up.
        self._scopes: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def url(self, product: RestProduct) -> str:
        """Return where the requests of a product go.

        Raises
        ------
        ConfigurationError
            It has none in this environment.
        """
        return rest_url(product, env=self._env, market_maker=self._market_maker, urls=self._urls)

    def check(
        self, product: RestProduct, path: str, security: RestSecurity, credentials: Signer | None
    ) -> None:
        """Refuse what `call` would, so that whoever calls later can be told at once.

        Raises
        ------
        ConfigurationError
            See `call`.
        """
        url = self.url(product)
        if security == "none":
            return
        if credentials is None:
            raise ConfigurationError(f"{path} wants credentials: give the client api_key= and api_secret=")
        listener = in_the_clear(url, self._options.proxy)
        if listener is not None:
            raise ConfigurationError(
                f"{product} REST would send the API key in the clear to {listener}: use https://"
            )

    async def call(
        self,
        product: RestProduct,
        verb: Verb,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        security: RestSecurity,
        credentials: Signer | None = None,
        weight: int = 1,
        answer: Any = Any,
        is_safe: bool,
        timeout: float | None = None,
    ) -> Any:
        """Send a request and return its answer.

        A signed one whose time Binance refuses is sent once more with a better one. What may be sent twice is
        sent up to three times where no connection could be made, the connection was lost, or Binance has a
        problem of its own (5xx).

        Parameters
        ----------
        product, verb, path
            Which request.
        params
            Names and values, percent-encoded here; None is left out.
        security
            ``"none"``, ``"key"`` or ``"signed"``.
        credentials
            Whose; not needed for ``"none"``.
        weight
            What it counts against the limit of the address, or of its path under ``/sapi``.
        answer
            Type to decode to.
        is_safe
            Whether it does no harm to be carried out twice.
        timeout
            Seconds, if not the client's.

        Raises
        ------
        ConfigurationError
            The product is not there in this environment, credentials are missing, or the API key would leave
            this machine in the clear.
        RequestError
            See `request_errors`.
        """
        self.check(product, path, security, credentials)
        call = RestCall(product, verb, path, params or {}, security, credentials, weight, answer, is_safe)
        if self._closed:
            raise NotSent(*call.names, reason="the client is closed")
        result, error = await self._within(call, self._timeout if timeout is None else timeout)
        # Raised here, behind everything that has seen keys: no error has another one of aiohttp's within.
        if error is not None:
            raise error
        return result

    async def close(self) -> None:
        """End what is under way, and all connections."""
        self._closed = True
        for scope in self._scopes:
            if not scope.expired():
                scope.reschedule(self._loop.time())
        await self._idle.wait()
        http, self._http = self._http, None
        if http is None:
            return
        await asyncio.wait([http])  # it may still be loading
        if not http.cancelled() and http.exception() is None:
            await http.result().close()

    # -- one call

    async def _within(self, call: RestCall, timeout: float) -> tuple[Any, RequestError | None]:
        """Return the result or the error of a call, in bounded time."""
        scope: asyncio.Timeout | None = None
        try:
            async with asyncio.timeout(timeout) as scope:
                self._scopes.add(scope)
                self._idle.clear()
                return await self._attempts(call)
        except TimeoutError:
            pass  # what that means is said below, without it as a context
        finally:
            if scope is not None:
                self._scopes.discard(scope)
            if not self._scopes:
                self._idle.set()
        if not call.is_sent:
            why = "the client was closed" if self._closed else f"no connection within {timeout:g} s"
            return None, NotSent(*call.facts, reason=why)
        if self._closed:
            return None, RequestOrphaned(*call.facts, reason="the client was closed before the answer")
        return None, RequestTimeout(*call.facts, timeout_seconds=timeout)

    async def _attempts(self, call: RestCall) -> tuple[Any, RequestError | None]:
        options, clock = self._options, self._clock(call.product)
        backoff = Backoff(base=options.backoff_base, cap=options.backoff_cap, rng=self._rng)
        is_told_time = False
        while True:
            seconds = self._held_back(call)
            if call.security == "signed" and seconds <= 0.0:
                await self._measure(call.product, clock)
                seconds = self._held_back(call)  # as that has been answered
            if seconds > 0.0:
                reason = "Binance has refused more until then"
                return None, RateLimited(*call.names, reason=reason, retry_after=seconds)
            result, error, again = await self._attempt(call)
            wrong_time = isinstance(error, RequestRejected) and error.code == WRONG_TIME
            if wrong_time and not is_told_time and not clock.by_hand:
                # It was not carried out, whatever it was.
                is_told_time = True
                clock.distrust()
                continue
            if error is None or not again or backoff.retries == _RETRIES:
                return result, error
            await asyncio.sleep(backoff.next())

    def _held_back(self, call: RestCall) -> float:
        now, weight, own = self._loop.time(), call.weight, self._limits_of(call)
        if call.security == "signed" and self._clock(call.product).wants_refresh(_wall_ms()):
            weight += _TIME_WEIGHT  # of what is asked first
        of_address = self._limits(call.product).refusal(Lane.READ, call.account, now)
        return max(of_address, own.refusal(Lane.READ, call.account, now), own.wait_for(weight, now))

    def _limits_of(self, call: RestCall) -> RequestLimits:
        """Return what a call is counted against: each path of /sapi has limits of its own.

        Source: Margin Trading REST API, "General Info", "Limits on /api/* and /sapi/*".
        """
        if not call.path.startswith(_SAPI):
            return self._limits(call.product)
        return self._of_paths.setdefault(call.path, RequestLimits(call.product))

    async def _attempt(self, call: RestCall) -> tuple[Any, RequestError | None, bool]:
        """Return the result or the error of one attempt, and whether another one may do better."""
        from fastbinance._io.rest_http import Reply, Sending

        call.sending = None
        http = await self._loaded()
        call.sending = sending = Sending()
        credentials, headers = call.credentials, {}
        if call.security != "none" and credentials is not None:
            headers[_API_KEY] = credentials.api_key
        query = self._query(call)
        url = self.url(call.product) + call.path + (f"?{query}" if query else "")
        reply = await http.exchange(call.verb, url, headers, call.is_safe, sending)
        if isinstance(reply, Reply):
            return self._judge(call, reply)
        if not call.is_sent:
            return None, NotSent(*call.facts, reason=reply.sentence), call.is_safe
        return None, RequestOrphaned(*call.facts, reason=reply.sentence), call.is_safe

    def _query(self, call: RestCall) -> str:
        if call.security != "signed" or call.credentials is None:
            return query_of(call.params)
        timestamp = self._clock(call.product).timestamp(_wall_ms())
        query, call.signature = signed_query(call.params, timestamp, self._recv_window, call.credentials)
        return query

    # -- what an answer says

    def _judge(self, call: RestCall, reply: "Reply") -> tuple[Any, RequestError | None, bool]:
        limits, now = self._limits(call.product), self._loop.time()
        server_ms = self._clock(call.product).timestamp(_wall_ms())
        used = whole_number(reply.used_weight)
        if used is not None:
            assumed = self._options.weight_a_minute or WEIGHT_A_MINUTE[call.product]
            for warning in limits.learn_weight(used, assumed, now, server_ms):
                logger.warning("%s: %s", call.names[0], warning)
                self._warned(call.names[0], warning)
        status = reply.status
        if status >= 400:
            error = self._refusal(call, reply, limits, now, server_ms)
            return None, error, call.is_safe and status >= 500
        if reply.body is None:
            problem = f"it is longer than {self._longest_answer:,} bytes"
        elif status >= 300:
            problem = "it leads elsewhere, where nothing of ours is sent"
        else:
            try:
                return self._decoder(call.answer).decode(reply.body), None, False
            except UNREADABLE as error_of:
                problem = str(error_of)
        return None, AnswerMalformed(*call.facts, status=status, problem=problem), False

    def _refusal(
        self, call: RestCall, reply: "Reply", limits: RequestLimits, now: float, server_ms: float
    ) -> RequestError:
        status = reply.status
        body = read_error(reply.body or b"", self._secrets(call))
        text = body.msg or (
            "" if body.code is not None else f"HTTP status {status}: {status_meaning(status)}"
        )
        if is_unknown(status, body):
            reason = f"Binance says: {text}"
            return RequestOrphaned(*call.facts, reason=reason, status=status, code=body.code)
        if not is_limited(status, body):
            return RequestRejected(*call.facts, status=status, code=body.code, reason=text)
        retry_at = retry_at_ms(reply.retry_after, body.msg, server_ms)
        if status != HTTPStatus.IM_A_TEAPOT:  # a ban is the whole address's
            limits = self._limits_of(call)
        seconds = limits.refused(status, body.code, retry_at, (), call.account, now, server_ms)
        return RateLimited(*call.facts, status=status, code=body.code, reason=text, retry_after=seconds)

    def _secrets(self, call: RestCall) -> tuple[str, ...]:
        """Return what was sent and must not come back: keys, listen keys, and the words of headers."""
        signature = call.signature
        return (
            *self._options.secrets, call.account, signature, unquote(signature), *secrets_in(call.params)
        )  # fmt: skip

    def _decoder(self, answer: Any) -> Any:
        decoder = self._decoders.get(answer)
        if decoder is None:
            decoder = self._decoders[answer] = msgspec.json.Decoder(answer)
        return decoder

    # -- Binance's time

    async def _measure(self, product: RestProduct, clock: ServerClock) -> None:
        """Ask for Binance's time if it is not known well enough."""
        async with self._measuring.setdefault(product, asyncio.Lock()):
            clock.notice(_wall_ms(), self._loop.time() * 1e3)
            if not clock.wants_refresh(_wall_ms()):
                return
            owner, path = time_path(product)
            call = RestCall(owner, "GET", path, {}, "none", None, _TIME_WEIGHT, _Time, True)
            if self._held_back(call) > 0.0:
                return  # a ban is one of all that is asked there
            result, error, _ = await self._attempt(call)
            if error is None and call.sending is not None and call.sending.at_ms is not None:
                clock.observe(call.sending.at_ms, _wall_ms(), result.server_time)
            elif error is not None:
                # No reason to send nothing: what is asked for next meets the same, and its caller is told.
                logger.debug("%s", error)

    # -- inside

    async def _loaded(self) -> "Http":
        """Return what sends, loaded and made at the first call, and at the next where that has failed.

        Loading and reading the system's certificates take tenths of a second: on a thread, while the feed
        that runs on this one goes on.
        """
        if self._http is None or _has_failed(self._http):
            self._http = asyncio.ensure_future(self._load())
        # A call that is given up must not take it from the others.
        return await asyncio.shield(self._http)

    async def _load(self) -> "Http":
        context = await asyncio.to_thread(_loaded_context, self._options.ssl_context)
        from fastbinance._io.rest_http import Http

        return Http(self._options, context, _wall_ms, self._longest_answer)


def _has_failed(loading: "asyncio.Future[Http]") -> bool:
    return loading.done() and (loading.cancelled() or loading.exception() is not None)


def _loaded_context(context: ssl.SSLContext | None) -> ssl.SSLContext:
    from fastbinance._io import rest_http  # noqa: F401  # so that it is loaded here

    return ssl.create_default_context() if context is None else context


def _wall_ms() -> float:
    return time.time_ns() / 1e6
