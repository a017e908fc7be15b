"""An independent client of REST: requests by hand, signed over the text that is sent."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from support.api import DEFAULT, Key

__all__ = ["RestPeer", "connect_rest"]


class RestPeer:
    """A client of the REST of one environment of a simulator.

    Parameters
    ----------
    session
        Its connections.
    urls
        Base URLs by product.
    clock
        Gives the time that requests are signed with, in Unix milliseconds.
    """

    def __init__(
        self, session: aiohttp.ClientSession, urls: dict[Any, str], clock: Callable[[], int]
    ) -> None:
        self._session = session
        self._urls = urls
        self._clock = clock
        #: Those of the last answer.
        self.headers: dict[str, str] = {}

    async def send(
        self, product: str, verb: str, path: str, *, query: str = "", body: str = "", api_key: str = ""
    ) -> tuple[int, bytes]:
        """Send a request as it is; gives status and body."""
        url = URL(f"{self._urls[product]}{path}" + (f"?{query}" if query else ""), encoded=True)
        headers = {"X-MBX-APIKEY": api_key} if api_key else {}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with self._session.request(verb, url, data=body or None, headers=headers) as response:
            self.headers = dict(response.headers)
            return response.status, await response.read()

    async def ask(
        self, product: str, verb: str, path: str, *, key: Key | None = None, **params: Any
    ) -> tuple[int, Any]:
        """Send parameters in the query, and a key in the header; gives status and JSON."""
        status, body = await self.send(
            product, verb, path, query=urlencode(params), api_key=key.api_key if key else ""
        )
        return status, aiohttp.typedefs.DEFAULT_JSON_DECODER(body)

    async def signed(
        self, product: str, verb: str, path: str, *, key: Key = DEFAULT, **params: Any
    ) -> tuple[int, Any]:
        """Send parameters with key, time and signature."""
        return await self.ask(product, verb, path, key=key, **self.sign(key, **params))

    def sign(self, key: Key = DEFAULT, **params: Any) -> dict[str, Any]:
        """Give parameters with time and signature."""
        full = {**params, "timestamp": self._clock()}
        return full | {"signature": key.sign(urlencode(full).encode())}


@asynccontextmanager
async def connect_rest(sim: Any, environment: Any = "prod") -> AsyncIterator[RestPeer]:
    """Be a client of the REST of a simulator, whose clock it is."""
    connector = aiohttp.TCPConnector(ssl=sim.ssl_context or True)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield RestPeer(session, sim.rest_urls_of(environment), sim._clock_ms)
