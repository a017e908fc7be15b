"""Accounts: whose signature it is, and what they own."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from support.trading import TradingScene

from fastbinance import ConfigurationError
from fastbinance.sim.trading import API_KEY, API_SECRET, Account, SimAccount

PAYLOAD = "apiKey=k&symbol=１２３４５６&timestamp=1".encode()
ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    public = key.public_key()
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(encoding, form).decode()


def hmac_of(secret: str, payload: bytes) -> str:
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def rsa_of(payload: bytes) -> str:
    return base64.b64encode(RSA.sign(payload, padding.PKCS1v15(), hashes.SHA256())).decode()


def ed25519_of(payload: bytes) -> str:
    return base64.b64encode(ED25519.sign(payload)).decode()


ACCOUNTS = {
    "HMAC": (Account(SimAccount("k", secret="s"), 1), hmac_of("s", PAYLOAD)),
    "RSA": (Account(SimAccount("k", public_key=pem(RSA)), 1), rsa_of(PAYLOAD)),
    "Ed25519": (Account(SimAccount("k", public_key=pem(ED25519).encode()), 1), ed25519_of(PAYLOAD)),
}


@pytest.mark.parametrize("algorithm", ACCOUNTS)
def test_own_signature_is_accepted_and_only_of_its_payload(algorithm: str) -> None:
    account, signature = ACCOUNTS[algorithm]
    assert account.algorithm == algorithm
    assert account.verify(PAYLOAD, signature)
    assert not account.verify(PAYLOAD + b"0", signature)


@pytest.mark.parametrize("algorithm", ACCOUNTS)
@pytest.mark.parametrize("signature", ["", "00", "é", "\ud800", "====", "A" * 88])
def test_what_is_no_signature_is_refused_without_an_error(algorithm: str, signature: str) -> None:
    assert not ACCOUNTS[algorithm][0].verify(PAYLOAD, signature)


def test_hmac_may_be_spelled_in_capitals_and_base64_may_not() -> None:
    account, signature = ACCOUNTS["HMAC"]
    assert account.verify(PAYLOAD, signature.upper())
    account, signature = ACCOUNTS["Ed25519"]
    assert not account.verify(PAYLOAD, signature.upper())


def test_default_account_is_there_with_plenty_of_everything() -> None:
    scene = TradingScene()
    account = scene.account()
    assert account.verify(PAYLOAD, hmac_of(API_SECRET, PAYLOAD))
    assert scene.balance("USDT") == ("10000000.00000000", "0.00000000")
    assert account.balance("coinm", "BTC").free > 0


def test_named_balances_are_all_there_is_of_their_product() -> None:
    scene = TradingScene(SimAccount("poor", secret="s", balances={"spot": {"USDT": "0.00000001"}}))
    poor = scene.account("poor")
    assert scene.balance("USDT", "poor") == ("0.00000001", "0.00000000")
    assert list(poor.balances["spot"]) == ["USDT"]
    assert poor.balance("usdm", "USDT").free == scene.account().balance("usdm", "USDT").free


def test_secret_is_in_no_repr() -> None:
    wanted = SimAccount("key", secret="hush")
    assert "hush" not in repr(wanted)
    assert "key" not in repr(Account(wanted, 1))


def ec_pem() -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return generate_private_key(SECP256R1()).public_key().public_bytes(encoding, form)


UNUSABLE = [
    ("no key", SimAccount("", secret="s"), "api_key"),
    ("neither", SimAccount("k"), "either a secret or a public_key"),
    ("both", SimAccount("k", secret="s", public_key=pem(RSA)), "either a secret or a public_key"),
    ("empty secret", SimAccount("k", secret=""), "empty"),
    ("no PEM", SimAccount("k", public_key="hello"), "no PEM"),
    ("other curve", SimAccount("k", public_key=ec_pem()), "neither RSA nor Ed25519"),
    ("no amount", SimAccount("k", secret="s", balances={"spot": {"BTC": "many"}}), "no amount"),
    ("too precise", SimAccount("k", secret="s", balances={"spot": {"BTC": "0.000000001"}}), "8 decimals"),
    ("negative", SimAccount("k", secret="s", balances={"usdm": {"USDT": "-1"}}), "negative"),
]


@pytest.mark.parametrize(
    ("wanted", "text"), [case[1:] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE]
)
def test_unusable_account_is_refused_in_a_sentence(wanted: SimAccount, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        TradingScene(wanted)


def test_key_is_taken_once() -> None:
    with pytest.raises(ConfigurationError, match="already"):
        TradingScene().trading.add_account(SimAccount(API_KEY, secret="other"))
