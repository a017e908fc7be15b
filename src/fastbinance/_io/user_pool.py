"""The user data streams of one client, by account and credentials."""

import asyncio
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from fastbinance._accounts import AccountKind, account_kind
from fastbinance._io.api_pool import ApiServices, takes_requests
from fastbinance._io.keyed_stream import KeyedStream
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.places import check_same_exchange
from fastbinance._io.proxy import in_the_clear
from fastbinance._io.rest import Rest
from fastbinance._io.session import FeedFactory
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
            made = self._make(kind, symbol, credentials, events, reconciles)
            if stream is not None:
                self.end(stream)  # its goodbyes may be under way
            stream = self._streams[place] = made
            stream.start()
        return stream

    def answered(self, answer: OrderPlaced, credentials: Signer | None) -> None:
        """Take the answer to an order on spot."""
        for (account, _, owner, _, _), stream in tuple(self._streams.items()):
            if account == "spot" and owner == credentials:
                stream.answered(answer)

    def end(self, stream: object) -> None:
        """End a stream that nobody listens to any more."""
        for place, own in tuple(self._streams.items()):
            if own is stream:
                del self._streams[place]
                if self._loop.is_closed():
                    return  # its connections have ended with it
                task = self._loop.create_task(own.close(), name="fastbinance end of user data")
                self._endings.add(task)
                task.add_done_callback(self._endings.discard)

    def sample(self) -> None:
        """Look at every connection."""
        for stream in self._streams.values():
            stream.sample()

    def replace(self, key: WsKey | None = None) -> int:
        """Replace connections by new ones, which are up first; return how many that concerns."""
        return sum(stream.replace() for stream in self._of(key))

    def is_connected(self, key: WsKey) -> bool:
        """Tell whether a connection of a service that brings user data is open."""
        routed = route(key, self._env)
        return any(stream.is_up for stream in self._streams.values() if stream.ws_key == routed)

    def end_service(self, key: WsKey) -> None:
        """End the streams of a service, whoever listens to them."""
        for stream in self._of(key):
            stream.begin_close()
            self.end(stream)

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

    def _of(self, key: WsKey | None) -> tuple[UserStream, ...]:
        """Return the streams that come over a service, or over a route of it; all for None."""
        streams = tuple(self._streams.values())
        return streams if key is None else tuple(one for one in streams if self._is_of(one, key))

    def _is_of(self, stream: UserStream, key: WsKey) -> bool:
        routed = route(key, self._env)
        if isinstance(stream, SubscribedStream):
            is_there = takes_requests(key) and stream.service.url == self._apis.url(key)
            return is_there and stream.ws_key == routed
        return routed in (stream.ws_key, route(stream.kind.ws_key, self._env))

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
            # Keys, tokens and what was missed are asked for later, where nobody could be told.
            self._check_rest(kind, self._url(kind, routed))
            self._rest.check(kind.rest, kind.path, "key", credentials)
        if kind.mechanism != "key":
            service = self._apis.service(kind.ws_key, credentials)
            return SubscribedStream(
                kind, symbol, routed, credentials, report,
                service=service, rest=self._rest, lookup=self._lookup, backoff=backoff, reconciles=reconciles,
            )  # fmt: skip
        url = self._url(kind, routed)
        listener = in_the_clear(url, options.proxy)
        if listener is not None:
            raise ConfigurationError(
                f"{routed} would send a listen key in the clear to {listener}: use wss://"
            )
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
        if kind.rest is not None:
            check_same_exchange(
                f"account={kind.name!r}", "its keys", url, kind.rest, self._rest.url(kind.rest)
            )

    def _report_of(self, ws_key: WsKey) -> Callable[..., None]:
        def report(kind: EventKind, /, **fields: Any) -> None:
            fields.setdefault("recv_ns", time.time_ns())
            self._emit(Event(kind=kind, ws_key=str(ws_key), **fields))

        return report
