"""The HTTP servers: one per REST host, with their URLs and, when asked for, TLS."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment
from fastbinance.sim.hosts import HOSTS
from fastbinance.sim.rest.faults import RestFault, RestFaults
from fastbinance.sim.rest.hosts import REST_HOSTS, RestHost
from fastbinance.sim.rest.service import RestAnswer, RestRequest, RestService
from fastbinance.sim.stats import Stats

__all__ = ["RestServers"]

_SHUTDOWN_SECONDS: Final = 0.5
_API_KEY_HEADER: Final = "X-MBX-APIKEY"

#: Gives what answers in an environment.
Services = Callable[[Environment], RestService]


class RestServers:
    """Every port of REST.

    Parameters
    ----------
    address
        Address to listen on.
    ports
        Ports by Binance host name; a free one for every other.
    context
        Serve ``https`` with its certificate; None is ``http``.
    services
        Gives what answers in an environment.
    stats
        Counters to keep.
    on_answer
        Called when a request was carried out: it may have made something due.
    """

    def __init__(
        self,
        address: str,
        ports: Mapping[str, int],
        context: ssl.SSLContext | None,
        *,
        services: Services,
        stats: Stats,
        on_answer: Callable[[], None],
    ) -> None:
        self.faults = RestFaults()
        self._address = address
        self._ports = ports
        self._context = context
        self._services = services
        self._stats = stats
        self._on_answer = on_answer
        self._runners: list[web.ServerRunner] = []
        self._listening: dict[RestHost, int] = {}

    @property
    def url_map(self) -> str:
        """What stands for which host, a line for each."""
        # As wide as those of the WebSockets, which stand above them.
        width = max(len(host.name) for host in (*HOSTS, *REST_HOSTS))
        return "\n".join(
            f"{host.name:<{width}}  {self._url(host)}  {host.product} REST" for host in self._listening
        )

    def urls(self, environment: Environment = "prod") -> dict[RestProduct, str]:
        """Give the base URL of every product that an environment has."""
        return {host.product: self._url(host) for host in self._listening if host.environment == environment}

    async def open(self) -> None:
        """Listen on every port."""
        for host in REST_HOSTS:
            runner = web.ServerRunner(
                web.Server(partial(self._handle, host)), shutdown_timeout=_SHUTDOWN_SECONDS
            )
            self._runners.append(runner)
            await runner.setup()
            site = web.TCPSite(
                runner, self._address, self._ports.get(host.name, 0), ssl_context=self._context
            )
            await site.start()
            self._listening[host] = runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening, and end what is left."""
        runners, self._runners = self._runners, []
        self._listening.clear()
        await asyncio.gather(*(runner.cleanup() for runner in runners))

    async def _handle(self, host: RestHost, http: web.BaseRequest) -> web.StreamResponse:
        self._stats.rest_requests += 1
        # As it was sent, since signatures are over that.
        path, _, query = http.raw_path.partition("?")
        body = (await http.read()).decode("utf-8", "surrogateescape")
        fault = self.faults.find(host.product, path)
        if fault is not None:
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.kill == "before":
                return _lose(http)
            if fault.status is not None:
                return self._response(_instead(fault, fault.status))
        request = RestRequest(
            http.method, path, query, body, http.headers.get(_API_KEY_HEADER, ""), http.remote or ""
        )
        answer = self._services(host.environment).answer(host.product, request)
        self._on_answer()
        if answer.late:
            await asyncio.sleep(answer.late)
        if fault is not None and fault.kill == "after":
            return _lose(http)
        return self._response(answer)

    def _response(self, answer: RestAnswer) -> web.Response:
        self._stats.rest_errors += answer.status >= HTTPStatus.BAD_REQUEST
        self._stats.rest_limited += answer.status == HTTPStatus.TOO_MANY_REQUESTS
        self._stats.rest_banned += answer.status == HTTPStatus.IM_A_TEAPOT
        return web.Response(
            status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
        )

    def _url(self, host: RestHost) -> str:
        scheme = "http" if self._context is None else "https"
        address = f"[{self._address}]" if ":" in self._address else self._address
        return f"{scheme}://{address}:{self._listening[host]}"


def _lose(http: web.BaseRequest) -> web.Response:
    if http.transport is not None:
        http.transport.abort()
    return web.Response()  # which nobody gets


def _instead(fault: RestFault, status: int) -> RestAnswer:
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    if fault.code is None:
        return RestAnswer(status, fault.msg.encode(), headers, "text/plain")
    return RestAnswer(status, msgspec.json.encode({"code": fault.code, "msg": fault.msg}), headers)
