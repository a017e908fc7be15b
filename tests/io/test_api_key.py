"""An API key goes into the handshake of binary services, and nowhere else."""

import pytest

import fastbinance
from fastbinance._io.options import ConnectionOptions
from fastbinance._io.pool import Pool
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey
from fastbinance.streams import parse

KEY = "an-API-key-that-nobody-may-see"
SBE = {"spot": parse("btcusdt@trade", "spot", format="sbe")}


def header_of(world):
    found = [value for name, value in world.server.client.headers.items() if name.upper() == "X-MBX-APIKEY"]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("env", "routed"), [("prod", "mainSBE"), ("testnet", "mainSBETestnet"), ("demo", "mainSBE")]
)
async def test_a_binary_stream_takes_the_key_along(world, env, routed):
    pool = world.pool(api_key=KEY, env=env)
    wish = pool.add(SBE["spot"])
    assert wish.ws_key == routed
    await world.until(lambda: pool.stats()[0].confirmed == 1)
    assert header_of(world) == KEY
    assert world.server.client.asked == ["btcusdt@trade"]


async def test_no_other_service_ever_sees_the_key(world):
    pool = world.pool(api_key=KEY)
    for market in ("spot", "usdm", "coinm", "alpha"):
        pool.add(parse("btcusdt@trade", market))
    await world.until(lambda: sum(stats.confirmed for stats in pool.stats()) == 4)
    assert len(world.server.clients) == 4
    assert all("X-MBX-APIKEY" not in {name.upper() for name in peer.headers} for peer in world.server.clients)


async def test_without_a_key_nothing_is_connected(world):
    pool = world.pool()
    with pytest.raises(ConfigurationError, match=r"mainSBE .*wants an API key.*api_key="):
        pool.add(SBE["spot"])
    assert pool.stats() == ()


async def test_the_key_is_in_no_log_and_no_error_and_no_repr(world, caplog):
    world.server.refusal = (401, {})
    # The level at which picows logs whole requests.
    with caplog.at_level(1):
        pool = world.pool(api_key=KEY)
        pool.add(SBE["spot"])
        await world.until(lambda: world.of_kind("exception"))
    # The peer of the test is a picows server with a log of its own.
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("fastbinance")]
    assert any("WS connection established" in text for text in ours), "the rest is logged as ever"
    (failure, *_) = world.of_kind("exception")
    shown = [*ours, str(failure.error), repr(failure), repr(pool.stats()), repr(pool)]
    shown.append(repr(ConnectionOptions(api_key=KEY)))
    assert not [text for text in shown if KEY in text]


def test_a_client_does_not_show_its_key():
    with fastbinance.Client(api_key=KEY) as client:
        assert KEY not in repr(client) + repr(client.stats())
    with pytest.raises(ConfigurationError) as caught:
        fastbinance.Client(api_key=KEY + "\r\nHost: elsewhere")
    assert KEY not in str(caught.value)


async def test_whole_requests_are_logged_where_there_is_no_key(world, caplog):
    with caplog.at_level(1):
        await world.up("btcusdt@trade", api_key=KEY)
    assert any("Send upgrade request" in record.getMessage() for record in caplog.records)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [WsKey.MAIN, WsKey.MAIN3, WsKey.USDM, WsKey.MAIN_SBE])
async def test_microseconds_are_asked_in_the_url_of_spot_as_json(world, key):
    market = "usdm" if key is WsKey.USDM else "spot"
    pool = Pool(
        feed_factory=world.make_feed, emit=world.emit, time_unit="microsecond",
        options=ConnectionOptions(api_key=KEY),
    )  # fmt: skip
    stream = parse("btcusdt@trade", market, format="sbe" if key is WsKey.MAIN_SBE else "json")
    _, url = pool.place(stream, key)
    assert url.endswith("?timeUnit=MICROSECOND") == (key in (WsKey.MAIN, WsKey.MAIN3))
    await pool.close()
