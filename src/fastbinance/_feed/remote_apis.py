"""The WebSocket API of a feed in another process."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

from fastbinance._client_options import Settings
from fastbinance._feed.messages import Abandon, Answered, MethodNamed, SetOffset
from fastbinance._feed.messages import Request as RequestSent
from fastbinance._io.api_pool import product_of
from fastbinance._protocol.envelope import client_order_ids
from fastbinance._protocol.method import Method, Security
from fastbinance._protocol.requests import Settle
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, route, stream_url
from fastbinance.request_errors import NotSent, RequestOrphaned

__all__ = ["RemoteApis"]

# Of this process: no two of its requests have one number, whatever becomes of a feed.
_numbers: Final = itertools.count(1)


class _Request:
    """A request that the feed has been told of."""

    __slots__ = ("client_order_id", "key", "method", "number", "settle")

    def __init__(self, key: WsKey, method: str, client_order_id: str | None, settle: Settle) -> None:
        self.number: Final = next(_numbers)
        self.key: Final = key
        self.method: Final = method
        self.client_order_id: Final = client_order_id
        self.settle: Final = settle


class RemoteApis:
    """Sends requests by way of the feed, and settles them when it answers or dies.

    Parameters
    ----------
    settings
        The client's options.
    send
        Sends a message to the feed; what is sent while there is none is lost.
    is_up
        Whether there is a feed.
    """

    def __init__(self, settings: Settings, send: Callable[[Any], object], is_up: Callable[[], bool]) -> None:
        self._settings = settings
        self._send = send
        self._is_up = is_up
        self._open: dict[int, _Request] = {}
        self._offset_ms: float | None = None
        self._is_offset_set = False
        self._closed = False

    def begin(
        self,
        key: WsKey,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        timeout: float | None = None,
        resolve: bool = True,
    ) -> Callable[[], None]:
        """See `ApiServices.begin`."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        product = product_of(key)
        method.check(params)  # here, where the caller is
        if method.security is not Security.NONE and self._settings.credentials is None:
            raise ConfigurationError(
                f"{method.name} wants credentials: give the client api_key= and api_secret="
            )
        given = dict(params)
        client_order_id: str | None = None
        if method.client_id is not None:
            # Ours and not the feed's, so that it is known whatever becomes of that.
            client_order_id = given.get(method.client_id)
            if client_order_id is None:
                client_order_id = given[method.client_id] = next(client_order_ids)
        routed = route(key, self._settings.env)
        request = _Request(routed, method.name, client_order_id, settle)
        if not self._is_up():
            raise NotSent(
                str(routed),
                method.name,
                None,
                client_order_id,
                reason="the feed's process is being restarted",
            )
        self._open[request.number] = request
        named = MethodNamed(
            product, method.name, type(method) is not Method, method.security is not Security.NONE
        )
        self._send(RequestSent(request.number, key, named, given, timeout, resolve))
        return lambda: self._abandon(request.number)

    def url(self, key: WsKey) -> str:
        """Return where a service is."""
        product_of(key)
        settings = self._settings
        return stream_url(
            route(key, settings.env),
            env=settings.env,
            market_maker=settings.market_maker,
            urls=settings.urls,
            named=key,
        )

    def set_offset(self, offset_ms: float | None) -> None:
        """See `ApiServices.set_offset`."""
        self._offset_ms, self._is_offset_set = offset_ms, True
        self._send(SetOffset(offset_ms))

    def _abandon(self, number: int) -> None:
        if self._open.pop(number, None) is not None:
            self._send(Abandon(number))

    # -- called by the pool

    def answered(self, message: Answered) -> None:
        """Settle a request as the feed says."""
        request = self._open.pop(message.number, None)
        if request is not None:
            request.settle(message.result, message.error)  # type: ignore[arg-type]

    def resume(self) -> None:
        """Tell a new feed what the one before knew."""
        if self._is_offset_set:
            self._send(SetOffset(self._offset_ms))

    def orphan(self, why: str) -> None:
        """Settle all that is open: its feed is gone, and whether it was carried out is not known."""
        requests, self._open = tuple(self._open.values()), {}
        for request in requests:
            error = RequestOrphaned(
                str(request.key), request.method, request.number, request.client_order_id, reason=why
            )
            request.settle(None, error)

    def close(self) -> None:
        """Take no more."""
        self._closed = True
