"""A server over HTTP on loopback that answers what a test says, and the calls that go to it."""

import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import web

from fastbinance._io.options import ConnectionOptions
from fastbinance._io.rest import Rest
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.server_clock import ServerClock
from fastbinance._rest_endpoints import RestProduct
from fastbinance.credentials import Credentials

__all__ = ["HEADER_WORD", "KEY", "LISTEN_KEY", "SECRET", "Asked", "RestWorld", "cut", "refuse"]

KEY = "an-API-key-that-nobody-may-see"
SECRET = "a-secret-that-nobody-may-see"
LISTEN_KEY = "a-listen-key-that-nobody-may-see"
HEADER_WORD = "a-word-of-a-header-that-nobody-may-see"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    caller: tuple[str, int]


def refuse(status: int, code: int, text: str = "no", **headers: str) -> Answer:
    """Return an answer that says no as Binance does; underlines in names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(request: web.Request) -> web.Response:
        return web.json_response({"code": code, "msg": text}, status=status, headers=named)

    return answer


def cut(request: web.Request) -> web.Response:
    """Cut the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass
class RestWorld:
    """The server, its script, and what was made to call it."""

    #: One answer after the other; the last one stays.
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    #: What the server's clock is ahead of ours.
    ahead_ms: float = 0.0
    limits: RequestLimits = field(default_factory=lambda: RequestLimits("usdm"))
    clock: ServerClock = field(default_factory=ServerClock)
    credentials: Credentials = field(default_factory=lambda: Credentials(KEY, SECRET))
    url: str = ""
    made: list[Rest] = field(default_factory=list)
    runner: web.AppRunner | None = None

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen; with a context, over TLS."""
        app = web.Application()
        app.router.add_get("/fapi/v1/time", self._time)
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self) -> None:
        """End everything."""
        for rest in self.made:
            await rest.close()
        if self.runner is not None:
            await self.runner.cleanup()

    def rest(
        self,
        *,
        url: str | None = None,
        urls: dict[RestProduct, str] | None = None,
        products: dict[RestProduct, RequestLimits] | None = None,
        timeout: float = 10.0,
        longest: int = 1 << 20,
        **options: Any,
    ) -> Rest:
        """Return what calls; with limits of other products than the one it is about."""
        quick = {"backoff_base": 0.01, "backoff_cap": 0.01}
        rest = Rest(
            options=ConnectionOptions(**{**quick, **options}),
            limits=lambda product: (products or {}).get(product, self.limits),
            clock=lambda product: self.clock,
            urls=urls or {"usdm": self.url if url is None else url},
            timeout=timeout,
            rng=Random(1),
            longest_answer=longest,
        )
        self.made.append(rest)
        return rest

    async def call(self, rest: Rest | None = None, **how: Any) -> Any:
        """Ask for a listen key, or for whatever is said."""
        how = {"verb": "POST", "path": "/fapi/v1/listenKey", "security": "key", "is_safe": False} | how
        how.setdefault("credentials", self.credentials)
        verb, path = how.pop("verb"), how.pop("path")
        return await (self.rest() if rest is None else rest).call("usdm", verb, path, **how)

    async def _time(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.json_response({"serverTime": int(time.time() * 1e3 + self.ahead_ms)})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        if not self.answers:
            return web.json_response({"listenKey": LISTEN_KEY})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        made = answer(request)
        return made if isinstance(made, web.StreamResponse) else await made

    def _note(self, request: web.Request) -> None:
        assert request.transport is not None
        path, _, query = request.raw_path.partition("?")
        caller = request.transport.get_extra_info("peername")
        self.asked.append(Asked(request.method, path, query, dict(request.headers), caller))

    @property
    def verbs(self) -> list[str]:
        """What was asked for, without the time."""
        return [asked.verb for asked in self.asked if asked.path != "/fapi/v1/time"]
