"""The table behind `keys`: where each of Binance's WebSocket services lives and what it allows.

Data only. A row says what the service is once; `keys` turns rows into routes and URLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal

Environment = Literal["prod", "testnet", "demo"]
Market = Literal["spot", "usdm", "coinm", "options", "alpha"]
Part = Literal["public", "market", "private"]
Carries = Literal["streams", "user_data", "ws_api"]
Format = Literal["json", "sbe"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What Binance allows one connection, and how it keeps it alive.

    Attributes
    ----------
    messages_per_second : float
        Messages from us, pings and pongs included. ``inf`` on WS APIs, whose requests are counted by weight.
    streams_per_connection : int
        0 where stream names are not subscribed.
    lifetime_seconds : int
        Binance ends the connection at this age.
    ping_interval_seconds : int
        Binance sends a ping this often.
    pong_timeout_seconds : int
        Binance closes when no pong has come for this long.
    """

    messages_per_second: float
    streams_per_connection: int
    lifetime_seconds: int
    ping_interval_seconds: int
    pong_timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One logical service, as `keys.describe` gives it.

    Attributes
    ----------
    product : str
        What it is, in words.
    carries : {"streams", "user_data", "ws_api"}
        What goes over it.
    market : str or None
        Market whose public streams it serves; None for user data and WS APIs.
    part : {"public", "market", "private"} or None
        The route it is, where the product is split into routes.
    limits : Limits
        Per connection.
    environment : {"prod", "testnet", "demo"}
        The environment that the key itself names.
    url : str
        Base URL of that environment.
    combined, raw : str or None
        Paths with and without the ``{"stream":..,"data":..}`` wrapper; None where that form does not exist.
    market_maker : str or None
        Base URL for market makers.
    testnet : str or None
        Name of the key that serves this product on the testnet; a testnet key names itself.
    demo : str or None
        Base URL of demo trading.
    format : {"json", "sbe"}
        What its messages are written in. SBE wants an API key in the handshake.
    """

    product: str
    carries: Carries
    market: Market | None
    part: Part | None
    limits: Limits
    environment: Environment
    url: str
    combined: str | None
    raw: str | None
    market_maker: str | None = None
    testnet: str | None = None
    demo: str | None = None
    format: Format = "json"


_DAY: Final = 24 * 3600

_SPOT: Final = Limits(5, 1024, _DAY, 20, 60)
_SPOT_API: Final = Limits(inf, 0, _DAY, 20, 60)
_FUTURES: Final = Limits(10, 1024, _DAY, 180, 600)
# Besides the weights, Binance allows five pings and pongs a second here.
_FUTURES_API: Final = Limits(inf, 0, _DAY, 180, 600)
_OPTIONS: Final = Limits(10, 200, _DAY, 300, 900)
# Binance publishes no figures for Alpha: those of futures, the nearest relative, are assumed.
_ALPHA: Final = _FUTURES

_DEMO_SPOT: Final = "wss://demo-stream.binance.com:9443"
_DEMO_USDM: Final = "wss://demo-fstream.binance.com"
_DEMO_COINM: Final = "wss://demo-dstream.binance.com"
_DEMO_FUTURES_API: Final = "wss://testnet.binancefuture.com"
_SPOT_API_URL: Final = "wss://ws-api.binance.com:443"
_FSTREAM: Final = "wss://fstream.binance.com"


def _spot(product: str, url: str, demo: str = _DEMO_SPOT) -> Endpoint:
    return Endpoint(
        product, "streams", "spot", None, _SPOT, "prod", url, "/stream", "/ws",
        testnet="mainTestnetUserData", demo=demo,
    )  # fmt: skip


def _spot_testnet(product: str, url: str, testnet: str) -> Endpoint:
    return Endpoint(
        product, "streams", "spot", None, _SPOT, "testnet", url, "/stream", "/ws", testnet=testnet
    )


def _sbe(product: str, environment: Environment, url: str) -> Endpoint:
    return Endpoint(
        product, "streams", "spot", None, _SPOT, environment, url, "/stream", "/ws",
        testnet=None if environment == "demo" else "mainSBETestnet",
        demo=None if environment == "testnet" else "wss://demo-stream-sbe.binance.com",
        format="sbe",
    )  # fmt: skip


def _spot_api(
    product: str,
    url: str,
    *,
    carries: Carries = "ws_api",
    environment: Environment = "prod",
    testnet: str | None = None,
    demo: str | None = None,
) -> Endpoint:
    return Endpoint(
        product, carries, None, None, _SPOT_API, environment, url, None, "/ws-api/v3",
        testnet=testnet, demo=demo,
    )  # fmt: skip


def _usdm(product: str, part: Part | None, testnet: bool = False) -> Endpoint:
    # The futures testnet was folded into demo trading: both are one host.
    # Without a part the paths are the ones retired on 2026-04-23, where only /public data still flows;
    # `keys.route` leaves them as soon as the part is known.
    route = f"/{part}" if part else ""
    private = part == "private"
    return Endpoint(
        product, "user_data" if private else "streams", None if private else "usdm", part, _FUTURES,
        "testnet" if testnet else "prod", _DEMO_USDM if testnet else _FSTREAM,
        f"{route}/stream", f"{route}/ws",
        market_maker=None if testnet else "wss://fstream-mm.binance.com",
        testnet="usdmTestnet" + (part.capitalize() if part else ""), demo=None if testnet else _DEMO_USDM,
    )  # fmt: skip


def _futures_api(product: str, raw: str, testnet: str, url: str, market_maker: str) -> Endpoint:
    return Endpoint(
        product, "ws_api", None, None, _FUTURES_API, "prod", url, None, raw,
        market_maker=market_maker, testnet=testnet, demo=_DEMO_FUTURES_API,
    )  # fmt: skip


def _futures_api_testnet(product: str, raw: str, testnet: str) -> Endpoint:
    return Endpoint(
        product, "ws_api", None, None, _FUTURES_API, "testnet", _DEMO_FUTURES_API, None, raw, testnet=testnet
    )


def _coinm(
    product: str,
    url: str,
    *,
    environment: Environment = "prod",
    market_maker: str | None = None,
    demo: str | None = None,
) -> Endpoint:
    return Endpoint(
        product, "streams", "coinm", None, _FUTURES, environment, url, "/stream", "/ws",
        market_maker=market_maker, testnet="coinmTestnet", demo=demo,
    )  # fmt: skip


def _options(product: str, part: Part | None) -> Endpoint:
    # Un-routed options connections never see /market data, so the alias has the paths of /public.
    private = part == "private"
    route = f"/{part or 'public'}"
    return Endpoint(
        product, "user_data" if private else "streams", None if private else "options", part, _OPTIONS,
        "prod", _FSTREAM, None if private else f"{route}/stream", f"{route}/ws", demo=_DEMO_USDM,
    )  # fmt: skip


def _user_data(product: str, url: str, raw: str, limits: Limits) -> Endpoint:
    return Endpoint(product, "user_data", None, None, limits, "prod", url, None, raw)


#: Every service, by the value of its `keys.WsKey`.
ENDPOINTS: Final[dict[str, Endpoint]] = {
    "main": _spot("Spot market data", "wss://stream.binance.com:9443"),
    "main2": _spot(
        "Spot market data, other port", "wss://stream.binance.com:443", "wss://demo-stream.binance.com:443"
    ),
    # Demo trading has no mirror of its own: its only JSON host is that of `main`.
    "main3": _spot("Spot market data mirror", "wss://data-stream.binance.vision"),
    "mainTestnetPublic": _spot_testnet(
        "Spot testnet market data", "wss://stream.testnet.binance.vision", "mainTestnetPublic"
    ),
    # The name is historic: it carries market data, on the other port.
    "mainTestnetUserData": _spot_testnet(
        "Spot testnet market data, other port", "wss://stream.testnet.binance.vision:9443",
        "mainTestnetUserData",
    ),
    "mainSBE": _sbe("Spot market data, binary", "prod", "wss://stream-sbe.binance.com"),
    "mainSBETestnet": _sbe(
        "Spot testnet market data, binary", "testnet", "wss://stream-sbe.testnet.binance.vision"
    ),
    "mainSBEDemo": _sbe("Spot demo market data, binary", "demo", "wss://demo-stream-sbe.binance.com"),
    "mainWSAPI": _spot_api(
        "Spot WS API and user data", _SPOT_API_URL,
        testnet="mainWSAPITestnet", demo="wss://demo-ws-api.binance.com:443",
    ),
    "mainWSAPI2": _spot_api(
        "Spot WS API and user data, other port", "wss://ws-api.binance.com:9443",
        testnet="mainWSAPITestnet", demo="wss://demo-ws-api.binance.com:9443",
    ),
    "mainWSAPITestnet": _spot_api(
        "Spot testnet WS API and user data", "wss://ws-api.testnet.binance.vision",
        environment="testnet", testnet="mainWSAPITestnet",
    ),
    # Binance states no limits for the risk host: those of spot streams, the stricter ones, are assumed.
    "marginRiskUserData": _user_data(
        "Cross margin risk events", "wss://margin-stream.binance.com", "/ws", _SPOT
    ),
    "marginUserData": _spot_api("Cross and isolated margin user data", _SPOT_API_URL, carries="user_data"),
    "usdm": _usdm("USD-M futures, routed by stream", None),
    "usdmPublic": _usdm("USD-M futures book data", "public"),
    "usdmMarket": _usdm("USD-M futures other market data", "market"),
    "usdmPrivate": _usdm("USD-M futures user data", "private"),
    "usdmTestnet": _usdm("USD-M futures testnet, routed by stream", None, True),
    "usdmTestnetPublic": _usdm("USD-M futures testnet book data", "public", True),
    "usdmTestnetMarket": _usdm("USD-M futures testnet other market data", "market", True),
    "usdmTestnetPrivate": _usdm("USD-M futures testnet user data", "private", True),
    "usdmWSAPI": _futures_api(
        "USD-M futures WS API", "/ws-fapi/v1", "usdmWSAPITestnet",
        "wss://ws-fapi.binance.com", "wss://ws-fapi-mm.binance.com",
    ),
    "usdmWSAPITestnet": _futures_api_testnet(
        "USD-M futures testnet WS API", "/ws-fapi/v1", "usdmWSAPITestnet"
    ),
    "coinm": _coinm(
        "COIN-M futures market and user data", "wss://dstream.binance.com",
        market_maker="wss://dstream-mm.binance.com", demo=_DEMO_COINM,
    ),
    "coinm2": _coinm("COIN-M futures streams of listen key holders", "wss://dstream-auth.binance.com"),
    "coinmTestnet": _coinm(
        "COIN-M futures testnet market and user data", _DEMO_COINM, environment="testnet"
    ),
    "coinmWSAPI": _futures_api(
        "COIN-M futures WS API", "/ws-dapi/v1", "coinmWSAPITestnet",
        "wss://ws-dapi.binance.com", "wss://ws-dapi-mm.binance.com",
    ),
    "coinmWSAPITestnet": _futures_api_testnet(
        "COIN-M futures testnet WS API", "/ws-dapi/v1", "coinmWSAPITestnet"
    ),
    "eoptions": _options("European options, routed by stream", None),
    "eoptionsPublic": _options("European options book data, tickers and trades", "public"),
    "eoptionsMarket": _options("European options other market data", "market"),
    "eoptionsPrivate": _options("European options user data", "private"),
    "portfolioMarginUserData": _user_data("Portfolio Margin user data", _FSTREAM, "/pm/ws", _FUTURES),
    "portfolioMarginProUserData": _user_data(
        "Portfolio Margin Pro user data", _FSTREAM, "/pm-classic/ws", _FUTURES
    ),
    "alpha": Endpoint(
        "Alpha market data", "streams", "alpha", None, _ALPHA, "prod", "wss://nbstream.binance.com",
        "/w3w/wsa/stream", None,
    ),
}  # fmt: skip
