"""The requests of one client: a service for each WebSocket API and each pair of credentials, and REST."""

import asyncio
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from fastbinance._io.api_service import ApiService
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.proxy import in_the_clear
from fastbinance._io.rest import Rest
from fastbinance._io.session import FeedFactory
from fastbinance._io.shared_limits import limits_for, orders_together
from fastbinance._io.sockets import is_loopback
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.telling import Emit
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.request_limits import LimitWarning, RequestLimits, Use
from fastbinance._protocol.requests import Request, Settle
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._protocol.signing import Signer
from fastbinance._rest_endpoints import RestProduct, rest_url
from fastbinance.errors import ConfigurationError
from fastbinance.events import Event, EventKind
from fastbinance.keys import Environment, Urls, WsKey, base_url, describe, parse_key, route, stream_url

__all__ = ["ApiServices", "product_of", "takes_requests"]

_PRODUCTS: Final[Mapping[WsKey, Product]] = {
    WsKey.MAIN_WS_API: "spot",
    WsKey.MAIN_WS_API2: "spot",
    WsKey.MAIN_WS_API_TESTNET: "spot",
    WsKey.MARGIN_USER_DATA: "spot",
    WsKey.USDM_WS_API: "usdm",
    WsKey.USDM_WS_API_TESTNET: "usdm",
    WsKey.COINM_WS_API: "coinm",
    WsKey.COINM_WS_API_TESTNET: "coinm",
}


def product_of(ws_key: WsKey | str) -> Product:
    """Return the product whose methods a service has.

    Raises
    ------
    ConfigurationError
        It takes no requests; the message names those that do.
    """
    key = parse_key(ws_key)
    if key not in _PRODUCTS:
        raise ConfigurationError(
            f"{key} ({describe(key).product}) takes no requests; these do: {', '.join(_PRODUCTS)}"
        )
    return _PRODUCTS[key]


def takes_requests(key: WsKey | None) -> bool:
    """Tell whether a service is one of those that requests go to, and subscriptions to user data."""
    return key in _PRODUCTS


class ApiServices:
    """The requests of one client.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    feed_factory, emit, options, budget, rng
        See `Pool`.
    env, market_maker, urls, rest_urls
        Where Binance is; `rest_urls` as `check_rest_urls` returns them.
    lookup
        The table of methods.
    credentials
        Of requests that name none.
    recv_window, timeout
        See `Desk`.
    time_offset
        Milliseconds that Binance's clock is ahead of ours, set by hand; None is measured.
    hears
        Tells whether anybody wants the events of a kind.
    """

    def __init__(
        self,
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        options: ConnectionOptions,
        budget: ConnectBudget,
        lookup: Mapping[tuple[Product, str], Method],
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        rest_urls: Mapping[RestProduct, str] | None = None,
        credentials: Signer | None = None,
        recv_window: int | str | None = None,
        timeout: float = 10.0,
        time_offset: float | None = None,
        hears: Callable[[EventKind], bool] = lambda kind: True,
        rng: Random | None = None,
    ) -> None:
        self._feed_factory = feed_factory
        self._emit = emit
        self._options = options
        self._budget = budget
        self._lookup = lookup
        self._env = env
        self._market_maker = market_maker
        self._urls = urls
        self._rest_urls = rest_urls
        self._credentials = credentials
        self._recv_window = recv_window
        self._timeout = timeout
        self._time_offset = time_offset
        self._hears = hears
        self._rng = rng
        # Looked up for each request, by the key that the caller names, with the client's own credentials.
        self._own: dict[WsKey, ApiService] = {}
        self._services: dict[tuple[WsKey, str, Signer | None], ApiService] = {}
        self._clocks: dict[RestProduct, ServerClock] = {}
        self._rest: Rest | None = None
        self._rest_limits: dict[RestProduct, RequestLimits] = {}
        self._own_orders: dict[str, dict[str, Use]] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def submit(
        self,
        key: WsKey,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        timeout: float | None = None,
        resolve: bool = True,
        credentials: Signer | None = None,
    ) -> tuple[ApiService, Request]:
        """Send a request; return it, and whose it is. See `Desk.submit`."""
        service = self._own.get(key) if credentials is None else None
        if service is None:
            service = self.service(key, credentials)
        return service, service.submit(method, params, settle, timeout, resolve)

    def begin(
        self,
        key: WsKey,
        method: Method,
        params: Mapping[str, Any],
        settle: Settle,
        timeout: float | None = None,
        resolve: bool = True,
    ) -> Callable[[], None]:
        """Send a request; the returned function says that nobody waits for its answer any more."""
        service, request = self.submit(key, method, params, settle, timeout, resolve)
        return lambda: service.desk.abandon(request)

    def service(self, key: WsKey, credentials: Signer | None = None) -> ApiService:
        """Return a service, made if need be; it connects with its first request.

        Raises
        ------
        ConfigurationError
            It takes no requests, does not exist in this environment, or the API key would leave this machine
            in the clear.
        """
        is_own = credentials is None
        credentials = self._credentials if is_own else credentials
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        product, routed, url = product_of(key), route(key, self._env), self.url(key)
        service = self._services.get((routed, url, credentials))
        if service is None:
            service = self._make(routed, product, url, credentials)
            self._services[routed, url, credentials] = service
        if is_own:
            self._own[key] = service
        return service

    def url(self, key: WsKey) -> str:
        """Return where a service is."""
        product_of(key)
        return stream_url(
            route(key, self._env), env=self._env, market_maker=self._market_maker, urls=self._urls, named=key
        )

    @property
    def rest(self) -> Rest:
        """What asks over HTTP."""
        if self._rest is None:
            self._rest = Rest(
                options=self._options,
                limits=self.rest_limits,
                clock=self.clock,
                env=self._env,
                market_maker=self._market_maker,
                urls=self._rest_urls,
                timeout=self._timeout,
                recv_window=self._recv_window,
                rng=self._rng,
                warned=self._warned,
            )
        return self._rest

    def clock(self, product: RestProduct) -> ServerClock:
        """Return Binance's time as a product tells it."""
        if product not in self._clocks:
            self._clocks[product] = clock = ServerClock()
            clock.set(self._time_offset)
        return self._clocks[product]

    def rest_limits(self, product: RestProduct) -> RequestLimits:
        """Return the limits of a product's REST: those of its WebSocket API, unless it is on this machine."""
        limits = self._rest_limits.get(product)
        if limits is None:
            there = rest_url(product, env=self._env, market_maker=self._market_maker, urls=self._rest_urls)
            if is_loopback(urlsplit(there).hostname or ""):
                limits = RequestLimits(product, self._own_orders.setdefault(orders_together(product), {}))
            else:
                is_own = product in (self._rest_urls or {})
                limits = limits_for(there if is_own else self._env, product, self._options.source_address)
            self._rest_limits[product] = limits
        return limits

    def set_offset(self, offset_ms: float | None) -> None:
        """Set by how many milliseconds Binance's clocks are ahead of ours; None measures."""
        self._time_offset = offset_ms
        for clock in self._clocks.values():
            clock.set(offset_ms)
        for service in self._services.values():
            service.desk.measure(self._loop.time())

    def connect(self, key: WsKey) -> None:
        """Connect ahead of the first request."""
        self.service(key).start()

    def is_connected(self, key: WsKey) -> bool:
        """Tell whether a connection of a service is open."""
        return any(service.is_up for service in self._of(key))

    def replace(self, key: WsKey | None = None) -> int:
        """Replace connections by new ones; return how many that concerns."""
        services = self._services.values() if key is None else self._of(key)
        return sum(service.replace() for service in tuple(services))

    def end(self, key: WsKey) -> None:
        """Close the connections of a service; requests without an answer are settled."""
        ending = self._of(key)
        for place in [place for place, service in self._services.items() if service in ending]:
            del self._services[place]
        for name in [name for name, service in self._own.items() if service in ending]:
            del self._own[name]
        for service in ending:
            task = self._loop.create_task(service.close(), name=f"fastbinance end of {service.ws_key}")
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    def sample(self) -> None:
        """Look at every connection."""
        for service in self._services.values():
            service.sample()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known about each connection now."""
        return tuple(stats for service in self._services.values() for stats in service.stats())

    def begin_close(self) -> None:
        """Settle all requests and say goodbye everywhere; `close` waits for the end."""
        self._closed = True
        self._own.clear()
        for service in self._services.values():
            service.begin_close()

    async def close(self) -> None:
        """End everything; nothing of it is left on the loop."""
        self.begin_close()
        rest = () if self._rest is None else (self._rest.close(),)
        await asyncio.gather(*(service.close() for service in self._services.values()), *rest)
        while self._endings:
            await asyncio.wait(self._endings)

    def _warned(self, service: str, warning: LimitWarning) -> None:
        self._emit(Event(kind="limit", ws_key=service, recv_ns=time.time_ns(), reason=str(warning)))

    def _of(self, key: WsKey) -> tuple[ApiService, ...]:
        routed, url = route(key, self._env), self.url(key)
        return tuple(
            service
            for (there, where, _), service in self._services.items()
            if (there, where) == (routed, url)
        )

    def _make(self, routed: WsKey, product: Product, url: str, credentials: Signer | None) -> ApiService:
        listener = in_the_clear(url, self._options.proxy)
        if credentials is not None and listener is not None:
            raise ConfigurationError(
                f"{routed} would send the API key in the clear to {listener}: use wss://"
            )
        return ApiService(
            routed,
            product,
            url,
            credentials=credentials,
            clock=self.clock(product),
            limits=self._limits(routed, product, url),
            lookup=self._lookup,
            feed_factory=self._feed_factory,
            emit=self._emit,
            budget=self._budget,
            options=self._options,
            recv_window=self._recv_window,
            timeout=self._timeout,
            hears=self._hears,
            rng=self._rng,
        )

    def _limits(self, routed: WsKey, product: Product, url: str) -> RequestLimits:
        if is_loopback(urlsplit(url).hostname or ""):
            # What is on this machine is not Binance, and the next one at this port is another.
            return RequestLimits(product, self._own_orders.setdefault(orders_together(product), {}))
        # An exchange of somebody's own is another environment.
        own = base_url(routed, env=self._env, market_maker=self._market_maker, urls=self._urls)
        there = base_url(routed, env=self._env, market_maker=self._market_maker)
        return limits_for(self._env if own == there else own, product, self._options.source_address)
