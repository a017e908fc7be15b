"""REST of the simulator: what it serves, who may call, and what an answer looks like."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from support.api import DEFAULT, ED25519, RSA, Key
from support.rest import connect_rest

from fastbinance.sim import SimAccount, Simulator, run_in_thread
from fastbinance.sim.hosts import HOSTS
from fastbinance.sim.listeners import Listeners
from fastbinance.sim.rest.hosts import REST_HOSTS

BAD_SIGNATURE = (400, {"code": -1022, "msg": "Signature for this request is not valid."})
REJECTED = (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})
START_MS = 1_795_340_000_000


@pytest.mark.parametrize(
    ("product", "path"),
    [
        ("spot", "/api/v3/time"),
        ("usdm", "/fapi/v1/time"),
        ("coinm", "/dapi/v1/time"),
        ("options", "/eapi/v1/time"),
    ],
)
def test_every_product_with_a_clock_tells_the_time(
    client: SimpleNamespace, clock: Any, product: str, path: str
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock, clock_offset_ms=5) as sim, connect_rest(sim) as rest:
            assert await rest.ask(product, "GET", path) == (200, {"serverTime": START_MS + 5})
            assert rest.headers["Content-Type"] == "application/json"

    client.run(scene())


def test_each_host_of_rest_has_a_port_and_a_line_for_reading(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            assert list(sim.rest_urls) == ["spot", "usdm", "coinm", "options", "portfolio"]
            assert list(sim.rest_urls_of("testnet")) == ["spot", "usdm", "coinm"]
            urls = {*sim.rest_urls.values(), *sim.rest_urls_of("testnet").values()}
            assert len(urls) == len(REST_HOSTS) == len(sim.rest_url_map.splitlines())
            assert all(f"  {url}  " in sim.rest_url_map for url in urls)
        assert sim.rest_urls == {}

    client.run(scene())


def test_rest_is_served_over_tls_with_the_certificate_of_the_sockets(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(tls=True) as sim, connect_rest(sim) as rest:
            assert sim.rest_urls["spot"].startswith("https://")
            assert await rest.ask("spot", "GET", "/api/v3/ping") == (200, {})

    client.run(scene())


def test_consecutive_ports_go_on_with_those_of_rest() -> None:
    ports = Listeners("127.0.0.1", 20_000, tls=False).ports
    assert [ports[host.name] for host in (HOSTS[0], HOSTS[-1])] == [20_000, 19_999 + len(HOSTS)]
    first = 20_000 + len(HOSTS)
    assert [ports[host.name] for host in REST_HOSTS] == [*range(first, first + len(REST_HOSTS))]


def test_a_simulator_in_a_thread_offers_rest_too() -> None:
    with run_in_thread() as sim:
        assert sim.rest_urls == sim.rest_urls_of("prod")
        assert sim.rest_urls["portfolio"] in sim.rest_url_map


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/v3/userDataStream", "/sapi/v1/userDataStream", "/sapi/v1/userDataStream/isolated"]
)
def test_listen_keys_of_spot_are_gone(client: SimpleNamespace, verb: str, path: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            status, body = await rest.send("spot", verb, path, api_key=DEFAULT.api_key)
            # FIELD: 136 bytes of a page, no JSON.
            assert (status, len(body), rest.headers["Content-Type"]) == (410, 136, "text/html")
            assert b"<h1>410 Gone</h1>" in body

    client.run(scene())


def test_a_path_that_never_was_is_not_found(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            status, body = await rest.send("spot", "GET", "/fapi/v1/time")
            assert (status, b"404 Not Found" in body) == (404, True)
            assert await rest.ask("usdm", "PUT", "/fapi/v1/time") == (
                404,
                {"code": -5000, "msg": "Path /fapi/v1/time, Method PUT is invalid"},
            )

    client.run(scene())


@pytest.mark.parametrize("key", [DEFAULT, ED25519, RSA], ids=["HMAC", "Ed25519", "RSA"])
@pytest.mark.parametrize("environment", ["prod", "testnet"])
@pytest.mark.parametrize(
    ("product", "path"),
    [("spot", "/api/v3/account"), ("usdm", "/fapi/v3/account"), ("coinm", "/dapi/v1/account")],
)
def test_requests_signed_with_each_kind_of_key_are_carried_out(
    client: SimpleNamespace, key: Key, environment: str, product: str, path: str
) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account, RSA.account]) as sim,
            connect_rest(sim, environment) as rest,
        ):
            status, account = await rest.signed(product, "GET", path, key=key)
            assert (status, "code" in account) == (200, False)
            changed = rest.sign(key) | {"recvWindow": 4999}
            assert await rest.ask(product, "GET", path, key=key, **changed) == BAD_SIGNATURE

    client.run(scene())


@pytest.mark.parametrize("share", [0, 3, 7], ids=["all in the body", "some", "all in the query"])
def test_a_signature_is_over_query_and_body_as_they_are_sent(client: SimpleNamespace, share: int) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            params = {
                "symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01",
                "newClientOrderId": "a:b/c", "recvWindow": "6000", "timestamp": str(sim._clock_ms()),
            }  # fmt: skip
            # Percent signs in lower case, a full stop that needs none: as somebody may spell it.
            pairs = [f"{name}={quote(value, safe='').lower()}" for name, value in params.items()]
            pairs = [pair.replace("btcusdt", "BTCUSDT").replace("buy", "BUY") for pair in pairs]
            pairs = [pair.replace("market", "MARKET").replace("0.01", "0%2e01") for pair in pairs]
            query, body = "&".join(pairs[:share]), "&".join(pairs[share:])
            signature = DEFAULT.sign(f"{query}{body}".encode())
            if body:
                body += f"&signature={signature}"
            else:
                query += f"&signature={signature}"
            status, answer = await rest.send(
                "spot", "POST", "/api/v3/order", query=query, body=body, api_key=DEFAULT.api_key
            )
            assert (status, b'"clientOrderId":"a:b/c"' in answer) == (200, True), answer

    client.run(scene())


def test_parameters_of_the_query_count_where_both_have_a_name(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_rest(sim) as rest:
            query = "symbol=ETHUSDT"
            body = urlencode({"symbol": "BTCUSDT", "timestamp": sim._clock_ms()})
            signature = DEFAULT.sign(f"{query}{body}".encode())
            status, answer = await rest.send(
                "spot", "DELETE", "/api/v3/openOrders", query=query, body=f"{body}&signature={signature}",
                api_key=DEFAULT.api_key,
            )  # fmt: skip
            assert (status, answer) == (400, b'{"code":-2011,"msg":"Unknown order sent."}')
            twice = await rest.send("spot", "GET", "/api/v3/depth", query=f"{query}&{query}")
            assert twice == (400, b'{"code":-1101,"msg":"Duplicate values for a parameter detected."}')

    client.run(scene())


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"signature": ""}, 400, -1102),
        ({"signature": "0"}, 400, -1022),
        ({"signature": "ä"}, 400, -1100),
        ({"timestamp": START_MS - 5_001}, 400, -1021),
        ({"timestamp": START_MS + 1_000}, 400, -1021),
        ({"timestamp": "now"}, 400, -1100),
        ({"recvWindow": 60_001}, 400, -1131),
        ({"nonsense": 1}, 400, -1104),
        ({"symbol": ""}, 400, -1105),
        ({"symbol": "NOPE"}, 400, -1121),
    ],
)
def test_a_request_with_something_wrong_says_what(
    client: SimpleNamespace, clock: Any, change: dict[str, Any], status: int, code: int
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_rest(sim) as rest:
            params = {"timestamp": START_MS} | {k: v for k, v in change.items() if k != "signature"}
            params["signature"] = DEFAULT.sign(urlencode(params).encode())
            if "signature" in change:
                params["signature"] = change["signature"]
            found = await rest.ask("spot", "GET", "/api/v3/openOrders", key=DEFAULT, **params)
            assert (found[0], found[1]["code"]) == (status, code), found

    client.run(scene())


def test_a_key_is_asked_for_where_somebody_must_be_known(client: SimpleNamespace) -> None:
    async def scene() -> None:
        blind = SimAccount("blind", "secret", permissions=frozenset())
        async with Simulator(accounts=[blind]) as sim, connect_rest(sim) as rest:
            path = "/fapi/v1/listenKey"
            none = {"code": -2014, "msg": "API-key format invalid."}
            assert await rest.ask("usdm", "POST", path) == (401, none)
            unknown = Key(SimAccount("unknown", "secret"), DEFAULT.sign)
            assert await rest.ask("usdm", "POST", path, key=unknown) == REJECTED
            assert await rest.signed("spot", "GET", "/api/v3/account", key=unknown) == REJECTED
            refused = Key(blind, DEFAULT.sign)
            assert await rest.ask("usdm", "GET", "/fapi/v3/account", key=refused) == (
                400,
                {
                    "code": -1102,
                    "msg": "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
                },
            )
            assert (await rest.ask("usdm", "POST", path, key=DEFAULT))[0] == 200
            sim.revoke_key(DEFAULT.api_key)
            assert await rest.ask("usdm", "POST", path, key=DEFAULT) == REJECTED

    client.run(scene())
