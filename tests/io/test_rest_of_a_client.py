"""What sends requests over HTTP for a client: made once, with its options, and closed with it."""

import asyncio

import pytest_asyncio
from aiohttp import web
from support.rest_world import KEY, LISTEN_KEY, SECRET, RestWorld

import fastbinance
from fastbinance._api import METHODS
from fastbinance._io.api_pool import ApiServices
from fastbinance._io.options import ConnectBudget, ConnectionOptions

CREDENTIALS = fastbinance.Credentials(KEY, SECRET)
ASK = {"security": "key", "credentials": CREDENTIALS, "is_safe": False}


@pytest_asyncio.fixture
async def world():
    made = RestWorld()
    await made.start()
    yield made
    await made.stop()


def services(source_address="192.0.2.9", **rest_urls):
    return ApiServices(
        feed_factory=lambda handler, ws_key, line: None,
        emit=lambda event: None,
        options=ConnectionOptions(source_address=source_address),
        budget=ConnectBudget(),
        lookup=METHODS,
        rest_urls=rest_urls,
    )


async def test_an_async_client_asks_where_it_is_told_to_and_closes_it(world):
    async with fastbinance.AsyncClient(rest_urls={"usdm": world.url}) as client:
        rest = client._on_pool(lambda pool: pool.apis.rest)
        assert rest is client._on_pool(lambda pool: pool.apis.rest)
        assert await rest.call("usdm", "POST", "/fapi/v1/listenKey", **ASK) == {"listenKey": LISTEN_KEY}
        await rest.call("usdm", "GET", "/fapi/v1/account", **{**ASK, "security": "signed"})
        http = rest._http.result()
    assert "recvWindow" not in world.asked[-1].query
    assert http._kept.closed
    assert http._fresh.closed


async def test_a_client_asks_on_the_loop_of_its_feed(world):
    def ask():
        with fastbinance.Client(rest_urls={"usdm": world.url}, recv_window=1_234) as client:
            rest, loop = client._on_pool(lambda pool: (pool.apis.rest, asyncio.get_running_loop()))
            asked = asyncio.run_coroutine_threadsafe(
                rest.call("usdm", "GET", "/fapi/v1/account", **{**ASK, "security": "signed"}), loop
            )
            return asked.result(10.0)

    assert await asyncio.to_thread(ask) == {"listenKey": LISTEN_KEY}
    assert "&recvWindow=1234&" in world.asked[-1].query


async def test_the_clock_of_a_product_is_that_of_its_websocket_api(world):
    apis = services(source_address=None, usdm=world.url)
    await apis.rest.call("usdm", "GET", "/fapi/v1/account", **{**ASK, "security": "signed"})
    assert apis.clock("usdm").measured
    assert not apis.clock("spot").measured
    await apis.close()


async def test_what_is_used_of_a_limit_is_told_as_an_event(world):
    world.answers = [lambda request: web.json_response({}, headers={"X-MBX-USED-WEIGHT-1M": "2000"})]
    async with fastbinance.AsyncClient(rest_urls={"usdm": world.url}) as client:
        told = []
        client.on("limit", told.append)
        rest = client._on_pool(lambda pool: pool.apis.rest)
        for _ in range(2):
            await rest.call("usdm", "POST", "/fapi/v1/listenKey", **ASK)
    (event,) = told
    assert event.ws_key == "usdm REST"
    assert event.reason == "usdm: 2000 of 2400 REQUEST_WEIGHT in 1 min are used"


async def test_the_limits_of_binance_are_shared_and_those_of_this_machine_are_not():
    first, second = services(coinm="http://127.0.0.1:1"), services(coinm="http://127.0.0.1:1")
    for product in ("spot", "usdm", "options"):
        assert first.rest_limits(product) is second.rest_limits(product)
    assert first.rest_limits("coinm") is first.rest_limits("coinm")
    assert first.rest_limits("coinm") is not second.rest_limits("coinm")
    assert first.rest_limits("usdm") is not services(usdm="https://mine.invalid").rest_limits("usdm")
