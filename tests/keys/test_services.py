"""Markets as names of services, formats, and the unit of times in URLs."""

from __future__ import annotations

import pytest

from fastbinance.errors import ConfigurationError
from fastbinance.keys import (
    MARKETS,
    WsKey,
    check_urls,
    describe,
    format_of,
    key_for,
    service,
    stream_url,
)


@pytest.mark.parametrize("market", MARKETS)
def test_a_market_names_the_service_of_its_streams(market: str) -> None:
    assert service(market) is key_for(market)
    assert check_urls({market: "ws://127.0.0.1:1"}) == {key_for(market): "ws://127.0.0.1:1"}


@pytest.mark.parametrize("key", WsKey)
def test_a_key_names_itself(key: WsKey) -> None:
    assert service(key) is service(key.value) is key


@pytest.mark.parametrize("name", ["futures", "", None, ["spot"]])
def test_what_is_neither_key_nor_market_is_refused(name: object) -> None:
    with pytest.raises(ConfigurationError, match="is no WsKey"):
        service(name)  # type: ignore[arg-type]


def test_only_the_binary_services_speak_sbe() -> None:
    assert [key for key in WsKey if format_of(key) == "sbe"] == [
        WsKey.MAIN_SBE, WsKey.MAIN_SBE_TESTNET, WsKey.MAIN_SBE_DEMO,
    ]  # fmt: skip
    assert key_for("spot", "sbe") is WsKey.MAIN_SBE
    for market in set(MARKETS) - {"spot"}:
        with pytest.raises(ConfigurationError, match=f"offered by spot; {market} has json"):
            key_for(market, "sbe")
    with pytest.raises(ConfigurationError, match="format='SBE': there are json, sbe"):
        key_for("spot", "SBE")  # type: ignore[arg-type]


@pytest.mark.parametrize("key", [key for key in WsKey if describe(key).carries == "streams"])
def test_microseconds_are_asked_of_spot_as_json_only(key: WsKey) -> None:
    plain = stream_url(key)
    finer = stream_url(key, time_unit="microsecond")
    spot_json = key.value.startswith("main") and "SBE" not in key.value
    assert finer == (plain + "?timeUnit=MICROSECOND" if spot_json else plain)


def test_microseconds_follow_a_url_of_the_callers_own() -> None:
    urls = check_urls({"spot": "ws://127.0.0.1:9000/prefix/"})
    url = stream_url("main", urls=urls, time_unit="microsecond")
    assert url == "ws://127.0.0.1:9000/prefix/stream?timeUnit=MICROSECOND"
