"""Queries as they are signed and sent, and what answers over HTTP say."""

from base64 import b64decode
from decimal import Decimal
from urllib.parse import parse_qsl, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.rest_messages import (
    query_of,
    read_error,
    retry_at_ms,
    secrets_in,
    signed_query,
    whole_number,
)
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError

NOW_MS = 1_795_340_000_000.7
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_whoever_reads_a_query_gets_the_parameters_back(params) -> None:
    assert dict(parse_qsl(query_of(params), keep_blank_values=True, strict_parsing=bool(params))) == params


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_query_has_no_sign_that_anybody_on_the_way_would_change(text) -> None:
    assert set(query_of({"a": text}).removeprefix("a=")) <= set(
        "%-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )


def test_values_are_spelled_as_in_json() -> None:
    params = {"price": Decimal("0.10"), "n": 7, "on": False, "some": ["a", 1], "none": None}
    assert query_of(params) == "price=0.10&n=7&on=false&some=%5B%22a%22%2C1%5D"


def test_half_of_a_surrogate_pair_cannot_be_sent() -> None:
    with pytest.raises(ConfigurationError, match="cannot be written in UTF-8"):
        query_of({"a": "\ud800"})


def test_a_query_is_signed_as_in_binances_example() -> None:
    # Of "SIGNED Endpoint Examples for POST /api/v3/order", with HMAC keys.
    params = {
        "symbol": "LTCBTC", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 1,
        "price": "0.1", "recvWindow": 5000,
    }  # fmt: skip
    query, signature = signed_query(params, 1499827319559, 60_000, Credentials("key-of-an-example", SECRET))
    assert signature == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert query.endswith(f"&price=0.1&recvWindow=5000&timestamp=1499827319559&signature={signature}")


def test_a_signature_in_base64_is_percent_encoded_and_over_what_is_sent() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    query, signature = signed_query({"a": "ü/+"}, 1, "0.5", Credentials("key-of-an-example", pem))
    assert query == f"a=%C3%BC%2F%2B&timestamp=1&recvWindow=0.5&signature={signature}"
    assert not {"/", "+", "="} & set(signature)
    key.public_key().verify(b64decode(unquote(signature)), query.partition("&signature=")[0].encode())


RETRY = [
    ("seconds", "30", "", 1_795_340_030_000),
    ("a date", "Sun, 22 Nov 2026 10:00:00 GMT", "", 1_795_341_600_000),
    ("nothing", None, "", None),
    ("nonsense", "soon", "", None),
    ("less than nothing", "-3", "", None),
    ("a text", None, "IP banned until 1795340099000. Please use", 1_795_340_099_000),
    ("both", "30", "IP banned until 1795340099000.", 1_795_340_030_000),
    ("nonsense and a text", "soon", "IP banned until 1795340099000.", 1_795_340_099_000),
]


@pytest.mark.parametrize(
    ("header", "text", "at"), [case[1:] for case in RETRY], ids=[case[0] for case in RETRY]
)
def test_the_time_to_come_back_is_in_the_head_or_in_the_text(header, text, at) -> None:
    assert retry_at_ms(header, text, NOW_MS) == at


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" 12 ", 12), ("", None), ("1.5", None), ("٣", None), ("9" * 16, None), (None, None)],
)
def test_a_header_is_a_whole_number_or_none(text, number) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code":"x"}', b"\xff", b"[" * 100_000])
def test_what_is_no_refusal_of_binances_says_nothing(body) -> None:
    error = read_error(body)
    assert (error.code, error.msg) == (None, "")


def test_a_refusal_is_shown_without_secrets_control_signs_and_end() -> None:
    text = "the key a-secret-key is\\n wrong" + "!" * 500
    error = read_error(f'{{"code":-1,"msg":"{text}"}}'.encode(), ("a-secret-key", "wrong", ""))
    assert error.msg.startswith("the key *** is  wrong!!!"), "what is as short as a word is no secret"
    assert len(error.msg) == 200


def test_listen_keys_and_tokens_are_secrets_and_symbols_are_none() -> None:
    assert secrets_in({"listenKey": "k", "symbol": "1000PEPEUSDT", "listenToken": None}) == ("k",)
