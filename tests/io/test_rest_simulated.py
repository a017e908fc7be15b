"""The client's requests over HTTP to the simulator's REST: two readings of one documentation."""

import contextlib

import pytest
from support.api import ED25519, RSA

from fastbinance._io.options import ConnectionOptions
from fastbinance._io.rest import Rest
from fastbinance._protocol.request_limits import RequestLimits
from fastbinance._protocol.server_clock import ServerClock
from fastbinance.credentials import Credentials
from fastbinance.request_errors import RateLimited, RequestOrphaned, RequestRejected
from fastbinance.sim import API_KEY, API_SECRET, Simulator

KEYS = {
    "usdm": "/fapi/v1/listenKey",
    "coinm": "/dapi/v1/listenKey",
    "options": "/eapi/v1/listenKey",
    "portfolio": "/papi/v1/listenKey",
    "spot": "/sapi/v1/margin/listen-key",
}


@contextlib.asynccontextmanager
async def calling(sim):
    """Give what calls the simulator."""
    limits, clocks = {}, {}
    rest = Rest(
        options=ConnectionOptions(ssl_context=sim.ssl_context, backoff_base=0.01, backoff_cap=0.01),
        limits=lambda product: limits.setdefault(product, RequestLimits(product)),
        clock=lambda product: clocks.setdefault(product, ServerClock()),
        urls=sim.rest_urls,
    )
    try:
        yield rest
    finally:
        await rest.close()


@pytest.fixture
def credentials():
    return Credentials(API_KEY, API_SECRET)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_listen_keys_of_every_product_are_made_and_renewed(credentials, tls):
    async with Simulator(tls=tls) as sim, calling(sim) as rest:
        how = {"security": "key", "credentials": credentials, "is_safe": True}
        for product, path in KEYS.items():
            made = await rest.call(product, "POST", path, **how)
            named = made if product == "spot" else {}
            renewed = await rest.call(product, "PUT", path, named, **how)
            assert renewed in ({}, made)
            await rest.call(product, "DELETE", path, named, **how)
            with pytest.raises(RequestRejected) as refused:
                await rest.call(product, "PUT", path, named, **how)
            assert (refused.value.code, refused.value.status) == (-1125, 400)


@pytest.mark.parametrize("key", [ED25519, RSA], ids=["Ed25519", "RSA"])
async def test_signatures_of_key_pairs_are_right(key):
    async with Simulator(accounts=[key.account]) as sim, calling(sim) as rest:
        signer = _Signer(key)
        token = await rest.call(
            "spot", "POST", "/sapi/v1/userListenToken", {"isIsolated": True, "symbol": "BTCUSDT"},
            security="signed", credentials=signer, is_safe=True,
        )  # fmt: skip
        assert set(token) == {"token", "expirationTime"}
        account = await rest.call(
            "usdm", "GET", "/fapi/v3/account", security="signed", credentials=signer, is_safe=True
        )
        assert account["positions"] == []


class _Signer:
    """A key of the tests, as the client wants one."""

    def __init__(self, key):
        self.api_key = key.api_key
        self.sign = key.sign


async def test_the_time_of_a_server_that_is_elsewhere_in_time_is_learnt(credentials):
    async with Simulator(clock_offset_ms=-90_000) as sim, calling(sim) as rest:
        how = {"security": "signed", "credentials": credentials, "is_safe": False}
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        placed = await rest.call("spot", "POST", "/api/v3/order", order, **how)
        assert placed["status"] == "FILLED"
        assert len(await rest.call("spot", "GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"}, **how)) == 1


async def test_answers_that_failed_are_asked_for_again_where_that_does_no_harm(credentials):
    async with Simulator() as sim, calling(sim) as rest:
        how = {"security": "key", "credentials": credentials, "is_safe": True}
        for fault in ({"status": 503}, {"kill": "before"}, {"kill": "after"}):
            sim.rest_answers(**fault, times=1)
            assert await rest.call("usdm", "POST", KEYS["usdm"], **how)
        sim.rest_answers(kill="after", times=1)
        with pytest.raises(RequestOrphaned):
            await rest.call("usdm", "POST", KEYS["usdm"], **how | {"is_safe": False})


async def test_a_limit_that_is_used_up_is_heeded(credentials):
    async with Simulator(api_limits={"weight": 1}) as sim, calling(sim) as rest:
        how = {"security": "key", "credentials": credentials, "is_safe": True}
        await rest.call("options", "POST", KEYS["options"], **how)
        with pytest.raises(RateLimited) as refused:
            await rest.call("options", "POST", KEYS["options"], **how)
        assert refused.value.status in (None, 429)
        before = sim.stats.rest_requests
        with pytest.raises(RateLimited):
            await rest.call("options", "POST", KEYS["options"], **how)
        assert sim.stats.rest_requests == before


async def test_a_limit_of_sapi_that_is_used_up_holds_back_that_path_alone(credentials):
    margin = "/sapi/v1/margin"
    async with Simulator() as sim, calling(sim) as rest:
        how = {"security": "signed", "credentials": credentials, "is_safe": True, "weight": 10}
        sim.rest_answers(status=429, code=-1003, msg="too much", path=f"{margin}/account", times=1)
        for _ in range(2):
            with pytest.raises(RateLimited):
                await rest.call("spot", "GET", f"{margin}/account", **how)
        assert await rest.call("spot", "GET", f"{margin}/openOrders", **how) == []
        assert await rest.call("spot", "GET", "/api/v3/openOrders", **how) == []
        sim.rest_answers(status=418, code=-1003, msg="banned", path=f"{margin}/openOrders", times=1)
        for path in (f"{margin}/openOrders", f"{margin}/myTrades", "/api/v3/openOrders"):
            with pytest.raises(RateLimited):
                await rest.call("spot", "GET", path, **how)
