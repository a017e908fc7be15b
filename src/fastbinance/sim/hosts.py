"""Binance's hosts, what each serves, and how the path of a URL to streams is read."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import unquote

from fastbinance.keys import Environment, Format, Market, Part, WsKey
from fastbinance.sim.timeunit import MICROSECONDS, MILLISECONDS, TimeUnit
from fastbinance.sim.user.kinds import AccountKind

__all__ = ["HOSTS", "Host", "Refusal", "Service", "Target", "parse_target", "parse_time_unit", "split_url"]

Service = Literal["streams", "ws_api", "user_data"]


@dataclass(frozen=True, slots=True)
class Host:
    """One Binance host, which here is one port.

    Attributes
    ----------
    name
        Binance's host name, with the port where two keys differ by nothing else.
    market, environment
        What it serves and in which world.
    keys
        Every key whose base URL it is.
    is_split
        Has the routes ``/public``, ``/market`` and ``/private``.
    prefix
        Steps of the path in front of ``/stream``, where there are any; such a host has no ``/ws``. Of a WS
        API, the whole path; of user data, what is in front of ``/ws``.
    format
        What its events are written in. SBE hosts want an API key.
    service
        What is spoken there: streams, or requests and answers.
    account_kind
        Whose user data comes out of sockets that are opened with a listen key; None where there is none.
    """

    name: str
    market: Market
    environment: Environment
    keys: tuple[WsKey, ...]
    is_split: bool = False
    prefix: tuple[str, ...] = ()
    format: Format = "json"
    service: Service = "streams"
    account_kind: AccountKind | None = None


_SPOT_API: Final = ("ws-api", "v3")
_USDM_API: Final = ("ws-fapi", "v1")
_COINM_API: Final = ("ws-dapi", "v1")

HOSTS: Final = (
    Host("stream.binance.com:9443", "spot", "prod", (WsKey.MAIN,)),
    Host("stream.binance.com:443", "spot", "prod", (WsKey.MAIN2,)),
    Host("data-stream.binance.vision", "spot", "prod", (WsKey.MAIN3,)),
    Host("stream.testnet.binance.vision", "spot", "testnet", (WsKey.MAIN_TESTNET_PUBLIC,)),
    Host("stream.testnet.binance.vision:9443", "spot", "testnet", (WsKey.MAIN_TESTNET_USER_DATA,)),
    Host(
        "fstream.binance.com", "usdm", "prod",
        (WsKey.USDM, WsKey.USDM_PUBLIC, WsKey.USDM_MARKET, WsKey.USDM_PRIVATE), is_split=True,
        account_kind="usdm",
    ),
    Host(
        "demo-fstream.binance.com", "usdm", "testnet",
        (
            WsKey.USDM_TESTNET, WsKey.USDM_TESTNET_PUBLIC, WsKey.USDM_TESTNET_MARKET,
            WsKey.USDM_TESTNET_PRIVATE,
        ), is_split=True, account_kind="usdm",
    ),
    Host("dstream.binance.com", "coinm", "prod", (WsKey.COINM,), account_kind="coinm"),
    Host("dstream-auth.binance.com", "coinm", "prod", (WsKey.COINM2,), account_kind="coinm"),
    Host("demo-dstream.binance.com", "coinm", "testnet", (WsKey.COINM_TESTNET,), account_kind="coinm"),
    # Binance's own host for these is that of USD-M, where the same routes carry both.
    Host(
        "fstream.binance.com (options)", "options", "prod",
        (WsKey.EOPTIONS, WsKey.EOPTIONS_PUBLIC, WsKey.EOPTIONS_MARKET, WsKey.EOPTIONS_PRIVATE), is_split=True,
        account_kind="options",
    ),
    Host("nbstream.binance.com", "alpha", "prod", (WsKey.ALPHA,), prefix=("w3w", "wsa")),
    Host("stream-sbe.binance.com", "spot", "prod", (WsKey.MAIN_SBE,), format="sbe"),
    Host("stream-sbe.testnet.binance.vision", "spot", "testnet", (WsKey.MAIN_SBE_TESTNET,), format="sbe"),
    # Demo trading shows the prices of production.
    Host("demo-stream-sbe.binance.com", "spot", "prod", (WsKey.MAIN_SBE_DEMO,), format="sbe"),
    Host(
        "ws-api.binance.com:443", "spot", "prod", (WsKey.MAIN_WS_API, WsKey.MARGIN_USER_DATA),
        prefix=_SPOT_API, service="ws_api",
    ),
    Host(
        "ws-api.binance.com:9443", "spot", "prod", (WsKey.MAIN_WS_API2,), prefix=_SPOT_API, service="ws_api"
    ),
    Host(
        "ws-api.testnet.binance.vision", "spot", "testnet", (WsKey.MAIN_WS_API_TESTNET,), prefix=_SPOT_API,
        service="ws_api",
    ),
    Host(
        "ws-fapi.binance.com", "usdm", "prod", (WsKey.USDM_WS_API,), prefix=_USDM_API, service="ws_api"
    ),
    Host(
        "ws-dapi.binance.com", "coinm", "prod", (WsKey.COINM_WS_API,), prefix=_COINM_API, service="ws_api"
    ),
    Host(
        "testnet.binancefuture.com", "usdm", "testnet", (WsKey.USDM_WS_API_TESTNET,), prefix=_USDM_API,
        service="ws_api",
    ),
    # Binance has both under one name, told apart by their paths.
    Host(
        "testnet.binancefuture.com (COIN-M)", "coinm", "testnet", (WsKey.COINM_WS_API_TESTNET,),
        prefix=_COINM_API, service="ws_api",
    ),
    Host(
        "margin-stream.binance.com", "spot", "prod", (WsKey.MARGIN_RISK_USER_DATA,), service="user_data",
        account_kind="margin_risk",
    ),
    # At Binance these two are paths of USD-M's host as well.
    Host(
        "fstream.binance.com (portfolio margin)", "usdm", "prod", (WsKey.PORTFOLIO_MARGIN_USER_DATA,),
        prefix=("pm",), service="user_data", account_kind="portfolio",
    ),
    Host(
        "fstream.binance.com (portfolio margin pro)", "usdm", "prod",
        (WsKey.PORTFOLIO_MARGIN_PRO_USER_DATA,), prefix=("pm-classic",), service="user_data",
        account_kind="portfolio_pro",
    ),
)  # fmt: skip

_TIME_UNITS: Final = {"MILLISECOND": MILLISECONDS, "MICROSECOND": MICROSECONDS}
_PARTS: Final[dict[str, Part]] = {"public": "public", "market": "market", "private": "private"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the URL of a connection asks for.

    Attributes
    ----------
    combined
        ``/stream`` rather than ``/ws``.
    part
        Route that it can be served on a split host; None where everything is.
    streams
        Names in the URL.
    listen_keys
        Listen keys in the URL of a route or host of user data, each with the events that are wanted of it;
        None wants all.
    time_unit
        How times are spelled: spot has microseconds for those who ask.
    """

    combined: bool
    part: Part | None
    streams: tuple[str, ...]
    time_unit: TimeUnit = MILLISECONDS
    listen_keys: tuple[tuple[str, frozenset[str] | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """HTTP answer to a URL that opens nothing."""

    status: HTTPStatus
    reason: str


def parse_target(host: Host, path: str) -> Target | Refusal:
    """Read the path and query of a WebSocket URL as ``host`` does."""
    steps, query = split_url(path)
    if tuple(steps[: len(host.prefix)]) != host.prefix:
        return Refusal(HTTPStatus.NOT_FOUND, "404 Not Found")
    del steps[: len(host.prefix)]
    part: Part | None = None
    if host.is_split:
        # The un-routed paths still open, and carry public data only.
        part = "public"
        if steps and steps[0] in _PARTS:
            part = _PARTS[steps.pop(0)]
    if host.service == "user_data":
        return _key_target(steps)
    if not steps or steps[0] not in (("stream",) if host.prefix else ("ws", "stream")):
        return Refusal(HTTPStatus.NOT_FOUND, "404 Not Found")
    time_unit = MILLISECONDS
    if host.market == "spot" and host.format == "json":
        unit = parse_time_unit(query)
        if isinstance(unit, Refusal):
            return unit
        time_unit = unit
    names = tuple(steps[1:])
    combined = steps[0] == "stream"
    if combined:
        if names:
            return Refusal(HTTPStatus.NOT_FOUND, "404 Not Found")
        names = tuple(name for key, value in query if key == "streams" for name in value.split("/") if name)
    if part == "private":
        # What is in the path there is a listen key, and no stream.
        in_path, names = ((), names) if combined else (names, ())
        return Target(combined, part, names, time_unit, _listen_keys(in_path, query))
    return Target(combined, part, names, time_unit)


def _key_target(steps: list[str]) -> Target | Refusal:
    if not steps or steps[0] != "ws":
        return Refusal(HTTPStatus.NOT_FOUND, "404 Not Found")
    return Target(False, "private", (), listen_keys=_listen_keys(tuple(steps[1:]), []))


def _listen_keys(
    in_path: tuple[str, ...], query: list[tuple[str, str]]
) -> tuple[tuple[str, frozenset[str] | None], ...]:
    # Events are those of the key in front of them.
    found: dict[str, frozenset[str] | None] = dict.fromkeys(in_path)
    key = in_path[-1] if in_path else None
    for name, value in query:
        if name == "listenKey" and value:
            key = value
            found[key] = None
        elif name == "events" and key is not None:
            found[key] = frozenset(event for event in value.split("/") if event)
    return tuple(found.items())


def split_url(path: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Take the path of a URL into its steps and the pairs of its query."""
    location, _, query_text = path.partition("?")
    # Not parse_qsl, which reads the plus of "@kline_1m@+08:00" as a space.
    query = [
        (key, unquote(value)) for key, _, value in (pair.partition("=") for pair in query_text.split("&"))
    ]
    return [unquote(step) for step in location.split("/") if step], query


def parse_time_unit(query: list[tuple[str, str]]) -> TimeUnit | Refusal:
    """Read how times shall be spelled: in milliseconds where a query names no unit."""
    units = {value.upper() for key, value in query if key == "timeUnit"}
    if units - _TIME_UNITS.keys():
        return Refusal(HTTPStatus.BAD_REQUEST, f"timeUnit is one of {', '.join(_TIME_UNITS)}")
    return _TIME_UNITS[units.pop()] if len(units) == 1 else MILLISECONDS
