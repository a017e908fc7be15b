"""A key of Binance's and what signs with it: held, used, and shown nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from inspect import iscoroutine
from typing import Final, NamedTuple, NoReturn, SupportsIndex

from fastbinance._protocol.signing import Algorithm, Problem, Sign, signer_from_pem, signer_from_text
from fastbinance.errors import ConfigurationError

__all__ = ["Credentials"]

# Two credentials are compared by what they make of this text.
_COMPARED: Final = b"fastbinance compares credentials by this"
# Of this process: what is compared tells nobody else anything.
_SALT: Final = os.urandom(16)

# A key of Binance's has 64; of one that is shorter than this, nothing is shown.
_SHOWN_FROM: Final = 16
_SHOWN: Final = 4


class Credentials:
    """An API key and what signs its requests; immutable, and safe to share between clients and threads.

    No text, error or pickle of it has the secret in it.

    Parameters
    ----------
    api_key : str
        Binance's name of the key.
    api_secret : str or bytes
        The secret of an HMAC key, or the PEM of an RSA or Ed25519 private key; what begins a PEM tells which.
        The text itself, not the name of a file.
    password : str or bytes
        What opens an encrypted PEM. An empty one is none.
    sign : callable
        Signs instead of `api_secret`, where that lies in a device of its own for example: called with the
        bytes to be signed, returns the signature as text, in hex or base64 as the kind of the key demands.
        It runs where requests are sent, in whatever thread that is, and everything waits for it. Such a key
        does not log on: each request is signed.

    Raises
    ------
    ConfigurationError
        The key cannot be used; the message says why and shows nothing of it.

    Examples
    --------
    >>> Credentials("a-key-of-at-least-16-signs", "its-secret")
    Credentials(api_key='a-ke...', algorithm='HMAC')
    """

    __slots__ = ("_algorithm", "_api_key", "_give", "_identity", "_sign")

    def __init__(
        self,
        api_key: str,
        api_secret: str | bytes | None = None,
        *,
        password: str | bytes | None = None,
        sign: Callable[[bytes], str] | None = None,
    ) -> None:
        # Set before anything can fail: what shows a traceback with local variables asks for repr(self).
        self._api_key = ""
        self._algorithm: Algorithm = "custom"
        made = _made(api_key, api_secret, password, sign)
        if isinstance(made, Problem):
            # This frame stays in the traceback, and what it was given must not.
            del api_key, api_secret, password, sign
            raise ConfigurationError(made.sentence)
        self._api_key = api_key
        self._algorithm = made.algorithm
        self._sign = made.sign
        self._identity = made.identity
        # A function, so that nothing which shows attributes has the secret to show.
        self._give = _giver(api_secret, password)

    @property
    def api_key(self) -> str:
        """Binance's name of the key. No secret, yet nobody else's business: `repr` shows its beginning."""
        return self._api_key

    @property
    def algorithm(self) -> Algorithm:
        """How requests are signed: ``"HMAC"``, ``"RSA"``, ``"Ed25519"``, or ``"custom"`` with `sign=`."""
        return self._algorithm

    @property
    def can_log_on(self) -> bool:
        """Whether Binance lets this kind of key log on, so that requests go unsigned: Ed25519."""
        return self._algorithm == "Ed25519"

    def sign(self, payload: bytes) -> str:
        """Return the signature of a payload, as it is sent.

        Raises
        ------
        ConfigurationError
            A signer of the caller's raised something, its cause, or returned what cannot be sent.
        """
        return self._sign(payload)

    def _given(self) -> tuple[str | bytes, str | bytes | None] | None:
        """Return what it was made from, for a feed in another process; None with `sign=`."""
        return self._give()

    def __repr__(self) -> str:
        shown = self._api_key[:_SHOWN] if len(self._api_key) >= _SHOWN_FROM else ""
        return f"{type(self).__name__}(api_key={shown + '...'!r}, algorithm={self._algorithm!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return self._api_key == other._api_key and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._api_key)

    # Nothing in it changes, so a copy is itself; that keeps options which hold it copyable.
    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Credentials:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("credentials are not pickled: make them where they are used")


def _giver(
    api_secret: str | bytes | None, password: str | bytes | None
) -> Callable[[], tuple[str | bytes, str | bytes | None] | None]:
    def give() -> tuple[str | bytes, str | bytes | None] | None:
        return None if api_secret is None else (api_secret, password)

    return give


class _Made(NamedTuple):
    algorithm: Algorithm
    sign: Sign
    identity: object


def _made(
    api_key: object, api_secret: object, password: object, sign: Callable[[bytes], str] | None
) -> _Made | Problem:
    problem = _wrong_key(api_key) or _wrong_combination(api_secret, password, sign)
    if problem:
        return Problem(problem)
    if sign is not None:
        return _Made("custom", _checked(sign), sign)
    secret, opens = _as_bytes(api_secret, "api_secret"), _as_bytes(password, "password")
    if isinstance(secret, Problem):
        return secret
    if isinstance(opens, Problem):
        return opens
    if b"-----BEGIN" in secret:
        found = signer_from_pem(secret, opens or None)
        if isinstance(found, Problem):
            return found
        algorithm, signs = found
    else:
        problem = _wrong_text(secret) or (_PASSWORD_WITHOUT_PEM if opens else "")
        if problem:
            return Problem(problem)
        if api_key == api_secret:
            return Problem("api_key and api_secret are the same text")
        algorithm, signs = "HMAC", signer_from_text(secret)
    # By what it signs: one key in two PEMs, of which one is encrypted, is still one key.
    return _Made(algorithm, signs, blake2b(signs(_COMPARED).encode(), key=_SALT).digest())


_PASSWORD_WITHOUT_PEM: Final = "password= opens an encrypted PEM, and api_secret is none"


def _wrong_key(api_key: object) -> str:
    if not isinstance(api_key, str):
        return f"api_key is text, not {type(api_key).__name__}"
    if not api_key:
        return "api_key is empty"
    if "-----BEGIN" in api_key:
        return "api_key is a PEM: Binance's name of the key comes first, and api_secret= after it"
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        return "api_key has white space or other signs in it that no key has"
    return ""


def _wrong_combination(api_secret: object, password: object, sign: object) -> str:
    if sign is None:
        return "" if api_secret is not None else "nothing signs: api_secret= or sign= is missing"
    if api_secret is not None or password is not None:
        return "sign= signs by itself: leave api_secret= and password= out"
    if not callable(sign):
        return f"sign= is a function from bytes to text, not {type(sign).__name__}"
    return ""


def _as_bytes(given: object, name: str) -> bytes | Problem:
    """Return a text as bytes; None, which only a password may be, as none at all."""
    if given is None:
        return b""
    if isinstance(given, bytes):
        return given
    if not isinstance(given, str):
        return Problem(f"{name} is text or bytes, not {type(given).__name__}")
    try:
        return given.encode()
    except UnicodeEncodeError:
        return Problem(f"{name} cannot be written in UTF-8")


def _wrong_text(secret: bytes) -> str:
    """Say what is wrong with an HMAC secret. Each of these would only be told as -1022 by Binance."""
    if not secret:
        return "api_secret is empty"
    if secret.lower().endswith((b".pem", b".key")):
        return "api_secret looks like the name of a file: it is the text in it that is wanted"
    if not secret.isascii() or len(secret.split()) != 1 or secret != secret.strip():
        return "api_secret has white space or signs in it that no secret has; perhaps a line break at its end"
    return ""


def _checked(sign: Callable[[bytes], str]) -> Sign:
    """Return a caller's signer whose failures are told as what they are."""

    def checked(payload: bytes) -> str:
        try:
            made: object = sign(payload)
        except Exception as error:
            # Not its text: that is the caller's, who alone knows what is in it. It is the cause.
            raise ConfigurationError(f"sign= of the credentials raised {type(error).__name__}") from error
        if not isinstance(made, str):
            if iscoroutine(made):
                made.close()  # it would complain, later and elsewhere, that nobody awaited it
            raise ConfigurationError(f"sign= of the credentials returned {type(made).__name__}, not text")
        if not made or not made.isascii() or not made.isprintable() or " " in made:
            raise ConfigurationError("sign= of the credentials returned text that is no signature")
        return made

    return checked
