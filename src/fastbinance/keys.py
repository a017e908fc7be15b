"""Binance's WebSocket services by name, and the URL, limits and environments of each.

A `WsKey` names a service, not a connection. `usdm` and `eoptions` are aliases: their streams live on the
routes `public`, `market` and `private`, and `route` says which key a stream really belongs to.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from fastbinance._endpoints import ENDPOINTS, Endpoint, Environment, Format, Limits, Market, Part
from fastbinance.errors import ConfigurationError

__all__ = [
    "ENVIRONMENTS",
    "FORMATS",
    "MARKETS",
    "PARTS",
    "TIME_UNITS",
    "Endpoint",
    "Environment",
    "Format",
    "Limits",
    "Market",
    "Part",
    "TimeUnit",
    "Urls",
    "WsKey",
    "base_url",
    "check_urls",
    "checked_url",
    "describe",
    "environments",
    "format_of",
    "key_for",
    "limits",
    "market_of",
    "parse_key",
    "path",
    "route",
    "service",
    "stream_url",
]


class WsKey(StrEnum):
    """Name of one logical WebSocket service; the value is the JavaScript SDK's name for it."""

    MAIN = "main"
    MAIN2 = "main2"
    MAIN3 = "main3"
    MAIN_TESTNET_PUBLIC = "mainTestnetPublic"
    MAIN_TESTNET_USER_DATA = "mainTestnetUserData"
    MAIN_SBE = "mainSBE"
    MAIN_SBE_TESTNET = "mainSBETestnet"
    MAIN_SBE_DEMO = "mainSBEDemo"
    MAIN_WS_API = "mainWSAPI"
    MAIN_WS_API2 = "mainWSAPI2"
    MAIN_WS_API_TESTNET = "mainWSAPITestnet"
    MARGIN_RISK_USER_DATA = "marginRiskUserData"
    MARGIN_USER_DATA = "marginUserData"
    USDM = "usdm"
    USDM_PUBLIC = "usdmPublic"
    USDM_MARKET = "usdmMarket"
    USDM_PRIVATE = "usdmPrivate"
    USDM_TESTNET = "usdmTestnet"
    USDM_TESTNET_PUBLIC = "usdmTestnetPublic"
    USDM_TESTNET_MARKET = "usdmTestnetMarket"
    USDM_TESTNET_PRIVATE = "usdmTestnetPrivate"
    USDM_WS_API = "usdmWSAPI"
    USDM_WS_API_TESTNET = "usdmWSAPITestnet"
    COINM = "coinm"
    COINM2 = "coinm2"
    COINM_TESTNET = "coinmTestnet"
    COINM_WS_API = "coinmWSAPI"
    COINM_WS_API_TESTNET = "coinmWSAPITestnet"
    EOPTIONS = "eoptions"
    EOPTIONS_PUBLIC = "eoptionsPublic"
    EOPTIONS_MARKET = "eoptionsMarket"
    EOPTIONS_PRIVATE = "eoptionsPrivate"
    PORTFOLIO_MARGIN_USER_DATA = "portfolioMarginUserData"
    PORTFOLIO_MARGIN_PRO_USER_DATA = "portfolioMarginProUserData"
    ALPHA = "alpha"


#: Base URLs of the caller, by key, by its name, or by a market. Two mappings because a mapping's key type is
#: invariant.
Urls = Mapping[WsKey, str] | Mapping[str, str]

MARKETS: Final[tuple[Market, ...]] = get_args(Market)
ENVIRONMENTS: Final[tuple[Environment, ...]] = get_args(Environment)
PARTS: Final[tuple[Part, ...]] = get_args(Part)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

#: Of Binance's times. Only spot's JSON streams offer the finer one.
TimeUnit = Literal["millisecond", "microsecond"]
TIME_UNITS: Final[tuple[TimeUnit, ...]] = get_args(TimeUnit)

_KEY_FOR: Final[dict[str, WsKey]] = {
    "spot": WsKey.MAIN,
    "usdm": WsKey.USDM,
    "coinm": WsKey.COINM,
    "options": WsKey.EOPTIONS,
    "alpha": WsKey.ALPHA,
}

#: The services that Binance splits; the route's name, capitalised, completes the key.
_SPLIT: Final = (WsKey.USDM, WsKey.USDM_TESTNET, WsKey.EOPTIONS)


def parse_key(text: WsKey | str) -> WsKey:
    """Return the key of a name.

    Raises
    ------
    ConfigurationError
        No such key; the message has the closest one and the list.
    """
    try:
        return WsKey(text)
    except ValueError:
        pass
    # Compared without case and underscores, so that a member's name finds its value.
    names = {name.lower(): name for name in ENDPOINTS}
    wanted = str(text).lower().replace("_", "")
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.7)
    tip = f"; did you mean {names[close[0]]!r}?" if close else ";"
    raise ConfigurationError(f"{text!r} is no WsKey{tip} there are {', '.join(ENDPOINTS)}")


def describe(key: WsKey | str) -> Endpoint:
    """Return what is known about a service: product, what it carries, market, limits, URLs."""
    return ENDPOINTS[parse_key(key)]


def limits(key: WsKey | str) -> Limits:
    """Return what Binance allows one connection of a service.

    Alpha's figures are unpublished; those of futures stand in for them.
    """
    return describe(key).limits


def market_of(key: WsKey | str) -> Market | None:
    """Return the market whose public streams a service carries; None for user data and WS APIs."""
    return describe(key).market


def format_of(key: WsKey | str) -> Format:
    """Return what the messages of a service are written in: ``"json"`` or ``"sbe"``."""
    return describe(key).format


def key_for(market: str, format: Format = "json") -> WsKey:
    """Return the service that a market's streams are asked of, before routing.

    Raises
    ------
    ConfigurationError
        No such market or format, or not in that format; the message lists those there are.
    """
    if format not in FORMATS:
        raise ConfigurationError(f"format={format!r}: there are {', '.join(FORMATS)}")
    if market not in _KEY_FOR:
        raise ConfigurationError(f"{market!r} is no market; there are {', '.join(MARKETS)}")
    if format == "sbe":
        if market != "spot":
            raise ConfigurationError(f"format='sbe' is offered by spot; {market} has json")
        return WsKey.MAIN_SBE
    return _KEY_FOR[market]


def service(name: WsKey | str) -> WsKey:
    """Return the service of a key, of its name, or of a market, whose streams' service is meant.

    Raises
    ------
    ConfigurationError
        Neither a key nor a market; the message has the closest key and the list.
    """
    # "usdm", "coinm" and "alpha" are both, and mean the same.
    return _KEY_FOR[name] if isinstance(name, str) and name in _KEY_FOR else parse_key(name)


def environments(key: WsKey | str) -> tuple[Environment, ...]:
    """Return the environments in which a service exists.

    A key that names an environment itself (``mainTestnetPublic``) has only that one.
    """
    endpoint = describe(key)
    if endpoint.environment != "prod":
        return (endpoint.environment,)
    there: list[Environment] = ["prod"]
    if endpoint.testnet:
        there.append("testnet")
    if endpoint.demo:
        there.append("demo")
    return tuple(there)


def _check_name(env: str) -> None:
    if env not in ENVIRONMENTS:
        raise ConfigurationError(f"{env!r} is no environment; there are {', '.join(ENVIRONMENTS)}")


def _check_environment(key: WsKey, env: str) -> None:
    _check_name(env)
    there = environments(key)
    # "prod" is the default rather than a wish: a key that names its environment is taken at its word.
    if env != "prod" and env not in there:
        raise ConfigurationError(
            f"{key} ({describe(key).product}) does not exist in {env!r}; it exists in "
            + ", ".join(repr(name) for name in there)
        )


def _on_testnet(key: WsKey) -> WsKey:
    twin = ENDPOINTS[key].testnet
    if twin is None:
        raise AssertionError(f"{key} has no testnet twin; _check_environment lets nobody come here")
    return WsKey(twin)


def route(key: WsKey | str, env: Environment = "prod", part: Part | None = None) -> WsKey:
    """Return the service that is really connected to.

    Parameters
    ----------
    key : WsKey or str
        The service that the caller named.
    env : {"prod", "testnet", "demo"}
        On the testnet the key is replaced by its testnet twin; in demo trading the key stays and its URL
        changes.
    part : {"public", "market", "private"}, optional
        Route of a stream (`streams.Stream.part`). Only ``usdm``, ``usdmTestnet`` and ``eoptions`` follow it.

    Raises
    ------
    ConfigurationError
        The service does not exist in that environment; the message names those where it does.
    """
    routed = parse_key(key)
    _check_environment(routed, env)
    if part is not None and part not in PARTS:
        raise ConfigurationError(f"{part!r} is no part; there are {', '.join(PARTS)}")
    if env == "testnet":
        routed = _on_testnet(routed)
    if part is not None and routed in _SPLIT:
        routed = WsKey(routed.value + part.capitalize())
    return routed


def base_url(
    key: WsKey | str,
    *,
    env: Environment = "prod",
    market_maker: bool = False,
    urls: Urls | None = None,
    named: WsKey | str | None = None,
) -> str:
    """Return scheme, host and port of a service, without a path.

    Precedence: `urls`, then `env`, then `market_maker`, then production.

    Parameters
    ----------
    key : WsKey or str
        The service, as `route` gave it.
    env : {"prod", "testnet", "demo"}
        Environment.
    market_maker : bool
        Use the market makers' host where there is one; production's elsewhere.
    urls : mapping of WsKey or str to str, optional
        Overrides, as `check_urls` returns them: looked up by `named`, then by `key`. An override serves
        every environment, also one in which Binance does not offer the service.
    named : WsKey or str, optional
        The key that the caller named, where routing led to another.

    Raises
    ------
    ConfigurationError
        No such service, or not in that environment.
    """
    _check_name(env)
    routed = parse_key(key)
    names = [routed] if named is None else [parse_key(named), routed]
    if env == "testnet" and ENDPOINTS[routed].testnet:
        routed = _on_testnet(routed)
        names.append(routed)
    for name in names:
        if urls and name in urls:
            return urls[name].rstrip("/")
    _check_environment(routed, env)
    endpoint = ENDPOINTS[routed]
    if env == "demo" and endpoint.demo:
        return endpoint.demo
    if market_maker and endpoint.market_maker:
        return endpoint.market_maker
    return endpoint.url


def path(key: WsKey | str, *, combined: bool = True) -> str:
    """Return the path of a service, such as ``/public/stream``; what follows it (listen key) is the caller's.

    Parameters
    ----------
    key : WsKey or str
        The service, as `route` gave it.
    combined : bool
        With the ``{"stream":..,"data":..}`` wrapper. Services with only an unwrapped form return it anyway.

    Raises
    ------
    ConfigurationError
        The service always wraps and `combined` is false.
    """
    endpoint = describe(key)
    found = endpoint.combined or endpoint.raw if combined else endpoint.raw
    if found is None:
        raise ConfigurationError(f"{key} ({endpoint.product}) has no raw form; use combined=True")
    return found


def stream_url(
    key: WsKey | str,
    *,
    env: Environment = "prod",
    market_maker: bool = False,
    urls: Urls | None = None,
    named: WsKey | str | None = None,
    combined: bool = True,
    time_unit: TimeUnit = "millisecond",
) -> str:
    """Return the URL to connect to: `base_url`, `path`, and the unit of times where it is asked for.

    Only spot's JSON streams offer microseconds; elsewhere `time_unit` changes nothing.
    """
    base = base_url(key, env=env, market_maker=market_maker, urls=urls, named=named)
    routed = parse_key(key)
    if env == "testnet" and ENDPOINTS[routed].testnet:
        routed = _on_testnet(routed)
    endpoint = ENDPOINTS[routed]
    finer = time_unit == "microsecond" and endpoint.market == "spot" and endpoint.format == "json"
    return base + path(routed, combined=combined) + ("?timeUnit=MICROSECOND" if finer else "")


def check_urls(urls: Urls) -> dict[WsKey, str]:
    """Return overrides of base URLs in the form `base_url` wants, or say what is wrong with them.

    Parameters
    ----------
    urls : mapping of WsKey or str to str
        ``ws://`` or ``wss://`` URLs with a host, by key or market; a path is kept as a prefix, a final ``/``
        is not.

    Raises
    ------
    ConfigurationError
        Unknown key, other scheme, no host, a bad port, user information, a query or a fragment.
    """
    return {
        service(name): checked_url(f"urls[{str(name)!r}]", url, ("ws", "wss")) for name, url in urls.items()
    }


def checked_url(where: str, url: str, schemes: tuple[str, str]) -> str:
    """Return a base URL without a final ``/``, or say what is wrong with it; see `check_urls`."""
    allowed = " or ".join(f'"{scheme}://host:port"' for scheme in schemes)
    allowed = f"write {allowed}"
    # urlsplit drops tabs and line ends without a word.
    if not isinstance(url, str) or not url or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise ConfigurationError(f"{where} is {url!r}; {allowed}")
    try:
        parts = urlsplit(url)
        port_is_zero = parts.port == 0
    except ValueError as error:
        raise ConfigurationError(f"{where} cannot be read: {error}; {allowed}") from None
    # Looked at first, and the URL not shown: a password or a listen key must not reach a message.
    if "@" in parts.netloc:
        raise ConfigurationError(f"{where} has user information before the host; {allowed}")
    if "?" in url or "#" in url:
        raise ConfigurationError(f"{where} has a query or a fragment; {allowed}, the rest is added to it")
    if parts.scheme not in schemes:
        which = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigurationError(f"{where} is {url!r}, whose scheme is not {which}; {allowed}")
    if not parts.hostname:
        raise ConfigurationError(f"{where} is {url!r}, which has no host; {allowed}")
    if port_is_zero:
        raise ConfigurationError(f"{where} is {url!r}, whose port is 0; {allowed}")
    return url.rstrip("/")
