"""Accounts of the simulator: whose key it is, how its signatures are checked, and what it owns."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from fastbinance.errors import ConfigurationError
from fastbinance.sim.api.call import Product
from fastbinance.sim.trading.amounts import UNIT, from_decimal

__all__ = ["API_KEY", "API_SECRET", "Account", "Balance", "SimAccount", "Verifier", "Wallet"]

#: Key of the account that every simulator has.
API_KEY: Final = "fastbinance-sim-key"
#: HMAC secret of that account.
API_SECRET: Final = "fastbinance-sim-secret"

Algorithm = Literal["HMAC", "RSA", "Ed25519"]
Amounts = Mapping[str, Decimal | int | str]
#: Where coins are that trade on spot's markets.
Wallet = Literal["spot", "margin", "isolated"]

# Enough of everything that is listed for a test that does not think about balances.
_PLENTY: Final[dict[Product, dict[str, int]]] = {
    "spot": {
        "BTC": 100, "ETH": 2_000, "BNB": 10_000, "SOL": 50_000, "XRP": 2_000_000, "DOGE": 20_000_000,
        "USDT": 10_000_000, "USDC": 10_000_000,
    },
    "usdm": {"USDT": 10_000_000, "USDC": 10_000_000, "BNB": 1_000},
    "coinm": {"BTC": 100, "ETH": 2_000, "BNB": 10_000, "SOL": 50_000},
}  # fmt: skip
_PLENTY_OF_MARGIN: Final = {asset: coins // 2 for asset, coins in _PLENTY["spot"].items()}


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
        named has plenty of everything; one that is named has what it says and nothing else. ``margin`` is
        the wallet of cross margin, ``isolated`` that of each pair, of which it has the two assets.
    permissions
        ``TRADE`` lets it place and cancel, ``USER_DATA`` lets it ask.
    hedge_mode
        On futures, it has a long and a short position of each symbol instead of one.
    """

    api_key: str
    secret: str | None = field(default=None, repr=False)
    public_key: str | bytes | None = field(default=None, repr=False)
    balances: Mapping[Product | Wallet, Amounts] = field(default_factory=dict)
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

    The wallets of its margin are accounts of their own for the engine of spot, see `margin`.

    Parameters
    ----------
    wanted
        What the account shall be.
    uid
        Binance's number of it.

    Attributes
    ----------
    wallet, symbol
        Which wallet ``balances["spot"]`` is, and the pair of one of isolated margin.
    owner
        Whose wallet it is; itself, where it is no wallet of margin.

    Raises
    ------
    ConfigurationError
        It has no usable key, or a balance that is no amount.
    """

    __slots__ = (
        "_margin", "_margin_coins", "_verifier", "api_key", "balances", "hedge_mode", "owner", "permissions",
        "symbol", "uid", "updated_ms", "wallet",
    )  # fmt: skip

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
        self.wallet: Wallet = "spot"
        self.symbol: str | None = None
        self.owner: Account = self
        self._margin: dict[str | None, Account] = {}
        self._margin_coins: dict[Wallet, dict[str, int]] = {
            wallet: _coins(wanted.balances.get(wallet), _PLENTY_OF_MARGIN)
            for wallet in ("margin", "isolated")
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

    @property
    def isolated_symbols(self) -> list[str]:
        """Pairs that have a wallet of isolated margin."""
        return sorted(symbol for symbol in self._margin if symbol is not None)

    def margin(self, symbol: str | None = None, assets: Iterable[str] = ()) -> "Account":
        """Give the wallet of cross margin, or that of a pair, which is there once somebody asks for it.

        Parameters
        ----------
        symbol, assets
            The pair, and the two assets that it has.
        """
        found = self._margin.get(symbol)
        if found is None:
            found = self._margin[symbol] = copy(self)  # the same key, which may do the same
            found.wallet = "margin" if symbol is None else "isolated"
            found.symbol = symbol
            found.updated_ms = 0
            coins = self._margin_coins[found.wallet]
            held = coins if symbol is None else {asset: coins.get(asset, 0) for asset in assets}
            found.balances = {"spot": {asset: Balance(free=amount) for asset, amount in held.items()}}
        return found


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
    return {asset: Balance(free=amount) for asset, amount in _coins(wanted, plenty).items()}


def _coins(wanted: Amounts | None, plenty: Mapping[str, int]) -> dict[str, int]:
    if wanted is None:
        return {asset: coins * UNIT for asset, coins in plenty.items()}
    found = {}
    for asset, coins in wanted.items():
        try:
            free = from_decimal(coins)
        except ValueError as error:
            raise ConfigurationError(f"balance of {asset}: {error}") from None
        if free < 0:
            raise ConfigurationError(f"balance of {asset}: {coins!r} is negative")
        found[asset] = free
    return found


def _from_base64(signature: str) -> bytes | None:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):  # ValueError: signs that are not ASCII
        return None
