"""Requests and answers of the WS APIs as they are on the wire."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import connect_api

from fastbinance.sim import Simulator

BAD_ID = (
    "Invalid 'id' in JSON request; expected an integer, a string matching '^[a-zA-Z0-9-_]{1,36}$', or null."
)


@pytest.mark.parametrize("spelled", ["7", "-1", '"e2a85d9f-07a5-4f94-8d5f-789dc3deb097"', '"7"', "null"])
def test_an_id_is_echoed_as_it_came(client: SimpleNamespace, spelled: str) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            said = await peer.say(f'{{"id":{spelled},"method":"ping"}}')
            assert said.startswith(f'{{"id":{spelled},"status":200,"result":{{}},"rateLimits":[{{')

    client.run(scene())


def test_answers_have_the_keys_of_binance_in_their_order(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            good = json.loads(await peer.say('{"id":1,"method":"v3/time"}'))
            assert list(good) == ["id", "status", "result", "rateLimits"]
            (limit,) = good["rateLimits"]
            assert list(limit) == ["rateLimitType", "interval", "intervalNum", "limit", "count"]
            bad = json.loads(await peer.say('{"id":1,"method":"depth"}'))
            assert list(bad) == ["id", "status", "error", "rateLimits"]
            assert list(bad["error"]) == ["code", "msg"]

    client.run(scene())


BAD_MESSAGES = [
    ("nothing", "", None, "Invalid JSON request."),
    ("no JSON", "{", None, "Invalid JSON request."),
    ("no number of JSON", '{"id":1,"method":"ping","params":{"x":NaN}}', None, "Invalid JSON request."),
    ("nested too deep", "[" * 50_000, None, "Invalid JSON request."),
    ("an array", "[]", None, "Invalid JSON request; expected an object."),
    ("without an id", '{"method":"ping"}', None, BAD_ID),
    ("a fraction as id", '{"id":1.5,"method":"ping"}', None, BAD_ID),
    ("a truth value as id", '{"id":true,"method":"ping"}', None, BAD_ID),
    ("an id of the wrong signs", '{"id":"a b","method":"ping"}', None, BAD_ID),
    ("an id that is too long", f'{{"id":"{37 * "a"}","method":"ping"}}', None, BAD_ID),
    ("an id past 64 bits", '{"id":9223372036854775808,"method":"ping"}', None, BAD_ID),
    ("without a method", '{"id":4}', 4, "Invalid 'method' in JSON request; expected a string."),
    (
        "a number as method", '{"id":"x","method":1}', "x",
        "Invalid 'method' in JSON request; expected a string.",
    ),
    (
        "a list as params", '{"id":4,"method":"ping","params":[]}', 4,
        "Invalid 'params' in JSON request; expected an object.",
    ),
    (
        "too much of it", f'{{"id":4,"method":"ping","params":{{"x":"{70_000 * "a"}"}}}}', None,
        "Invalid JSON request; the message is too long.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "request_id", "text"), [row[1:] for row in BAD_MESSAGES], ids=[row[0] for row in BAD_MESSAGES]
)
def test_what_is_no_request_is_refused_and_the_connection_stays(
    client: SimpleNamespace, message: str, request_id: Any, text: str
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert json.loads(await peer.say(message)) == {
                "id": request_id, "status": 400, "error": {"code": -1135, "msg": text},
            }  # fmt: skip
            assert (await peer.ask("ping"))["status"] == 200
            assert (sim.stats.requests, sim.stats.request_errors) == (2, 1)

    client.run(scene())


def test_bytes_that_are_no_utf_8_are_refused(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            await peer.socket.send_bytes(b'{"id":1,"method":"\xff"}')
            assert (await peer.json())["error"]["code"] == -1135

    client.run(scene())


@pytest.mark.parametrize(
    ("key", "method", "code"),
    [
        ("mainWSAPI", "no.such", -1020),
        ("mainWSAPI", "v4/ping", -1020),
        # Gone from spot since 2026.
        ("mainWSAPI", "userDataStream.start", -1020),
        ("mainWSAPI", "algoOrder.place", -1020),
        ("usdmWSAPI", "ping", -5000),
        ("usdmWSAPI", "v3/order.place", -5000),
        ("coinmWSAPI", "v2/account.status", -5000),
        ("coinmWSAPI", "depth", -5000),
    ],
)
def test_methods_of_other_products_are_unknown(
    client: SimpleNamespace, key: str, method: str, code: int
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim, key) as peer:
            status, found, text = await peer.error(method)
            assert (status, found) == (400, code)
            assert method in text

    client.run(scene())


def test_ids_may_be_used_again_and_requests_need_not_wait(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            for _ in range(3):
                await peer.socket.send_str('{"id":"same","method":"ping"}')
            assert [(await peer.json())["id"] for _ in range(3)] == ["same"] * 3

    client.run(scene())
