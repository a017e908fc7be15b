"""What a request is signed over, and the three ways in which Binance takes a signature.

Nothing in here raises while it holds a secret: a problem is returned, and whoever raises has let go of the
secret first. A traceback that shows local variables has none to show.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from fastbinance.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = [
    "Algorithm", "Problem", "Sign", "Signer", "canonical", "signer_from_pem", "signer_from_text", "spelled",
]  # fmt: skip

#: How a request is signed; "custom" is a function of the caller's.
Algorithm: TypeAlias = Literal["HMAC", "RSA", "Ed25519", "custom"]

#: From the text that is signed to the signature as it is sent.
Sign: TypeAlias = Callable[[bytes], str]

# What Binance takes at least.
_RSA_BITS: Final = 2048


class Signer(Protocol):
    """What signs requests: `fastbinance.Credentials`, and whatever has the same shape."""

    @property
    def api_key(self) -> str:
        """Binance's name of the key."""

    @property
    def algorithm(self) -> Algorithm:
        """How requests are signed."""

    @property
    def can_log_on(self) -> bool:
        """Whether Binance lets this kind of key log on."""

    def sign(self, payload: bytes) -> str:
        """Return the signature of what `canonical` made."""


class Problem(NamedTuple):
    """Why there is no signer; a sentence without any of the secret in it."""

    sentence: str


# -- what is signed


def canonical(params: Mapping[str, Any]) -> bytes:
    """Return the text that is signed: ``name=value`` sorted by name and joined by ``&``, in UTF-8.

    Values are spelled as in the JSON that is sent, and not percent-encoded. A ``signature`` is left out.

    Raises
    ------
    ConfigurationError
        A text that is none: half of a surrogate pair, which UTF-8 cannot say.

    Source: Spot WebSocket API, "Request security", "SIGNED request example".
    """
    if "signature" in params:
        params = {name: value for name, value in params.items() if name != "signature"}
    # Names are sorted rather than pairs: 1.3 us for an order instead of 1.6. Texts and integers, nearly all
    # there is, are written as they are; bool is a class of its own here, and goes the other way.
    text = "&".join(
        [
            f"{name}={value}"
            if (value := params[name]).__class__ is str or value.__class__ is int
            else f"{name}={spelled(value)}"
            for name in sorted(params)
        ]
    )
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"a parameter cannot be written in UTF-8: {error.reason}") from None


def spelled(value: object) -> str:
    """Write a value as JSON does, a text without its quotes."""
    plain = msgspec.to_builtins(value)  # enumerations and decimals become what the request says
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


# -- with what


def signer_from_text(secret: bytes) -> Sign:
    """Return what signs with HMAC-SHA-256, in hexadecimal."""
    # Imported here and below: whoever signs nothing does not wait for it.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    # The key is hashed once and its state copied: 0.6 us a signature of 200 bytes, where hmac.digest() takes
    # 1.4, and a copy of hmac.new() 1.1.
    prepared = HMAC(secret, SHA256())

    def sign(payload: bytes) -> str:
        state = prepared.copy()
        state.update(payload)
        return state.finalize().hex()

    return sign


def signer_from_pem(pem: bytes, password: bytes | None) -> tuple[Algorithm, Sign] | Problem:
    """Return how and with what a PEM signs, in base64, or what is wrong with it.

    Taken are RSA keys of 2048 bits or more and Ed25519 keys, in PKCS8, the traditional form or OpenSSH's,
    encrypted or not. Line breaks may be written as backslash and n, as environment variables have them.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    # Older versions of cryptography take no line that is indented.
    pem = b"\n".join(line.strip() for line in pem.strip().replace(b"\\n", b"\n").splitlines())
    if b"PRIVATE KEY-----" not in pem:
        return Problem(_not_private(pem))
    try:
        key = (load_ssh_private_key if b"OPENSSH PRIVATE" in pem else load_pem_private_key)(pem, password)
    except TypeError:
        # The one thing that is told in this way: a password that is missing, or not needed.
        if password is None:
            return Problem("the private key in api_secret is encrypted: password= has to open it")
        return Problem("the private key in api_secret is not encrypted: leave password= out")
    except UnsupportedAlgorithm:
        return Problem("the private key in api_secret is of a kind that cryptography cannot read here")
    except ValueError:
        why = "the PEM is damaged" if password is None else "the password is wrong, or the PEM is damaged"
        return Problem(f"the private key in api_secret cannot be read: {why}")
    if isinstance(key, Ed25519PrivateKey):
        return "Ed25519", _ed25519(key)
    if not isinstance(key, RSAPrivateKey):
        kind = type(key).__name__.removesuffix("PrivateKey").lstrip("_")
        return Problem(f"the private key in api_secret is of the kind {kind}; Binance takes Ed25519 and RSA")
    if key.key_size < _RSA_BITS:
        return Problem(
            f"the RSA key in api_secret has {key.key_size} bits; Binance takes {_RSA_BITS} and more"
        )
    return "RSA", _rsa(key)


def _not_private(pem: bytes) -> str:
    if b"PUBLIC KEY-----" in pem:
        return "api_secret is a public key: that one is for Binance; the private key signs"
    if b"CERTIFICATE-----" in pem:
        return "api_secret is a certificate, not a private key"
    return "api_secret begins like a PEM, and holds no private key"


def _ed25519(key: Ed25519PrivateKey) -> Sign:
    made = key.sign

    def sign(payload: bytes) -> str:
        return b2a_base64(made(payload), newline=False).decode()

    return sign


def _rsa(key: RSAPrivateKey) -> Sign:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    made, padding, digest = key.sign, PKCS1v15(), SHA256()

    def sign(payload: bytes) -> str:
        return b2a_base64(made(payload, padding, digest), newline=False).decode()

    return sign
