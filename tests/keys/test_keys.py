"""Every service has its right URL, path, limits and twins in every environment."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._endpoints import ENDPOINTS
from fastbinance.errors import ConfigurationError
from fastbinance.keys import (
    ENVIRONMENTS,
    MARKETS,
    Environment,
    Part,
    WsKey,
    base_url,
    check_urls,
    describe,
    environments,
    key_for,
    limits,
    market_of,
    parse_key,
    path,
    route,
    stream_url,
)

FSTREAM = "wss://fstream.binance.com"
FSTREAM_MM = "wss://fstream-mm.binance.com"
DEMO_F = "wss://demo-fstream.binance.com"
DEMO_D = "wss://demo-dstream.binance.com"
FUTURES_API = "wss://testnet.binancefuture.com"
SPOT_TESTNET = ("mainTestnetUserData", "wss://stream.testnet.binance.vision:9443")
SPOT_API_TESTNET = ("mainWSAPITestnet", "wss://ws-api.testnet.binance.vision")
SBE_TESTNET = ("mainSBETestnet", "wss://stream-sbe.testnet.binance.vision")
USDM_TESTNET = ("usdmTestnet", DEMO_F)
COINM_TESTNET = ("coinmTestnet", DEMO_D)

# name, production URL, market makers' URL (None: production), demo URL (None: refused),
# twin and URL on the testnet (None: refused), combined path, raw path
Row = tuple[str, str, str | None, str | None, tuple[str, str] | None, str, str | None]
ROWS: list[Row] = [
    ("main", "wss://stream.binance.com:9443", None, "wss://demo-stream.binance.com:9443",
     SPOT_TESTNET, "/stream", "/ws"),
    ("main2", "wss://stream.binance.com:443", None, "wss://demo-stream.binance.com:443",
     SPOT_TESTNET, "/stream", "/ws"),
    ("main3", "wss://data-stream.binance.vision", None, "wss://demo-stream.binance.com:9443",
     SPOT_TESTNET, "/stream", "/ws"),
    ("mainTestnetPublic", "wss://stream.testnet.binance.vision", None, None,
     ("mainTestnetPublic", "wss://stream.testnet.binance.vision"), "/stream", "/ws"),
    ("mainTestnetUserData", SPOT_TESTNET[1], None, None, SPOT_TESTNET, "/stream", "/ws"),
    ("mainWSAPI", "wss://ws-api.binance.com:443", None, "wss://demo-ws-api.binance.com:443",
     SPOT_API_TESTNET, "/ws-api/v3", "/ws-api/v3"),
    ("mainWSAPI2", "wss://ws-api.binance.com:9443", None, "wss://demo-ws-api.binance.com:9443",
     SPOT_API_TESTNET, "/ws-api/v3", "/ws-api/v3"),
    ("mainWSAPITestnet", SPOT_API_TESTNET[1], None, None, SPOT_API_TESTNET, "/ws-api/v3", "/ws-api/v3"),
    ("marginRiskUserData", "wss://margin-stream.binance.com", None, None, None, "/ws", "/ws"),
    ("marginUserData", "wss://ws-api.binance.com:443", None, None, None, "/ws-api/v3", "/ws-api/v3"),
    ("usdm", FSTREAM, FSTREAM_MM, DEMO_F, USDM_TESTNET, "/stream", "/ws"),
    ("usdmPublic", FSTREAM, FSTREAM_MM, DEMO_F, ("usdmTestnetPublic", DEMO_F),
     "/public/stream", "/public/ws"),
    ("usdmMarket", FSTREAM, FSTREAM_MM, DEMO_F, ("usdmTestnetMarket", DEMO_F),
     "/market/stream", "/market/ws"),
    ("usdmPrivate", FSTREAM, FSTREAM_MM, DEMO_F, ("usdmTestnetPrivate", DEMO_F),
     "/private/stream", "/private/ws"),
    ("usdmTestnet", DEMO_F, None, None, USDM_TESTNET, "/stream", "/ws"),
    ("usdmTestnetPrivate", DEMO_F, None, None, ("usdmTestnetPrivate", DEMO_F),
     "/private/stream", "/private/ws"),
    ("usdmTestnetPublic", DEMO_F, None, None, ("usdmTestnetPublic", DEMO_F),
     "/public/stream", "/public/ws"),
    ("usdmTestnetMarket", DEMO_F, None, None, ("usdmTestnetMarket", DEMO_F),
     "/market/stream", "/market/ws"),
    ("usdmWSAPI", "wss://ws-fapi.binance.com", "wss://ws-fapi-mm.binance.com",
     FUTURES_API, ("usdmWSAPITestnet", FUTURES_API), "/ws-fapi/v1", "/ws-fapi/v1"),
    ("usdmWSAPITestnet", FUTURES_API, None, None, ("usdmWSAPITestnet", FUTURES_API),
     "/ws-fapi/v1", "/ws-fapi/v1"),
    ("coinm", "wss://dstream.binance.com", "wss://dstream-mm.binance.com", DEMO_D,
     COINM_TESTNET, "/stream", "/ws"),
    ("coinm2", "wss://dstream-auth.binance.com", None, None, COINM_TESTNET, "/stream", "/ws"),
    ("coinmTestnet", DEMO_D, None, None, COINM_TESTNET, "/stream", "/ws"),
    ("coinmWSAPI", "wss://ws-dapi.binance.com", "wss://ws-dapi-mm.binance.com",
     FUTURES_API, ("coinmWSAPITestnet", FUTURES_API), "/ws-dapi/v1", "/ws-dapi/v1"),
    ("coinmWSAPITestnet", FUTURES_API, None, None, ("coinmWSAPITestnet", FUTURES_API),
     "/ws-dapi/v1", "/ws-dapi/v1"),
    ("eoptions", FSTREAM, None, DEMO_F, None, "/public/stream", "/public/ws"),
    ("portfolioMarginUserData", FSTREAM, None, None, None, "/pm/ws", "/pm/ws"),
    ("portfolioMarginProUserData", FSTREAM, None, None, None, "/pm-classic/ws", "/pm-classic/ws"),
    ("alpha", "wss://nbstream.binance.com", None, None, None, "/w3w/wsa/stream", None),
    # Ours, beyond the 29 of the JavaScript SDK.
    ("mainSBE", "wss://stream-sbe.binance.com", None, "wss://demo-stream-sbe.binance.com",
     SBE_TESTNET, "/stream", "/ws"),
    ("mainSBETestnet", SBE_TESTNET[1], None, None, SBE_TESTNET, "/stream", "/ws"),
    ("mainSBEDemo", "wss://demo-stream-sbe.binance.com", None,
     "wss://demo-stream-sbe.binance.com", None, "/stream", "/ws"),
    ("eoptionsPublic", FSTREAM, None, DEMO_F, None, "/public/stream", "/public/ws"),
    ("eoptionsMarket", FSTREAM, None, DEMO_F, None, "/market/stream", "/market/ws"),
    ("eoptionsPrivate", FSTREAM, None, DEMO_F, None, "/private/ws", "/private/ws"),
]  # fmt: skip

each_row = pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])


def test_the_table_has_every_key_once() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(WsKey) == sorted(ENDPOINTS)
    assert len(WsKey) == 29 + 6


def test_member_names_are_the_values_in_upper_snake_case() -> None:
    for key in WsKey:
        assert key.name.replace("_", "").lower() == key.value.lower()
    assert str(WsKey.USDM_PUBLIC) == f"{WsKey.USDM_PUBLIC}" == "usdmPublic"


@each_row
def test_production_is_the_default(row: Row) -> None:
    name, prod, _, _, _, combined, _ = row
    assert base_url(name) == prod
    assert stream_url(WsKey(name)) == prod + combined


@each_row
def test_market_makers_get_their_host_where_there_is_one(row: Row) -> None:
    name, prod, market_maker, *_ = row
    assert base_url(name, market_maker=True) == (market_maker or prod)


@each_row
def test_demo_has_its_host_or_is_refused(row: Row) -> None:
    name, _, _, demo, _, combined, _ = row
    if demo is None:
        with pytest.raises(ConfigurationError, match=rf"{name} .*does not exist in 'demo'; it exists in '"):
            base_url(name, env="demo")
        with pytest.raises(ConfigurationError, match="does not exist in 'demo'"):
            route(name, "demo")
    else:
        assert route(name, "demo") == name
        assert base_url(name, env="demo", market_maker=True) == demo
        assert stream_url(name, env="demo") == demo + combined


@each_row
def test_the_testnet_has_a_twin_or_is_refused(row: Row) -> None:
    name, _, _, _, testnet, _, _ = row
    if testnet is None:
        with pytest.raises(ConfigurationError, match="does not exist in 'testnet'"):
            route(name, "testnet")
        with pytest.raises(ConfigurationError, match="does not exist in 'testnet'"):
            base_url(name, env="testnet")
    else:
        twin, url = testnet
        assert route(name, "testnet") == twin
        assert route(twin, "testnet") == twin
        assert base_url(name, env="testnet", market_maker=True) == base_url(twin, env="testnet") == url
        assert stream_url(name, env="testnet") == url + path(twin)


@each_row
def test_paths_are_those_of_the_form_asked_for(row: Row) -> None:
    name, prod, *_, combined, raw = row
    assert path(name) == combined
    if raw is None:
        with pytest.raises(ConfigurationError, match="combined=True"):
            path(name, combined=False)
    else:
        assert path(name, combined=False) == raw
        assert stream_url(name, combined=False) == prod + raw


@each_row
def test_environments_are_those_that_do_not_raise(row: Row) -> None:
    key = WsKey(row[0])
    allowed = []
    for env in ENVIRONMENTS:
        try:
            route(key, env)
        except ConfigurationError:
            continue
        allowed.append(env)
    # "prod" is the default, so it is no contradiction to a key that names its environment.
    assert set(environments(key)) | {"prod"} == set(allowed)


PARTS: list[tuple[str, Environment, Part, str, str]] = [
    ("usdm", "prod", "public", "usdmPublic", FSTREAM + "/public/stream"),
    ("usdm", "prod", "market", "usdmMarket", FSTREAM + "/market/stream"),
    ("usdm", "prod", "private", "usdmPrivate", FSTREAM + "/private/stream"),
    ("usdm", "demo", "public", "usdmPublic", DEMO_F + "/public/stream"),
    ("usdm", "testnet", "public", "usdmTestnetPublic", DEMO_F + "/public/stream"),
    ("usdm", "testnet", "market", "usdmTestnetMarket", DEMO_F + "/market/stream"),
    ("usdmTestnet", "prod", "private", "usdmTestnetPrivate", DEMO_F + "/private/stream"),
    ("eoptions", "prod", "public", "eoptionsPublic", FSTREAM + "/public/stream"),
    ("eoptions", "demo", "market", "eoptionsMarket", DEMO_F + "/market/stream"),
    ("eoptions", "prod", "private", "eoptionsPrivate", FSTREAM + "/private/ws"),
    ("usdmMarket", "prod", "public", "usdmMarket", FSTREAM + "/market/stream"),
    ("main", "prod", "public", "main", "wss://stream.binance.com:9443/stream"),
    ("coinm", "testnet", "market", "coinmTestnet", DEMO_D + "/stream"),
]


@pytest.mark.parametrize(("name", "env", "part", "routed", "url"), PARTS)
def test_only_split_products_follow_the_part_of_a_stream(
    name: str, env: Environment, part: Part, routed: str, url: str
) -> None:
    assert route(name, env, part) == routed
    assert stream_url(routed, env=env, named=name) == url


def test_an_override_comes_before_everything_else() -> None:
    here = "ws://127.0.0.1:9000"
    for env in ENVIRONMENTS:
        assert base_url("usdmPublic", env=env, market_maker=True, urls={WsKey.USDM_PUBLIC: here}) == here
    assert stream_url("usdmPublic", urls={"usdmPublic": here + "/"}) == here + "/public/stream"
    assert base_url("usdmMarket", urls={"usdmPublic": here}) == FSTREAM


def test_overrides_are_looked_up_by_the_named_key_and_then_by_the_routed_one() -> None:
    urls = {WsKey.USDM: "ws://127.0.0.1:1", WsKey.USDM_PUBLIC: "ws://127.0.0.1:2"}
    assert base_url("usdmPublic", urls=urls, named="usdm") == "ws://127.0.0.1:1"
    assert base_url("usdmPublic", urls=urls, named="usdmPublic") == "ws://127.0.0.1:2"
    assert base_url("usdmPublic", urls=urls) == "ws://127.0.0.1:2"
    assert base_url("usdmMarket", urls=urls, named=WsKey.USDM) == "ws://127.0.0.1:1"
    assert base_url("usdmMarket", urls=urls) == FSTREAM


def test_an_override_of_the_testnet_twin_is_found_from_the_key_it_replaces() -> None:
    urls = {WsKey.MAIN_TESTNET_USER_DATA: "ws://127.0.0.1:3"}
    assert base_url("main", env="testnet", urls=urls) == "ws://127.0.0.1:3"
    assert base_url("main", urls=urls) == "wss://stream.binance.com:9443"


def test_an_override_serves_an_environment_that_binance_does_not_offer() -> None:
    assert base_url("alpha", env="testnet", urls={"alpha": "ws://127.0.0.1:4"}) == "ws://127.0.0.1:4"


def test_checked_urls_are_keyed_by_ws_key_without_a_final_slash() -> None:
    checked = check_urls({"usdm": "ws://127.0.0.1:9000/", "main": "wss://[::1]:9443/prefix"})
    assert checked == {WsKey.USDM: "ws://127.0.0.1:9000", WsKey.MAIN: "wss://[::1]:9443/prefix"}
    assert all(isinstance(key, WsKey) for key in checked)
    assert check_urls({}) == {}
    assert stream_url("main", urls=checked) == "wss://[::1]:9443/prefix/stream"


BAD_URLS = [
    ("other scheme", "http://127.0.0.1", "scheme is not ws:// or wss://"),
    ("no scheme", "127.0.0.1:9000", "scheme is not ws:// or wss://"),
    ("no host", "ws://", "no host"),
    ("only a port", "ws://:9000", "no host"),
    ("a query", "ws://127.0.0.1/?streams=a", "query or a fragment"),
    ("an empty query", "ws://127.0.0.1/?", "query or a fragment"),
    ("a fragment", "ws://127.0.0.1/#a", "query or a fragment"),
    ("port out of range", "ws://127.0.0.1:99999", "cannot be read"),
    ("port no number", "ws://127.0.0.1:http", "cannot be read"),
    ("port zero", "ws://127.0.0.1:0", "port is 0"),
    ("half an address", "ws://[::1", "cannot be read"),
    ("empty", "", "ws://host:port"),
    ("white space", "ws://127.0.0.1:9000 ", "ws://host:port"),
    ("a line end inside", "ws://127.0.0.1\n:9000", "ws://host:port"),
    ("no text", 9000, "ws://host:port"),
    ("user information", "ws://user:hunter2@127.0.0.1", "user information"),
]


@pytest.mark.parametrize(("url", "message"), [row[1:] for row in BAD_URLS], ids=[row[0] for row in BAD_URLS])
def test_a_bad_url_is_refused_with_what_is_allowed(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        check_urls({WsKey.MAIN: url})
    assert "urls['main']" in str(caught.value)
    assert '"wss://host:port"' in str(caught.value)


@pytest.mark.parametrize("url", ["ws://user:hunter2@127.0.0.1", "http://127.0.0.1?listenKey=hunter2"])
def test_secrets_in_a_bad_url_are_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_urls({"main": url})
    assert "hunter2" not in str(caught.value)


@given(st.text())
def test_any_text_as_url_is_accepted_whole_or_refused(url: str) -> None:
    try:
        checked = check_urls({"main": url})
    except ConfigurationError:
        return
    assert url.lower().startswith(("ws://", "wss://"))
    assert checked == {WsKey.MAIN: url.rstrip("/")}


@pytest.mark.parametrize(
    ("wrong", "right"), [("USDM_PUBLIC", "usdmPublic"), ("usdmpublic", "usdmPublic"), ("mian", "main")]
)
def test_an_unknown_key_is_refused_with_the_closest_and_the_list(wrong: str, right: str) -> None:
    for refused in (parse_key, describe, limits, market_of, route, base_url, path, environments):
        with pytest.raises(ConfigurationError, match=f"did you mean '{right}'") as caught:
            refused(wrong)
        assert all(key in str(caught.value) for key in WsKey)
    with pytest.raises(ConfigurationError, match=f"did you mean '{right}'"):
        check_urls({wrong: "ws://127.0.0.1"})


def test_a_key_like_nothing_known_is_refused_without_a_guess() -> None:
    for wrong in ("", "kraken", 5, None):
        with pytest.raises(ConfigurationError, match="is no WsKey; there are main,"):
            parse_key(wrong)  # type: ignore[arg-type]


def test_unknown_environments_parts_and_markets_are_refused_with_the_list() -> None:
    with pytest.raises(ConfigurationError, match="'live' is no environment; there are prod, testnet, demo"):
        route("main", "live")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="'live' is no environment; there are prod, testnet, demo"):
        base_url("main", env="live", urls={"main": "ws://127.0.0.1"})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="'left' is no part; there are public, market, private"):
        route("usdm", part="left")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="'futures' is no market; there are spot, usdm, "):
        key_for("futures")


def test_a_refused_environment_names_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"eoptions .* it exists in 'prod', 'demo'$"):
        route("eoptions", "testnet")
    with pytest.raises(ConfigurationError, match=r"coinm2 .* it exists in 'prod', 'testnet'$"):
        route("coinm2", "demo")
    with pytest.raises(ConfigurationError, match=r"mainTestnetPublic .* it exists in 'testnet'$"):
        route("mainTestnetPublic", "demo")


def test_every_market_has_a_key_that_carries_its_streams() -> None:
    assert [key_for(market) for market in MARKETS] == ["main", "usdm", "coinm", "eoptions", "alpha"]
    for market in MARKETS:
        assert market_of(key_for(market)) == market


def test_only_keys_that_carry_streams_have_a_market() -> None:
    for key in WsKey:
        endpoint = describe(key)
        assert (endpoint.market is not None) == (endpoint.carries == "streams")
    user_data = {key for key in WsKey if describe(key).carries == "user_data"}
    assert user_data == {
        "marginRiskUserData", "marginUserData", "usdmPrivate", "usdmTestnetPrivate", "eoptionsPrivate",
        "portfolioMarginUserData", "portfolioMarginProUserData",
    }  # fmt: skip
    assert {key for key in WsKey if describe(key).carries == "ws_api"} == {
        "mainWSAPI", "mainWSAPI2", "mainWSAPITestnet",
        "usdmWSAPI", "usdmWSAPITestnet", "coinmWSAPI", "coinmWSAPITestnet",
    }  # fmt: skip
    assert describe("usdmPublic").part == "public"
    assert describe("usdm").part is None


LIMITS = [
    ("main", (5, 1024, 86_400, 20, 60)),
    ("mainSBE", (5, 1024, 86_400, 20, 60)),
    ("mainWSAPI", (inf, 0, 86_400, 20, 60)),
    ("usdmPublic", (10, 1024, 86_400, 180, 600)),
    ("coinm", (10, 1024, 86_400, 180, 600)),
    ("eoptionsMarket", (10, 200, 86_400, 300, 900)),
    ("usdmWSAPI", (inf, 0, 86_400, 180, 600)),
    ("alpha", (10, 1024, 86_400, 180, 600)),
]


@pytest.mark.parametrize(("name", "figures"), LIMITS)
def test_limits_are_those_of_the_product(name: str, figures: tuple[float, ...]) -> None:
    found = limits(name)
    assert (
        found.messages_per_second,
        found.streams_per_connection,
        found.lifetime_seconds,
        found.ping_interval_seconds,
        found.pong_timeout_seconds,
    ) == figures


def test_a_key_that_carries_streams_can_carry_some() -> None:
    for key in WsKey:
        if describe(key).carries == "streams":
            assert limits(key).streams_per_connection > 0
