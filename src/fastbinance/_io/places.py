"""Where streams and services are: routed keys and URLs, without any I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastbinance._accounts import ACCOUNTS
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.proxy import in_the_clear
from fastbinance._io.sockets import is_loopback
from fastbinance.errors import ConfigurationError
from fastbinance.keys import (
    Environment,
    Part,
    TimeUnit,
    Urls,
    WsKey,
    describe,
    environments,
    key_for,
    route,
    stream_url,
)
from fastbinance.streams import Stream

__all__ = ["Place", "Places", "check_same_exchange"]

# The routes of a split service that bring market streams.
_MARKET_PARTS: Final[tuple[Part, ...]] = ("public", "market")

# A service that would connect and then give nothing that a feed can read.
_NOT_SPOKEN = {WsKey.COINM2: "needs a listen key in its URL; market streams come without one from coinm"}

# Services that bring the same streams from other hosts, for lines besides the first.
_SIBLINGS: Final[Mapping[WsKey, tuple[WsKey, ...]]] = {
    WsKey.MAIN: (WsKey.MAIN, WsKey.MAIN2, WsKey.MAIN3),
    WsKey.MAIN2: (WsKey.MAIN2, WsKey.MAIN, WsKey.MAIN3),
    WsKey.MAIN3: (WsKey.MAIN3, WsKey.MAIN, WsKey.MAIN2),
}

Place = tuple[WsKey, str]  # routed key and URL: two named keys with overrides of their own do not share


def check_same_exchange(what: str, whose: str, url: str, product: str, rest: str) -> None:
    """Refuse what is at an exchange of this machine's own, and would have a part of it from Binance.

    Parameters
    ----------
    what, whose
        For the sentence: what is asked for, and what would come from elsewhere.
    url, product, rest
        Where the streams are, and the requests of which product.

    Raises
    ------
    ConfigurationError
        It names the option that is missing.
    """
    if is_loopback(urlsplit(url).hostname or "") and not is_loopback(urlsplit(rest).hostname or ""):
        raise ConfigurationError(
            f"{what} is at {urlsplit(url).netloc}, but {whose} would come from Binance:"
            f" give rest_urls={{{product!r}: ...}} beside urls="
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where Binance is, for one client. May be used on any thread.

    Attributes
    ----------
    env, market_maker, urls, time_unit
        What the client was given; `urls` as `keys.check_urls` returns them.
    options
        See `ConnectionOptions`.
    """

    env: Environment
    market_maker: bool
    urls: Urls | None
    time_unit: TimeUnit
    options: ConnectionOptions

    def of_stream(self, stream: Stream, named: WsKey | None = None) -> Place:
        """Return the routed key and the URL of a stream.

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
        return self._locate(routed, key)

    def of_service(self, named: WsKey) -> tuple[Place, ...]:
        """Return the routed key and the URL of each route on which a service brings market streams.

        Raises
        ------
        ConfigurationError
            See `of_stream`.
        """
        routes = dict.fromkeys(route(named, self.env, part) for part in _MARKET_PARTS)
        return tuple(self._locate(routed, named) for routed in routes)

    def is_user_data(self, named: WsKey) -> bool:
        """Tell whether a service brings user data and nothing else.

        Raises
        ------
        ConfigurationError
            It does not exist in this environment.
        """
        return describe(route(named, self.env)).carries == "user_data"

    def of_user_data(self, named: WsKey) -> Place:
        """Return the routed key and the URL, without a listen key, of a service that brings user data.

        Raises
        ------
        ConfigurationError
            It does not exist in this environment.
        """
        routed = route(named, self.env)
        for kind in ACCOUNTS.values():
            # An account is asked for by another key than its route, and found where that is said to be.
            is_there = self.env in environments(kind.ws_key)
            if is_there and route(kind.ws_key, self.env, kind.part) == routed:
                named = kind.ws_key
        return routed, stream_url(
            routed,
            env=self.env,
            market_maker=self.market_maker,
            urls=self.urls,
            named=named,
            combined=False,
        )

    def urls_of(self, place: Place, named: WsKey) -> tuple[str, ...]:
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
        return tuple(hosts[number % len(hosts)] for number in range(self.options.lines))

    def _locate(self, routed: WsKey, key: WsKey) -> Place:
        endpoint = describe(routed)
        if endpoint.carries != "streams" or endpoint.limits.streams_per_connection < 1:
            raise ConfigurationError(f"{routed} ({endpoint.product}) carries no streams to subscribe to")
        if routed in _NOT_SPOKEN:
            raise ConfigurationError(f"{routed} {_NOT_SPOKEN[routed]}")
        if endpoint.format == "sbe" and self.options.api_key is None:
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
        listener = in_the_clear(url, self.options.proxy)
        if endpoint.format == "sbe" and listener is not None:
            raise ConfigurationError(
                f"{routed} would send the API key in the clear to {listener}: use wss://"
            )
        return routed, url
