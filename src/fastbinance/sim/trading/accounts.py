"""Accounts of the simulator: whose key it is, how its signatures are checked, and what it owns."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from fastbinance.errors import ConfigurationError
from fastbinance.sim.api.call import Product
from fastbinance.sim.trading.amounts import UNIT, from_decimal

__all__ = ["API_KEY", "API_SECRET", "Account", "Balance", "SimAccount", "Verifier"]

#: Key of the account that every simulator has.
API_KEY: Final = "fastbinance-sim-key"
#: HMAC secret of that account.
API_SECRET: Final = "fastbinance-sim-secret"

Algorithm = Literal["HMAC", "RSA", "Ed25519"]
Amounts = Mapping[str, Decimal | int | str]

# Enough of everything that is listed for a test that does not think about balances.
_PLENTY: Final[dict[Product, dict[str, int]]] = {
    "spot": {
        "BTC": 100, "ETH": 2_000, "BNB": 10_000, "SOL": 50_000, "XRP": 2_000_000, "DOGE": 20_000_000,
        "USDT": 10_000_000, "USDC": 10_000_000,
    },
    "usdm": {"USDT": 10_000_000, "USDC": 10_000_000, "BNB": 1_000},
    "coinm": {"BTC": 100, "ETH": 2_000, "BNB": 10_000, "SOL": 50_000},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SimAccount:
    """An account that a simulator shall have.

    Attributes
    ----------
    api_key
        What requests name.
    secret
        HMAC secret. Give either this or ``public_key``.
    public_key
        PEM of an RSA or Ed25519 public key: the private one stays with the client, as at Binance.
    balances
        Whole coins by product and asset, such as ``{"spot": {"USDT": "1000.5"}}``. A product that is not
        named has plenty of everything; one that is named has what it says and nothing else.
    permissions
        ``TRADE`` lets it place and cancel, ``USER_DATA`` lets it ask.
    hedge_mode
        On futures, it has a long and a short position of each symbol instead of one.
    """

    api_key: str
    secret: str | None = field(default=None, repr=False)
    public_key: str | bytes | None = field(default=None, repr=False)
    balances: Mapping[Product, Amounts] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset({"TRADE", "USER_DATA"})
    hedge_mode: bool = False


class Verifier(Protocol):
    """Checks signatures of one key."""

    algorithm: Algorithm

    def verify(self, payload: bytes, signature: str) -> bool:
        """Tell whether the signature is this key's of this payload."""


class _Hmac:
    algorithm: Algorithm = "HMAC"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def verify(self, payload: bytes, signature: str) -> bool:
        # Binance does not mind the case of an HMAC. Compared as bytes: a text must be ASCII to be compared.
        expected = hmac.new(self._secret, payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "surrogatepass"))


class _Rsa:
    algorithm: Algorithm = "RSA"

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    def verify(self, payload: bytes, signature: str) -> bool:
        given = _from_base64(signature)
        if given is None:
            return False
        try:
            self._key.verify(given, payload, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


class _Ed25519:
    algorithm: Algorithm = "Ed25519"

    def __init__(self, key: ed25519.Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, payload: bytes, signature: str) -> bool:
        given = _from_base64(signature)
        if given is None:
            return False
        try:
            self._key.verify(given, payload)
        except InvalidSignature:
            return False
        return True


@dataclass(slots=True)
class Balance:
    """What an account owns of one asset, in hundred millionths.

    Attributes
    ----------
    free
        What it may spend; on futures the whole wallet, since margin is no lock.
    locked
        What open orders hold (spot).
    """

    free: int = 0
    locked: int = 0


class Account:
    """One key with its balances.

    Parameters
    ----------
    wanted
        What the account shall be.
    uid
        Binance's number of it.

    Raises
    ------
    ConfigurationError
        It has no usable key, or a balance that is no amount.
    """

    __slots__ = ("_verifier", "api_key", "balances", "hedge_mode", "permissions", "uid", "updated_ms")

    def __init__(self, wanted: SimAccount, uid: int) -> None:
        if not wanted.api_key:
            raise ConfigurationError("an account needs an api_key")
        self.api_key = wanted.api_key
        self.permissions = frozenset(wanted.permissions)
        self.hedge_mode = wanted.hedge_mode
        self.uid = uid
        #: Time of the last change of a balance on spot; 0 before the first.
        self.updated_ms = 0
        self._verifier = _verifier(wanted)
        self.balances: dict[Product, dict[str, Balance]] = {
            product: _balances(wanted.balances.get(product), plenty) for product, plenty in _PLENTY.items()
        }

    def __repr__(self) -> str:
        return f"<Account {self.uid} {self.algorithm}>"

    @property
    def algorithm(self) -> Algorithm:
        """How its requests are signed; only Ed25519 may log a session on."""
        return self._verifier.algorithm

    def verify(self, payload: bytes, signature: str) -> bool:
        """Tell whether a signature is this account's; in constant time where it is an HMAC."""
        return self._verifier.verify(payload, signature)

    def balance(self, product: Product, asset: str) -> Balance:
        """Give the balance of an asset, which is there once somebody asks for it."""
        return self.balances[product].setdefault(asset, Balance())


def _verifier(wanted: SimAccount) -> Verifier:
    if (wanted.secret is None) == (wanted.public_key is None):
        raise ConfigurationError("an account has either a secret or a public_key")
    if wanted.secret is not None:
        if not wanted.secret:
            raise ConfigurationError("the secret of an account is empty")
        return _Hmac(wanted.secret)
    pem = wanted.public_key
    try:
        key = serialization.load_pem_public_key(pem.encode() if isinstance(pem, str) else pem or b"")
    except ValueError:
        raise ConfigurationError("the public_key of an account is no PEM of a public key") from None
    if isinstance(key, rsa.RSAPublicKey):
        return _Rsa(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _Ed25519(key)
    raise ConfigurationError("the public_key of an account is neither RSA nor Ed25519")


def _balances(wanted: Amounts | None, plenty: Mapping[str, int]) -> dict[str, Balance]:
    if wanted is None:
        return {asset: Balance(free=coins * UNIT) for asset, coins in plenty.items()}
    balances = {}
    for asset, coins in wanted.items():
        try:
            free = from_decimal(coins)
        except ValueError as error:
            raise ConfigurationError(f"balance of {asset}: {error}") from None
        if free < 0:
            raise ConfigurationError(f"balance of {asset}: {coins!r} is negative")
        balances[asset] = Balance(free=free)
    return balances


def _from_base64(signature: str) -> bytes | None:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):  # ValueError: signs that are not ASCII
        return None
