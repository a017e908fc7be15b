"""Credentials take the keys that Binance takes, say what is wrong with others, and never show a secret."""

import copy
import hmac
import pickle
import pprint
import traceback
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import assume, given
from hypothesis import strategies as st

import fastbinance
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError

SOURCE = str(Path(fastbinance.__file__).parent)
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
TRADITIONAL = PrivateFormat.TraditionalOpenSSL
PASSWORD = "correct horse, ünlocked"


# -- keys, made once


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@cache
def pem_of(
    make: Callable[[], Any], form: PrivateFormat = PrivateFormat.PKCS8, password: str | None = None
) -> str:
    lock: KeySerializationEncryption = (
        NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    )
    pem: bytes = make().private_bytes(Encoding.PEM, form, lock)
    return pem.decode()


def small_rsa_key() -> rsa.RSAPrivateKey:
    return rsa_key(1024)


def public_pem() -> str:
    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def assert_verified(credentials: Credentials, payload: bytes = b"symbol=BTCUSDT") -> None:
    signature = b64decode(credentials.sign(payload), validate=True)
    if credentials.algorithm == "RSA":
        rsa_key().public_key().verify(signature, payload, PKCS1v15(), SHA256())
    else:
        assert credentials.algorithm == "Ed25519"
        ed25519_key().public_key().verify(signature, payload)


# -- what is taken


@pytest.mark.parametrize("secret", [SECRET, SECRET.encode()], ids=["text", "bytes"])
def test_a_plain_secret_signs_with_hmac(secret: str | bytes) -> None:
    credentials = Credentials(API_KEY, secret)
    assert (credentials.api_key, credentials.algorithm, credentials.can_log_on) == (API_KEY, "HMAC", False)
    assert credentials.sign(b"a=1") == hmac.digest(SECRET.encode(), b"a=1", "sha256").hex()


FORMS = [
    ("RSA in PKCS8", rsa_key, PrivateFormat.PKCS8),
    ("RSA in the traditional form", rsa_key, TRADITIONAL),
    ("Ed25519 in PKCS8", ed25519_key, PrivateFormat.PKCS8),
]


@pytest.mark.parametrize(("make", "form"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS])
@pytest.mark.parametrize("password", [None, PASSWORD, PASSWORD.encode()], ids=["open", "text", "bytes"])
def test_a_pem_signs_with_its_own_kind_of_key(
    make: Callable[[], Any], form: PrivateFormat, password: str | bytes | None
) -> None:
    pem = pem_of(make, form, None if password is None else PASSWORD)
    for secret in (pem, pem.encode()):
        credentials = Credentials(API_KEY, secret, password=password)
        assert_verified(credentials)
        assert credentials.can_log_on is (make is ed25519_key)


def test_an_openssh_key_is_taken() -> None:
    assert_verified(Credentials(API_KEY, pem_of(ed25519_key, PrivateFormat.OpenSSH)))


DRESSES: list[tuple[str, Callable[[str], str]]] = [
    ("line breaks written as in an environment variable", lambda pem: pem.replace("\n", "\\n")),
    ("line breaks of Windows", lambda pem: pem.replace("\n", "\r\n")),
    ("empty lines around it", lambda pem: f"\n\n  {pem}\n\n"),
    ("an indented block", lambda pem: pem.replace("\n", "\n    ")),
]


@pytest.mark.parametrize("dress", [case[1] for case in DRESSES], ids=[case[0] for case in DRESSES])
def test_a_pem_is_read_as_people_store_it(dress: Callable[[str], str]) -> None:
    assert_verified(Credentials(API_KEY, dress(pem_of(rsa_key))))


def test_an_empty_password_is_none() -> None:
    assert_verified(Credentials(API_KEY, pem_of(ed25519_key), password=""))
    assert Credentials(API_KEY, SECRET, password="").algorithm == "HMAC"


# -- what is refused, and how

REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("nothing that signs", lambda: Credentials(API_KEY), "nothing signs"),
    ("a key that is no text", lambda: Credentials(odd(7), SECRET), "not int"),
    ("an empty key", lambda: Credentials("", SECRET), "api_key is empty"),
    ("key and secret exchanged", lambda: Credentials(pem_of(rsa_key), API_KEY), "api_key is a PEM"),
    ("a key with a line break", lambda: Credentials(SECRET + "\n", API_KEY), "white space"),
    ("a key that is not ASCII", lambda: Credentials(SECRET + "é", API_KEY), "no key has"),
    ("the key twice", lambda: Credentials(SECRET, SECRET), "the same text"),
    ("an empty secret", lambda: secret(""), "api_secret is empty"),
    ("a secret with a line break", lambda: secret(SECRET + "\n"), "line break at its end"),
    ("two words", lambda: secret(f"{SECRET} {SECRET}"), "white space"),
    ("a secret that is not ASCII", lambda: secret(SECRET + "é"), "no secret has"),
    ("half a surrogate pair", lambda: secret(SECRET + "\ud800"), "UTF-8"),
    ("the name of a file", lambda: secret(f"/home/me/{SECRET}.pem"), "name of a file"),
    ("a path", lambda: secret(odd(Path(SECRET))), r"api_secret is text or bytes, not \w+Path"),
    ("a password for HMAC", lambda: secret(SECRET, password=PASSWORD), "opens an encrypted PEM"),
    ("a password that is a number", lambda: secret(pem_of(rsa_key), password=odd(7)), "not int"),
    ("a password too many", lambda: secret(pem_of(rsa_key), password=PASSWORD), "not encrypted"),
    ("a public key", lambda: secret(public_pem()), "is a public key"),
    ("a certificate", lambda: secret(public_pem().replace("PUBLIC KEY", "CERTIFICATE")), "certificate"),
    ("a PEM of nothing", lambda: secret(public_pem().replace("PUBLIC KEY", SECRET)), "no private key"),
    ("half a PEM", lambda: secret(pem_of(rsa_key)[:400]), "damaged"),
    ("a PEM of other bytes", lambda: secret(pem_of(rsa_key).replace("MII", "AAA", 1)), "damaged"),
    ("EC", lambda: secret(pem_of(ec_key)), "kind EC; Binance takes Ed25519 and RSA"),
    ("EC in its own form", lambda: secret(pem_of(ec_key, TRADITIONAL)), "kind EC"),
    ("DSA", lambda: secret(pem_of(dsa_key)), "kind DSA"),
    ("Ed448", lambda: secret(pem_of(ed448.Ed448PrivateKey.generate)), "kind Ed448"),
    ("X25519", lambda: secret(pem_of(x25519.X25519PrivateKey.generate)), "kind X25519"),
    ("a small RSA key", lambda: secret(pem_of(small_rsa_key)), "1024 bits; Binance takes 2048"),
    ("two ways to sign", lambda: secret(SECRET, sign=lambda payload: "x"), "signs by itself"),
    ("a signer that is none", lambda: Credentials(API_KEY, sign=odd("x")), "a function from bytes to text"),
]


def odd(value: object) -> Any:
    """Return what no type checker would let pass, as a caller without one may give it."""
    return value


def secret(api_secret: str, **more: Any) -> Credentials:
    return Credentials(API_KEY, api_secret, **more)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(2048)


def secrets_in(text: str, *secrets: str) -> list[str]:
    """Return the secrets that a text shows, whole or by twelve signs of them in a row."""
    pieces = [secret[i : i + 12] for secret in secrets for i in range(0, max(1, len(secret) - 11), 4)]
    return [piece for piece in pieces if piece in text]


def told(error: BaseException) -> str:
    """Return all that a traceback can say of what this library did, local variables included."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    for each in (error, error.__cause__, error.__context__):
        frames = list(traceback.walk_tb(each.__traceback__)) if each is not None else []
        for frame, line in frames:
            if frame.f_code.co_filename.startswith(SOURCE):
                shown.append(f"{frame.f_code.co_name}:{line} {frame.f_locals!r}")
    shown += traceback.format_exception(error)
    return "\n".join(shown)


@pytest.mark.parametrize(("make", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_sign_is_refused_in_a_sentence_that_shows_none_of_it(
    make: Callable[[], Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        make()
    assert caught.value.__cause__ is caught.value.__context__ is None
    body = pem_of(rsa_key).split("\n")[3]
    assert secrets_in(told(caught.value), SECRET, PASSWORD, body) == []


@pytest.mark.parametrize("make", [rsa_key, ed25519_key])
@pytest.mark.parametrize(
    ("password", "words"), [(None, "is encrypted: password="), ("not this one", "the password is wrong")]
)
def test_an_encrypted_pem_is_opened_by_its_password_only(
    make: Callable[[], Any], password: str | None, words: str
) -> None:
    pem = pem_of(make, PrivateFormat.PKCS8, PASSWORD)
    with pytest.raises(ConfigurationError, match=words) as caught:
        Credentials(API_KEY, pem, password=password)
    assert secrets_in(told(caught.value), "not this one", *pem.split("\n")[1:4]) == []


# -- what shows


def shown(credentials: Credentials) -> Iterator[str]:
    """Write credentials in every way that a log or a debugger has."""
    yield repr(credentials)
    yield str(credentials)
    yield f"{credentials}"
    yield "%r %s" % (credentials, credentials)  # noqa: UP031
    yield f"{[credentials]} {({'credentials': credentials})}"
    yield pprint.pformat(credentials)
    yield repr([getattr(credentials, name) for name in Credentials.__slots__ if name != "_api_key"])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled") as caught:
            pickle.dumps(credentials, protocol)
        yield told(caught.value)
    with pytest.raises(TypeError) as unformatted:
        format(credentials, "x")
    yield told(unformatted.value)
    with pytest.raises(TypeError) as without:
        vars(credentials)
    yield told(without.value)


# Letters that no text of ours has three of in a row: what is found then is the key or the secret.
@given(api_key=st.text("JQXZ", min_size=12, max_size=64), secret=st.text("#~^JQXZ", min_size=12, max_size=64))
def test_no_text_of_credentials_shows_a_secret_or_more_than_the_beginning_of_the_key(
    api_key: str, secret: str
) -> None:
    assume(api_key != secret)
    text = "\n".join(shown(Credentials(api_key, secret)))
    assert [secret[i : i + 5] for i in range(len(secret) - 4) if secret[i : i + 5] in text] == []
    assert api_key[: 5 if len(api_key) >= 16 else 3] not in text


def test_no_text_of_credentials_shows_a_pem() -> None:
    for make in (rsa_key, ed25519_key):
        pem = pem_of(make, PrivateFormat.PKCS8, PASSWORD)
        text = "\n".join(shown(Credentials(API_KEY, pem, password=PASSWORD)))
        assert secrets_in(text, PASSWORD, *pem.split("\n")[1:-2], *pem_of(make).split("\n")[1:-2]) == []


def test_the_repr_has_four_signs_of_a_long_key_and_none_of_a_short_one() -> None:
    assert repr(Credentials(API_KEY, SECRET)) == "Credentials(api_key='vmPU...', algorithm='HMAC')"
    assert repr(Credentials("short", SECRET)) == "Credentials(api_key='...', algorithm='HMAC')"


def test_credentials_do_not_change_and_a_copy_is_the_same() -> None:
    credentials = Credentials(API_KEY, SECRET)
    assert copy.copy(credentials) is copy.deepcopy([credentials])[0] is credentials
    for name in ("api_key", "algorithm", "can_log_on", "anything"):
        with pytest.raises(AttributeError):
            setattr(credentials, name, "x")


# -- equality


def test_credentials_are_equal_when_key_and_secret_are() -> None:
    credentials = Credentials(API_KEY, SECRET)
    same = Credentials(API_KEY, SECRET.encode())
    assert credentials == same
    assert len({credentials, same}) == 1
    assert credentials != Credentials(API_KEY, SECRET[::-1])
    assert credentials != Credentials(API_KEY[::-1], SECRET)
    assert credentials != SECRET


def test_one_private_key_is_equal_in_two_forms() -> None:
    plain = Credentials(API_KEY, pem_of(rsa_key))
    other = Credentials(
        API_KEY, pem_of(rsa_key, TRADITIONAL, PASSWORD), password=PASSWORD
    )
    assert plain == other
    assert plain != Credentials(API_KEY, pem_of(ed25519_key))


# -- the caller's signer


def test_a_signer_of_the_callers_is_given_the_payload_and_its_text_is_sent() -> None:
    seen: list[bytes] = []

    def sign(payload: bytes) -> str:
        seen.append(payload)
        return "c2lnbmF0dXJl"

    credentials = Credentials(API_KEY, sign=sign)
    assert credentials.sign(b"a=1") == "c2lnbmF0dXJl"
    assert seen == [b"a=1"]
    assert (credentials.algorithm, credentials.can_log_on) == ("custom", False)
    assert credentials == Credentials(API_KEY, sign=sign)
    assert credentials != Credentials(API_KEY, sign=lambda payload: "")
    assert secrets_in("\n".join(shown(credentials)), API_KEY) == []


def test_what_a_signer_raises_is_the_cause_and_its_text_is_not_ours() -> None:
    def sign(payload: bytes) -> str:
        raise OSError(f"no device for {SECRET}")

    with pytest.raises(ConfigurationError, match="sign= of the credentials raised OSError") as caught:
        Credentials(API_KEY, sign=sign).sign(b"a=1")
    assert isinstance(caught.value.__cause__, OSError)
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_an_interrupt_in_a_signer_passes() -> None:
    def sign(payload: bytes) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Credentials(API_KEY, sign=sign).sign(b"a=1")


NO_TEXT = [(b"c2ln", "bytes"), (None, "NoneType"), (7, "int")]


@pytest.mark.parametrize(("made", "kind"), NO_TEXT)
def test_a_signer_that_returns_no_text_is_told_so(made: Any, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"returned {kind}, not text"):
        Credentials(API_KEY, sign=lambda payload: made).sign(b"a=1")


def test_a_signer_that_wants_to_be_awaited_is_told_so() -> None:
    async def sign(payload: bytes) -> str:
        return "never"

    # Warnings are errors here: a coroutine that is dropped unawaited would be one.
    with pytest.raises(ConfigurationError, match="returned coroutine, not text"):
        Credentials(API_KEY, sign=sign).sign(b"a=1")  # type: ignore[arg-type]


@pytest.mark.parametrize("made", ["", "c2ln\n", "c2 ln", "ünterschrift"])
def test_text_that_is_no_signature_is_not_sent(made: str) -> None:
    with pytest.raises(ConfigurationError, match="no signature"):
        Credentials(API_KEY, sign=lambda payload: made).sign(b"a=1")
