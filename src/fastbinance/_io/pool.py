"""From streams to connections: which connection carries what, and when one more is needed."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from urllib.parse import urlsplit

from fastbinance._io.drifts import merged
from fastbinance._io.group import Emit, Group
from fastbinance._io.options import PROCESS_BUDGET, ConnectBudget, ConnectionOptions
from fastbinance._io.session import FeedFactory
from fastbinance._io.sockets import is_loopback
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import RingLike, Wish
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment, TimeUnit, Urls, WsKey, describe, key_for, route, stream_url
from fastbinance.streams import Stream

__all__ = ["Pool"]

# A service that would connect and then give nothing that a feed can read.
_NOT_SPOKEN = {WsKey.COINM2: "needs a listen key in its URL; market streams come without one from coinm"}

# Services that bring the same streams from other hosts, for lines besides the first.
_SIBLINGS: Final[Mapping[WsKey, tuple[WsKey, ...]]] = {
    WsKey.MAIN: (WsKey.MAIN, WsKey.MAIN2, WsKey.MAIN3),
    WsKey.MAIN2: (WsKey.MAIN2, WsKey.MAIN, WsKey.MAIN3),
    WsKey.MAIN3: (WsKey.MAIN3, WsKey.MAIN, WsKey.MAIN2),
}

_Place = tuple[WsKey, str]  # routed key and URL: two named keys with overrides of their own do not share


class Pool:
    """The connections of one client.

    Made and called on the thread of one running event loop, except where a method says otherwise. `add`,
    `remove` and `stats` return at once; connecting, subscribing and retrying happen behind them.

    Parameters
    ----------
    feed_factory
        ``feed_factory(handler, ws_key, line)`` makes the listener of each attempt; see `session.Feed`.
    emit
        Takes every event, on the loop's thread; `dispatch.EventHub.publish`.
    env, market_maker, urls, time_unit
        Where Binance is, and what it is asked for; `urls` as `keys.check_urls` returns them.
    options
        See `ConnectionOptions`.
    budget
        Connection attempts; by default all pools of the process share Binance's 300 in five minutes.
    on_sample
        The loop's time every `ConnectionOptions.sample_every` seconds, after the rings were looked at.
    rng
        Source of the jitter.
    """

    def __init__(
        self,
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        time_unit: TimeUnit = "millisecond",
        options: ConnectionOptions | None = None,
        budget: ConnectBudget | None = None,
        on_sample: Callable[[float], object] | None = None,
        rng: Random | None = None,
    ) -> None:
        self.env: Environment = env
        self.market_maker = market_maker
        self.urls = urls
        self.time_unit: TimeUnit = time_unit
        self._feed_factory = feed_factory
        self._emit = emit
        self._options = ConnectionOptions() if options is None else options
        self._budget = PROCESS_BUDGET if budget is None else budget
        self._on_sample = on_sample
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._groups: dict[_Place, list[Group]] = {}
        self._wishes: dict[tuple[_Place, str], tuple[Group, Wish]] = {}
        self._keys: dict[Wish, tuple[_Place, str]] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._ended_drifts: tuple[Drift, ...] = ()
        self._closed = False
        self._next_sample = self._loop.time() + self._options.sample_every
        self._sampler = self._loop.call_at(self._next_sample, self._sample)

    def place(self, stream: Stream, named: WsKey | None = None) -> tuple[WsKey, str]:
        """Return the routed key and the URL of a stream, without any I/O; may be called on any thread.

        Parameters
        ----------
        stream
            What is wanted.
        named
            The key that the caller named; None is the key of the stream's market.

        Raises
        ------
        ConfigurationError
            The service carries no streams, does not exist in this environment, or wants an API key that is
            not there, or that would leave this machine without TLS.
        """
        key = key_for(stream.market, stream.format) if named is None else named
        routed = route(key, self.env, stream.part)
        endpoint = describe(routed)
        if endpoint.carries != "streams" or endpoint.limits.streams_per_connection < 1:
            raise ConfigurationError(f"{routed} ({endpoint.product}) carries no streams to subscribe to")
        if routed in _NOT_SPOKEN:
            raise ConfigurationError(f"{routed} {_NOT_SPOKEN[routed]}")
        if endpoint.format == "sbe" and self._options.api_key is None:
            raise ConfigurationError(
                f"{routed} ({endpoint.product}) wants an API key, an Ed25519 one without any permission:"
                " give the client api_key="
            )
        url = stream_url(
            routed,
            env=self.env,
            market_maker=self.market_maker,
            urls=self.urls,
            named=key,
            time_unit=self.time_unit,
        )
        parts = urlsplit(url)
        if endpoint.format == "sbe" and parts.scheme == "ws":
            # Everybody on the way could read the key.
            proxy = self._options.proxy
            elsewhere = None if is_loopback(parts.hostname or "") else parts.hostname
            if elsewhere is None and proxy is not None and not is_loopback(proxy.host):
                elsewhere = f"the proxy {proxy}"
            if elsewhere is not None:
                raise ConfigurationError(
                    f"{routed} would send the API key in the clear to {elsewhere}: use wss://"
                )
        return routed, url

    def add(self, stream: Stream, ring: RingLike | None = None, *, named: WsKey | None = None) -> Wish:
        """Want a stream; return its wish at once.

        A stream that is wanted already keeps its wish; a ring given now feeds from it and its messages are no
        events any more. A wish that had failed is replaced, and asked for again.

        Raises
        ------
        ConfigurationError
            See `place`; or the stream feeds another ring, its name is too long, or the pool is closed.
        """
        if self._closed:
            raise ConfigurationError(f"the client is closed; {stream.name} cannot be subscribed to")
        place = self.place(stream, named)
        key = key_for(stream.market, stream.format) if named is None else named
        known = self._wishes.get((place, stream.name))
        if known is not None and not known[1].final:
            group, wish = known
            if ring is not None and ring is not wish.ring:
                if wish.ring is not None:
                    raise ConfigurationError(f"{stream.name} on {place[0]} feeds a ring already")
                group.attach(wish, ring)
            return wish
        wish = Wish(stream, place[0], ring)
        group = self._group_for(place, stream.name, key)
        group.want(wish)
        group.start()
        if known is not None:
            self._keys.pop(known[1], None)
        self._wishes[place, stream.name] = (group, wish)
        self._keys[wish] = (place, stream.name)
        return wish

    def remove(self, wish: Wish) -> None:
        """Give a stream up; its ring gets no more records. Safe to repeat."""
        key = self._keys.pop(wish, None)
        if key is not None:
            group, _ = self._wishes.pop(key)
            group.drop(wish)

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """Have the messages of a stream as events too, or no more."""
        key = self._keys.get(wish)
        if key is not None:
            self._wishes[key][0].set_raw(wish, raw)

    def wishes(self) -> tuple[Wish, ...]:
        """Return all wishes, the failed ones too, in the order in which they were made."""
        return tuple(wish for _, wish in self._wishes.values())

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known about each connection now."""
        return tuple(stats for groups in self._groups.values() for group in groups for stats in group.stats())

    def drifts(self) -> tuple[Drift, ...]:
        """Return what has come that our tables do not know, of all connections there have been."""
        return merged(self._ended_drifts, *(stats.drifts for stats in self.stats()))

    async def close(self) -> None:
        """Give everything up and end all connections; nothing of the pool is left on the loop."""
        self._closed = True
        self._sampler.cancel()
        wishes, self._wishes = self._wishes, {}
        self._keys.clear()
        places, self._groups = self._groups, {}
        for _, wish in wishes.values():
            wish.drop()
        await asyncio.gather(*(group.close() for groups in places.values() for group in groups))
        while self._endings:
            await asyncio.wait(self._endings)

    def _group_for(self, place: _Place, name: str, named: WsKey) -> Group:
        groups = self._groups.setdefault(place, [])
        most = describe(place[0]).limits.streams_per_connection
        for group in groups:
            if group.has_room(name, most):
                return group
        group = Group(
            place[0],
            self._urls_of(place, named),
            feed_factory=self._feed_factory,
            emit=self._emit,
            budget=self._budget,
            options=self._options,
            rng=self._rng,
        )
        groups.append(group)
        return group

    def _urls_of(self, place: _Place, named: WsKey) -> tuple[str, ...]:
        """Return where each line connects: the hosts of sibling keys in turn, where there are any."""
        hosts = [place[1]]
        for sibling in _SIBLINGS.get(place[0], ())[1:]:
            # Who names another place for a service does not mean Binance's for its siblings.
            if self.env == "prod" and ((named in (self.urls or {})) == (sibling in (self.urls or {}))):
                hosts.append(
                    stream_url(
                        sibling,
                        env=self.env,
                        market_maker=self.market_maker,
                        urls=self.urls,
                        time_unit=self.time_unit,
                    )
                )
        return tuple(hosts[number % len(hosts)] for number in range(self._options.lines))

    def _sample(self) -> None:
        now = self._loop.time()
        # Steps on a grid; where the loop was busy for longer, missed looks are not made up for. Armed first:
        # if one look fails, asyncio reports it, and the next one still comes.
        self._next_sample = max(self._next_sample + self._options.sample_every, now)
        self._sampler = self._loop.call_at(self._next_sample, self._sample)
        for place, groups in tuple(self._groups.items()):
            for group in tuple(groups):
                group.sample(now)
                if not group.wishes and not group.kept and now - group.idle_since >= self._options.linger:
                    self._end(place, group)
        if self._on_sample is not None:
            self._on_sample(now)

    def _end(self, place: _Place, group: Group) -> None:
        self._groups[place].remove(group)
        if not self._groups[place]:
            del self._groups[place]
        self._ended_drifts = merged(self._ended_drifts, *(stats.drifts for stats in group.stats()))
        ending = self._loop.create_task(group.close(), name=f"fastbinance end of {group.ws_key}")
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
