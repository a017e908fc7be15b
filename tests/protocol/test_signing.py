"""What is signed is spelled exactly as it is sent, and Binance's own examples come out."""

import base64
import hmac
import json
import random
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from string import ascii_letters, digits
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.signing import Problem, canonical, signer_from_pem, signer_from_text
from fastbinance.errors import ConfigurationError

# The example key of Binance's documentation, and what it signs there. Spot WebSocket API, "Request security".
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

DOCUMENTED = [
    (
        "ASCII",
        {
            "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "0.01000000", "price": "52000.00", "recvWindow": 100, "timestamp": 1645423376532,
            "apiKey": API_KEY,
        },
        "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
    ),
    (
        "a symbol that is not ASCII",
        {
            "symbol": "１２３４５６", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "1.00000000", "price": "0.10000000", "recvWindow": 5000, "timestamp": 1645423376532,
            "apiKey": API_KEY,
        },
        "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    ),
]  # fmt: skip

names = st.text(ascii_letters + digits, min_size=1).filter(lambda name: name != "signature")
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53), 2**53), st.booleans()
)


class Side(StrEnum):
    BUY = "BUY"


class Leverage(IntEnum):
    TEN = 10


@pytest.mark.parametrize(
    ("params", "signature"), [case[1:] for case in DOCUMENTED], ids=[case[0] for case in DOCUMENTED]
)
def test_documented_requests_are_signed_as_documented(params: dict[str, Any], signature: str) -> None:
    assert signer_from_text(SECRET)(canonical(params)) == signature


def test_captured_vectors_reproduce(captures: Path) -> None:
    vectors = json.loads((captures / "signing-vectors.json").read_text())
    signed = {"HMAC-SHA256": 0, "Ed25519": 0, "RSA-PKCS1v15-SHA256": 0}
    for vector in vectors:
        payload = vector["payload"].encode()
        if vector["type"] == "HMAC-SHA256":
            sign = signer_from_text(vector["secret"].encode())
        else:
            password = vector["password"] and vector["password"].encode()
            made = signer_from_pem(vector["privateKeyPem"].encode(), password)
            assert not isinstance(made, Problem)
            sign = made[1]
        assert sign(payload) == vector["signature"], vector["note"]
        signed[vector["type"]] += 1
    assert min(signed.values()) > 0


def test_captured_requests_of_the_websocket_api_have_our_text(captures: Path) -> None:
    vectors = json.loads((captures / "signing-vectors.json").read_text())
    payloads = [vector["payload"] for vector in vectors if vector["note"].startswith("WS API")]
    for payload in payloads:
        params = dict(pair.split("=", 1) for pair in payload.split("&"))
        assert canonical(params) == payload.encode()
    assert payloads


SPELLED = [
    ("a text", "BTCUSDT", b"BTCUSDT"),
    ("what a URL would escape", "a b&c=d%/+", b"a b&c=d%/+"),
    ("UTF-8", "１２", "１２".encode()),
    ("an integer", 5000, b"5000"),
    ("a negative integer", -1, b"-1"),
    ("true", True, b"true"),
    ("false", False, b"false"),
    ("a decimal", Decimal("0.10"), b"0.10"),
    ("a decimal number", 0.1, b"0.1"),
    ("a choice", Side.BUY, b"BUY"),
    ("a choice of numbers", Leverage.TEN, b"10"),
    ("a list", ["BTCUSDT", "ETHUSDT"], b'["BTCUSDT","ETHUSDT"]'),
    ("nothing", None, b"null"),
]


@pytest.mark.parametrize(
    ("value", "spelled"), [case[1:] for case in SPELLED], ids=[case[0] for case in SPELLED]
)
def test_a_value_is_spelled_as_in_the_json_that_is_sent(value: object, spelled: bytes) -> None:
    assert canonical({"x": value}) == b"x=" + spelled
    assert msgspec.json.encode(value).decode().strip('"') == spelled.decode()


@given(params=st.dictionaries(names, values), seed=st.randoms(use_true_random=False))
def test_the_order_in_which_parameters_were_given_does_not_matter(
    params: dict[str, Any], seed: random.Random
) -> None:
    items = list(params.items())
    seed.shuffle(items)
    assert canonical(dict(items)) == canonical(params)


@given(params=st.dictionaries(names, st.text("abcXYZ019._-", min_size=1), min_size=1))
def test_the_text_has_every_parameter_sorted_by_its_name(params: dict[str, str]) -> None:
    assert parse_qsl(canonical(params).decode(), strict_parsing=True) == sorted(params.items())


def test_a_signature_among_the_parameters_is_not_signed_and_stays_there() -> None:
    params = {"symbol": "BTCUSDT", "signature": "00", "apiKey": "key"}
    assert canonical(params) == b"apiKey=key&symbol=BTCUSDT"
    assert params["signature"] == "00"


def test_capital_letters_come_before_small_ones() -> None:
    assert canonical({"a": 1, "B": 2, "b": 3, "A": 4}) == b"A=4&B=2&a=1&b=3"


def test_nothing_is_signed_as_an_empty_text() -> None:
    assert canonical({}) == b""


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="UTF-8") as caught:
        canonical({"symbol": "\ud800"})
    assert caught.value.__cause__ is None


@given(payload=st.binary(max_size=300), secret=st.binary(min_size=1, max_size=200))
def test_hmac_is_that_of_the_standard_library(payload: bytes, secret: bytes) -> None:
    assert signer_from_text(secret)(payload) == hmac.digest(secret, payload, "sha256").hex()


def test_a_signer_keeps_nothing_of_what_it_signed() -> None:
    sign = signer_from_text(SECRET)
    first = sign(b"one")
    assert sign(b"two") != first
    assert sign(b"one") == first


def test_ed25519_signs_what_its_public_key_verifies() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = signer_from_pem(pem, None)
    assert not isinstance(made, Problem)
    assert made[0] == "Ed25519"
    key.public_key().verify(base64.b64decode(made[1](b"payload"), validate=True), b"payload")
