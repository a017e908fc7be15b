"""Requests of the WebSocket API: `spot`, `usdm`, `coinm` of both clients, `request` for anything else."""

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from fastbinance._api import METHODS
from fastbinance._api.coinm_awaited import CoinmApi
from fastbinance._api.coinm_blocking import BlockingCoinmApi
from fastbinance._api.spot_awaited import SpotApi
from fastbinance._api.spot_blocking import BlockingSpotApi
from fastbinance._api.usdm_awaited import UsdmApi
from fastbinance._api.usdm_blocking import BlockingUsdmApi
from fastbinance._client_options import Settings
from fastbinance._feed.any_pool import AnyPool
from fastbinance._io.api_pool import product_of
from fastbinance._protocol.method import Method
from fastbinance._protocol.raw_method import raw_method
from fastbinance.answers import OrderPlaced
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, parse_key
from fastbinance.request_errors import RequestError

__all__ = ["AsyncRequests", "BlockingRequests"]

_LONGEST_NAME: Final = 64


def _raw(ws_key: WsKey | str, name: str, signed: bool | None, settings: Settings) -> tuple[WsKey, Method]:
    key = parse_key(ws_key)
    product = product_of(key)
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME or not name.isascii():
        raise ConfigurationError(f'a method is a name such as "order.place", not {name!r}')
    known = METHODS.get((product, name)) or METHODS.get((product, name.rpartition("/")[2]))
    if known is None and "_" in name:
        for method in METHODS.values():
            if (method.product, method.python_name) == (product, name):
                raise ConfigurationError(f"{name} is our name for {method.name!r}: give Binance's")
    if known is not None and signed is not None:
        known = None
    return key, raw_method(
        product, name, known, signed=settings.credentials is not None if signed is None else signed
    )


class AsyncRequests(ABC):
    """Requests as coroutines."""

    _settings: Settings

    @functools.cached_property
    def spot(self) -> SpotApi:
        """Spot's methods, also for margin's user data: ``await fb.spot.order_place(...)``."""
        return SpotApi(functools.partial(self._request, WsKey.MAIN_WS_API))

    @functools.cached_property
    def usdm(self) -> UsdmApi:
        """USD-M's methods."""
        return UsdmApi(functools.partial(self._request, WsKey.USDM_WS_API))

    @functools.cached_property
    def coinm(self) -> CoinmApi:
        """COIN-M's methods."""
        return CoinmApi(functools.partial(self._request, WsKey.COINM_WS_API))

    async def request(
        self,
        ws_key: WsKey | str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        signed: bool | None = None,
    ) -> Any:
        """Send any request and return its ``result`` as it came: numbers as numbers, decimals as text.

        Parameters
        ----------
        ws_key
            ``WsKey.MAIN_WS_API``, ``WsKey.MAIN_WS_API2``, ``WsKey.USDM_WS_API`` or ``WsKey.COINM_WS_API``.
        method
            Binance's name, such as ``"order.place"``; a version may stand before it, ``"v3/order.place"``.
        params
            By Binance's names. ``apiKey``, ``timestamp`` and ``signature`` are added.
        timeout
            Seconds for the answer; None is the client's `request_timeout`.
        signed
            Whether it is signed; None signs what is known to want it, and of what is not known everything
            where there are credentials.

        Raises
        ------
        ConfigurationError
            The service takes no requests, or a parameter cannot be sent.
        RequestError
            It did not end with an answer that can be returned; see `fastbinance.request_errors`.
        """
        key, made = _raw(ws_key, method, signed, self._settings)
        return await self._request(key, made, {} if params is None else params, timeout, False)

    async def _request(
        self, key: WsKey, method: Method, params: Mapping[str, Any], timeout: float | None, resolve: bool
    ) -> Any:
        if timeout is not None:
            _check_timeout(timeout)
        pool = self._start()
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle(result: Any, error: RequestError | None) -> None:
            if type(result) is OrderPlaced:
                pool.answered(result, self._settings.credentials)
            # Who waited may have been cancelled.
            if not answer.done():
                if error is None:
                    answer.set_result(result)
                else:
                    answer.set_exception(error)

        abandon = pool.apis.begin(key, method, params, settle, timeout, resolve)
        try:
            return await answer
        except asyncio.CancelledError:
            abandon()
            raise

    # -- what a client provides

    @abstractmethod
    def _start(self) -> AnyPool:
        """Return the pool, making it if need be; refuse when closed."""


class BlockingRequests(ABC):
    """Requests that block the thread which makes them, and no other."""

    _settings: Settings

    @functools.cached_property
    def spot(self) -> BlockingSpotApi:
        """Spot's methods, also for margin's user data: ``fb.spot.order_place(...)``."""
        return BlockingSpotApi(functools.partial(self._request, WsKey.MAIN_WS_API))

    @functools.cached_property
    def usdm(self) -> BlockingUsdmApi:
        """USD-M's methods."""
        return BlockingUsdmApi(functools.partial(self._request, WsKey.USDM_WS_API))

    @functools.cached_property
    def coinm(self) -> BlockingCoinmApi:
        """COIN-M's methods."""
        return BlockingCoinmApi(functools.partial(self._request, WsKey.COINM_WS_API))

    def request(
        self,
        ws_key: WsKey | str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        signed: bool | None = None,
    ) -> Any:
        """Send any request and return its ``result``; see `AsyncClient.request`."""
        key, made = _raw(ws_key, method, signed, self._settings)
        return self._request(key, made, {} if params is None else params, timeout, False)

    def _request(
        self, key: WsKey, method: Method, params: Mapping[str, Any], timeout: float | None, resolve: bool
    ) -> Any:
        if timeout is not None:
            _check_timeout(timeout)
        pool = self._start()
        # Here too, so that a warning points at the caller's line.
        params = method.check(params)
        answer: Future[Any] = Future()

        def settle(result: Any, error: RequestError | None) -> None:
            if type(result) is OrderPlaced:
                pool.answered(result, self._settings.credentials)
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        sent = self._post(lambda: pool.apis.begin(key, method, params, settle, timeout, resolve))

        def begun(done: Future[Any]) -> None:
            error = done.exception()
            if error is not None:
                answer.set_exception(error)

        sent.add_done_callback(begun)
        try:
            return answer.result()
        except KeyboardInterrupt:
            self._post(lambda: sent.result()())
            raise

    # -- what a client provides

    @abstractmethod
    def _start(self) -> AnyPool:
        """Return the pool, making it if need be; refuse when closed."""

    @abstractmethod
    def _post(self, call: Callable[[], Any]) -> Future[Any]:
        """Have something run on the loop's thread, and return what will tell how it went."""


def _check_timeout(timeout: float) -> None:
    if not (isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0.0 < timeout < 1e6):
        raise ConfigurationError(f"timeout is a number of seconds above 0, not {timeout!r}")
