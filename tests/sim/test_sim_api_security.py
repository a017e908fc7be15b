"""Keys, signatures, times and permissions of requests to the WS APIs, in production and on the testnet."""

import asyncio
import hashlib
import hmac
from types import SimpleNamespace
from typing import Any

import pytest
from support.api import DEFAULT, ED25519, RSA, Key, connect_api

from fastbinance.errors import ConfigurationError
from fastbinance.sim import API_KEY, SimAccount, Simulator
from fastbinance.sim.api.envelope import parse_request
from fastbinance.sim.api.security import canonical
from fastbinance.sim.trading import Account

REJECTED = (401, -2015, "Invalid API-key, IP, or permissions for action.")
BAD_SIGNATURE = (400, -1022, "Signature for this request is not valid.")
LATE = (400, -1021, "Timestamp for this request is outside of the recvWindow.")
EARLY = (400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")


@pytest.mark.parametrize("key", [DEFAULT, ED25519, RSA], ids=["HMAC", "Ed25519", "RSA"])
@pytest.mark.parametrize("service", ["mainWSAPI", "mainWSAPITestnet", "usdmWSAPI", "coinmWSAPI"])
def test_requests_signed_with_each_kind_of_key_are_carried_out(
    client: SimpleNamespace, key: Key, service: str
) -> None:
    async def scene() -> None:
        async with (
            Simulator(accounts=[ED25519.account, RSA.account]) as sim,
            connect_api(sim, service) as peer,
        ):
            assert "error" not in await peer.ask("account.status", **peer.signed(key))
            changed = peer.signed(key) | {"recvWindow": 4999}
            assert await peer.error("account.status", **changed) == BAD_SIGNATURE

    client.run(scene())


@pytest.mark.parametrize("key", [DEFAULT, ED25519, RSA], ids=["HMAC", "Ed25519", "RSA"])
@pytest.mark.parametrize(
    "spoil",
    [
        # Another sign, whatever its case.
        lambda text: ("B" if text[0] in "aA" else "A") + text[1:],
        lambda text: text[:-4],
        lambda text: "0",
        lambda text: text + text,
    ],
    ids=["one sign", "cut", "short", "twice"],
)
def test_a_spoilt_signature_is_not_valid(client: SimpleNamespace, key: Key, spoil: Any) -> None:
    async def scene() -> None:
        async with Simulator(accounts=[ED25519.account, RSA.account]) as sim, connect_api(sim) as peer:
            params = peer.signed(key)
            params["signature"] = spoil(params["signature"])
            assert await peer.error("account.status", **params) == BAD_SIGNATURE

    client.run(scene())


def test_the_case_of_a_signature_counts_but_for_hmac(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator(accounts=[ED25519.account]) as sim, connect_api(sim) as peer:
            upper = peer.signed()
            upper["signature"] = upper["signature"].upper()
            assert (await peer.ask("account.status", **upper))["status"] == 200
            swapped = peer.signed(ED25519)
            swapped["signature"] = swapped["signature"].swapcase()
            assert await peer.error("account.status", **swapped) == BAD_SIGNATURE

    client.run(scene())


def test_the_signed_text_is_that_of_the_message() -> None:
    params_text = '{"z":0.10,"b":true,"é":"１２３&=","a":1e3,"n":5,"signature":"no"}'
    message = f'{{"id":1,"method":"m","params":{params_text}}}'
    params = parse_request(message.encode()).params
    assert canonical(params).decode() == "a=1e3&b=true&n=5&z=0.10&é=１２３&="


def test_the_example_of_the_documentation_is_verified() -> None:
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    api_key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
    account = Account(SimAccount(api_key, secret), uid=1)
    params = {
        "symbol": "１２３４５６", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "1.00000000", "price": "0.10000000", "recvWindow": 5000, "timestamp": 1645423376532,
        "apiKey": api_key,
    }  # fmt: skip
    expected = "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd"
    assert account.verify(canonical(params), expected)
    assert not account.verify(canonical(params | {"price": "0.1"}), expected)


def unsigned(peer: Any, **changed: Any) -> dict[str, Any]:
    """Give signed parameters with some changed afterwards, None taking one away."""
    params = peer.signed() | changed
    return {name: value for name, value in params.items() if value is not None}


MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
INTEGER = "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'."
WINDOW = (
    "Illegal characters found in parameter 'recvWindow'; legal range is '^[0-9]{1,20}(\\.[0-9]{1,20})?$'."
)
TOO_LONG = (400, -1131, "recvWindow must be less than 60000.")
BAD_PARAMETERS = [
    ("no key", {"apiKey": None}, (400, -1102, MISSING.format("apiKey"))),
    ("an empty key", {"apiKey": ""}, (400, -1102, MISSING.format("apiKey"))),
    ("a key of the wrong signs", {"apiKey": "a b"}, (401, -2014, "API-key format invalid.")),
    ("a number as key", {"apiKey": 5}, (401, -2014, "API-key format invalid.")),
    ("an unknown key", {"apiKey": "unknown"}, REJECTED),
    ("no signature", {"signature": None}, (400, -1102, MISSING.format("signature"))),
    (
        "a signature of the wrong signs", {"signature": "{}"},
        (
            400, -1100,
            "Illegal characters found in parameter 'signature'; legal range is '^[A-Za-z0-9+/=_-]{1,1024}$'.",
        ),
    ),
    ("no timestamp", {"timestamp": None}, (400, -1102, MISSING.format("timestamp"))),
    ("a fraction as timestamp", {"timestamp": 1.5}, (400, -1100, INTEGER)),
    ("a word as timestamp", {"timestamp": "now"}, (400, -1100, INTEGER)),
    ("a word as window", {"recvWindow": "long"}, (400, -1100, WINDOW)),
    ("a window below zero", {"recvWindow": -1}, (400, -1100, WINDOW)),
    ("a window that is too long", {"recvWindow": 60001}, TOO_LONG),
    ("a window just too long", {"recvWindow": "60000.001"}, TOO_LONG),
    (
        "a window that is too exact", {"recvWindow": "5000.0001"},
        (400, -1131, "recvWindow must have at most 3 decimals."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "expected"), [row[1:] for row in BAD_PARAMETERS], ids=[row[0] for row in BAD_PARAMETERS]
)
def test_what_is_wrong_about_the_security_of_a_request_is_told(
    client: SimpleNamespace, changed: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert await peer.error("account.status", **unsigned(peer, **changed)) == expected

    client.run(scene())


TIMES = [
    ("now", 0, 5000, None),
    ("a second ahead", 999, 5000, None),
    ("more than a second ahead", 1000, 5000, EARLY),
    ("as late as may be", -5000, 5000, None),
    ("too late", -5001, 5000, LATE),
    ("late for a longer window", -60_000, 60_000, None),
    ("late for a window with a fraction", -1, "0.999", LATE),
    ("in time for a window with a fraction", -1, "1.001", None),
]


@pytest.mark.parametrize("scale", [1, 1000], ids=["milliseconds", "microseconds"])
@pytest.mark.parametrize(
    ("offset", "window", "expected"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_a_request_is_good_for_its_window(
    client: SimpleNamespace, clock: Any, scale: int, offset: int, window: Any, expected: Any
) -> None:
    async def scene() -> None:
        async with Simulator(clock=clock) as sim, connect_api(sim, clock=clock) as peer:
            params = peer.signed(timestamp=(clock.now_ms + offset) * scale, recvWindow=window)
            if expected is None:
                assert (await peer.ask("account.status", **params))["status"] == 200
            else:
                assert await peer.error("account.status", **params) == expected

    client.run(scene())


def test_the_time_that_counts_is_that_of_the_server(client: SimpleNamespace, clock: Any) -> None:
    async def scene() -> None:
        async with (
            Simulator(clock=clock, clock_offset_ms=6000) as sim,
            connect_api(sim, clock=clock) as peer,
        ):
            assert await peer.error("account.status", **peer.signed()) == LATE
            server_ms = (await peer.result("time"))["serverTime"]
            assert "error" not in await peer.ask("account.status", **peer.signed(timestamp=server_ms))

    client.run(scene())


def test_a_key_does_what_it_has_permission_for(client: SimpleNamespace) -> None:
    secret = "of-a-reader"
    account = SimAccount("reader", secret, permissions=frozenset({"USER_DATA"}))

    def sign(text: bytes) -> str:
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            sim.add_account(account)
            reader = Key(account, sign)
            assert "error" not in await peer.ask("account.status", **peer.signed(reader))
            params = peer.signed(reader, symbol="BTCUSDT")
            assert await peer.error("openOrders.cancelAll", **params) == REJECTED

    client.run(scene())


def test_a_revoked_key_is_unknown_from_then_on(client: SimpleNamespace) -> None:
    async def scene() -> None:
        async with Simulator() as sim, connect_api(sim) as peer:
            assert sim.revoke_key(API_KEY) == 0
            assert await peer.error("account.status", **peer.signed()) == REJECTED
            with pytest.raises(ConfigurationError, match="no account"):
                sim.revoke_key(API_KEY)

    client.run(scene())


def test_two_accounts_cannot_have_one_key() -> None:
    async def scene() -> None:
        async with Simulator() as sim:
            with pytest.raises(ConfigurationError, match="api_key"):
                sim.add_account(SimAccount(API_KEY, "secret"))

    asyncio.run(scene())


def test_secrets_are_in_no_text() -> None:
    shown = repr([DEFAULT.account, Account(DEFAULT.account, uid=1)])
    assert "fastbinance-sim-secret" not in shown
