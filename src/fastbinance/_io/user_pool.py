"""The user data streams of one client, by account and credentials."""

import asyncio
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import urlsplit

from fastbinance._accounts import AccountKind, account_kind
from fastbinance._io.api_pool import ApiServices
from fastbinance._io.keyed_stream import KeyedStream
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.rest import Rest
from fastbinance._io.session import FeedFactory
from fastbinance._io.sockets import is_loopback
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.subscribed_stream import SubscribedStream
from fastbinance._io.telling import Emit
from fastbinance._io.user_stream import UserStream
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.method import Method, Product
from fastbinance._protocol.signing import Signer
from fastbinance.answers import OrderPlaced
from fastbinance.errors import ConfigurationError
from fastbinance.events import Event, EventKind
from fastbinance.keys import Environment, Urls, WsKey, route, stream_url

__all__ = ["UserStreams"]

_Place = tuple[str, str | None, Signer, tuple[str, ...], bool]


class UserStreams:
    """Makes, finds and ends the streams of one client.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    apis
        Whose connections subscriptions are on.
    rest
        Gives keys and tokens.
    lookup
        The table of methods.
    feed_factory, emit, budget, options, env, market_maker, urls, rng
        See `Pool`.
    """

    def __init__(
        self,
        *,
        apis: ApiServices,
        rest: Rest,
        lookup: Mapping[tuple[Product, str], Method],
        feed_factory: FeedFactory,
        emit: Emit,
        budget: ConnectBudget,
        options: ConnectionOptions,
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        rng: Random | None = None,
    ) -> None:
        self._apis = apis
        self._rest = rest
        self._lookup = lookup
        self._feed_factory = feed_factory
        self._emit = emit
        self._budget = budget
        self._options = options
        self._env = env
        self._market_maker = market_maker
        self._urls = urls
        self._rng = rng
        self._streams: dict[_Place, UserStream] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def stream(
        self,
        account: str,
        symbol: str | None,
        credentials: Signer,
        events: tuple[str, ...] = (),
        reconciles: bool = True,
    ) -> UserStream:
        """Return the stream of an account, made and started if need be; one that has failed is made anew.

        Raises
        ------
        ConfigurationError
            There is no such account, it does not exist in this environment, or its key would leave this
            machine in the clear.
        """
        kind = account_kind(account, symbol)
        if events and not kind.filters:
            raise ConfigurationError(f"account={account!r} sends all events: events= is for USD-M")
        place = (kind.name, symbol, credentials, events, reconciles)
        if kind.mechanism != "key":
            self._check_alone(place)
        stream = self._streams.get(place)
        if stream is None or stream.state in ("failed", "closed"):
            stream = self._streams[place] = self._make(kind, symbol, credentials, events, reconciles)
            stream.start()
        return stream

    def answered(self, answer: OrderPlaced, credentials: Signer | None) -> None:
        """Take the answer to an order on spot."""
        for (account, _, owner, _, _), stream in tuple(self._streams.items()):
            if account == "spot" and owner == credentials:
                stream.answered(answer)

    def end(self, stream: UserStream) -> None:
        """End a stream that nobody listens to any more."""
        for place in [place for place, other in self._streams.items() if other is stream]:
            del self._streams[place]
        task = self._loop.create_task(stream.close(), name="fastbinance end of user data")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def sample(self) -> None:
        """Look at every connection."""
        for stream in self._streams.values():
            stream.sample()

    def replace(self) -> int:
        """Replace every connection by a new one, which is up first; return how many that concerns."""
        return sum(stream.replace() for stream in self._streams.values())

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known about each connection now."""
        return tuple(stats for stream in self._streams.values() for stats in stream.stats())

    def begin_close(self) -> None:
        """End all streams; `close` waits for what is left."""
        for stream in self._streams.values():
            stream.begin_close()

    async def close(self) -> None:
        """End everything; nothing of it is left on the loop."""
        self.begin_close()
        await asyncio.gather(*(stream.close() for stream in self._streams.values()))
        while self._endings:
            await asyncio.wait(self._endings)

    def _make(
        self,
        kind: AccountKind,
        symbol: str | None,
        credentials: Signer,
        events: tuple[str, ...],
        reconciles: bool,
    ) -> UserStream:
        routed = route(kind.ws_key, self._env, kind.part)
        report = self._report_of(routed)
        options = self._options
        backoff = Backoff(base=options.backoff_base, cap=options.backoff_cap, rng=self._rng)
        if kind.rest is not None:
            self._check_rest(kind, self._url(kind, routed))
        if kind.mechanism != "key":
            service = self._apis.service(kind.ws_key, credentials)
            return SubscribedStream(
                kind, symbol, routed, credentials, report,
                service=service, rest=self._rest, lookup=self._lookup, backoff=backoff, reconciles=reconciles,
            )  # fmt: skip
        url = self._url(kind, routed)
        if url.startswith("ws:") and not is_loopback(urlsplit(url).hostname or ""):
            raise ConfigurationError(f"{routed} would send a listen key in the clear: use wss://")
        return KeyedStream(
            kind, symbol, routed, credentials, report,
            url=url, events=events, rest=self._rest, backoff=backoff, feed_factory=self._feed_factory,
            emit=self._emit, budget=self._budget, options=options, rng=self._rng,
            reconciles=reconciles and not events, clock=self._apis.clock(kind.rest or "spot"),
        )  # fmt: skip

    def _check_alone(self, place: _Place) -> None:
        """Refuse a second subscription of one account: Binance gives one, and the other hears nothing."""
        other = self._streams.get((*place[:-1], not place[-1]))
        if other is not None and other.state not in ("failed", "closed"):
            raise ConfigurationError(
                f"account={place[0]!r} has events with reconcile={not place[-1]} already: ask for it alike,"
                " or close that one first (fills are reconciled)"
            )

    def _url(self, kind: AccountKind, routed: WsKey) -> str:
        return stream_url(
            routed,
            env=self._env,
            market_maker=self._market_maker,
            urls=self._urls,
            named=kind.ws_key,
            combined=False,
        )

    def _check_rest(self, kind: AccountKind, url: str) -> None:
        """Refuse where an exchange of this machine's own would have its keys from Binance."""
        if kind.rest is None or not is_loopback(urlsplit(url).hostname or ""):
            return
        if not is_loopback(urlsplit(self._rest.url(kind.rest)).hostname or ""):
            raise ConfigurationError(
                f"account={kind.name!r} is at {urlsplit(url).netloc}, but its keys would come from Binance:"
                f" give rest_urls={{{kind.rest!r}: ...}} beside urls="
            )

    def _report_of(self, ws_key: WsKey) -> Callable[..., None]:
        def report(kind: EventKind, /, **fields: Any) -> None:
            fields.setdefault("recv_ns", time.time_ns())
            self._emit(Event(kind=kind, ws_key=str(ws_key), **fields))

        return report
