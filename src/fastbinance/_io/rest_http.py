"""HTTP for requests: one exchange at a time, its answer of bounded size, its failure a sentence.

aiohttp is imported here, and this module by the first request: 0.2 s that who sends none does not wait for.
Its own exceptions have URLs and headers in them, so none of them leaves.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from fastbinance._io.options import ConnectionOptions
from fastbinance._io.proxy import open_tunnel
from fastbinance._io.sockets import explain, open_socket
from fastbinance._version import __version__

__all__ = ["Http", "Reply", "Sending", "Trouble"]

_PORTS: Final = {"http": 80, "https": 443}
# Shorter than what Binance keeps an idle connection for.
_KEEP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; without a body where that was longer than it may be."""

    status: int
    body: bytes | None
    retry_after: str | None
    used_weight: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer."""

    sentence: str


@dataclass(slots=True)
class Sending:
    """When a request had a connection: from then on it may have been carried out.

    Attributes
    ----------
    at_ms
        Our wall clock at that moment; None before.
    """

    at_ms: float | None = None


class _NoConnectionError(Exception):
    """There is no connection; the message is a sentence without any of the secrets."""


class _Connector(aiohttp.BaseConnector):
    """Connects as the sockets of streams do: by our resolver, from the source address, through the proxy.

    aiohttp has one hook for that, which its own connectors fill too. Its HTTP proxies take no request without
    TLS into a tunnel, and it knows no SOCKS at all.
    """

    def __init__(self, options: ConnectionOptions, context: ssl.SSLContext, **how: Any) -> None:
        super().__init__(**how)
        self._options = options
        self._context = context

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        url: URL = req.url
        options, host, port = self._options, url.host or "", url.port or _PORTS[url.scheme]
        place, seconds = f"{url.authority}", options.handshake_timeout
        tls: dict[str, Any] = {}
        if url.scheme == "https":
            tls = {"ssl": self._context, "server_hostname": host, "ssl_handshake_timeout": seconds}
        try:
            if options.proxy is None:
                sock = await open_socket(host, port, seconds, options.source_address)
            else:
                sock = await open_tunnel(options.proxy, host, port, seconds, options.source_address)
            try:
                _, protocol = await asyncio.get_running_loop().create_connection(
                    self._factory, sock=sock, **tls
                )
            except BaseException:
                sock.close()
                raise
        except Exception as error:
            sentence = explain(error, place, seconds, options.secrets).cause
        else:
            return protocol
        raise _NoConnectionError(sentence)


class Http:
    """The connections of one client for its requests.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    options
        See `ConnectionOptions`.
    context
        For ``https``.
    wall_ms
        Our time in milliseconds since 1970.
    longest_answer
        Bytes.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        context: ssl.SSLContext,
        wall_ms: Callable[[], float],
        longest_answer: int,
    ) -> None:
        self._wall_ms = wall_ms
        self._longest_answer = longest_answer
        headers = dict(options.headers)
        if not any(name.lower() == "user-agent" for name in headers):
            headers["User-Agent"] = f"fastbinance/{__version__}"
        self._kept = self._session(_Connector(options, context, keepalive_timeout=_KEEP_SECONDS), headers)
        # What may not be sent twice never goes out on a connection that the server may be just closing.
        self._fresh = self._session(_Connector(options, context, force_close=True), headers)

    async def exchange(
        self, verb: str, url: str, headers: dict[str, str], is_safe: bool, sending: Sending
    ) -> Reply | Trouble:
        """Send a request and return its answer, or why there is none.

        Parameters
        ----------
        verb, url, headers
            As they go out; nothing of the URL is encoded anew.
        is_safe
            Whether it may be sent twice; only then is it sent on a connection that is already there.
        sending
            Is told when it goes out.
        """
        session = self._kept if is_safe else self._fresh
        try:
            async with session.request(
                verb,
                URL(url, encoded=True),
                headers=headers,
                allow_redirects=False,
                trace_request_ctx=sending,
            ) as response:
                head = response.headers
                return Reply(
                    response.status,
                    await self._read(response),
                    head.get("Retry-After"),
                    head.get("X-MBX-USED-WEIGHT-1M"),
                )
        except _NoConnectionError as error:
            return Trouble(str(error))
        except aiohttp.ClientPayloadError:
            return Trouble("the connection was lost in the middle of the answer")
        except aiohttp.ClientResponseError:
            return Trouble("the answer is not HTTP")
        except (aiohttp.ClientError, OSError):
            return Trouble("the connection was lost before the answer")

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()
        await self._fresh.close()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        body = bytearray()
        async for block in response.content.iter_any():
            body += block
            if len(body) > self._longest_answer:
                response.close()
                return None
        return bytes(body)

    def _session(self, connector: _Connector, headers: dict[str, str]) -> aiohttp.ClientSession:
        async def goes_out(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
            context.trace_request_ctx.at_ms = self._wall_ms()

        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(goes_out)
        trace.on_connection_reuseconn.append(goes_out)
        return aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            skip_auto_headers=("Content-Type",),  # no request has a body
            cookie_jar=aiohttp.DummyCookieJar(),
            # Who calls has a time for the whole of it.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trace_configs=[trace],
        )
