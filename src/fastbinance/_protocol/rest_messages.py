"""What goes over REST: the query as it is signed and sent, and what the head and body of an answer say."""

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

import msgspec

from fastbinance._protocol.envelope import ErrorBody
from fastbinance._protocol.signing import Signer, spelled
from fastbinance._rest_endpoints import RestProduct
from fastbinance.answers import UNREADABLE
from fastbinance.errors import ConfigurationError

__all__ = [
    "WEIGHT_A_MINUTE", "RestSecurity", "Verb", "query_of", "read_error", "retry_at_ms", "secrets_in",
    "signed_query", "whole_number",
]  # fmt: skip

Verb: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]

#: What a request proves: nothing, its API key by a header, or a signature besides.
RestSecurity: TypeAlias = Literal["none", "key", "signed"]

#: Weight that Binance allows an address, where no answer has told it: those of REST only tell what is used.
WEIGHT_A_MINUTE: Final[Mapping[RestProduct, int]] = {
    "spot": 6_000, "usdm": 2_400, "coinm": 2_400, "options": 2_400, "portfolio": 6_000,
}  # fmt: skip

# What is in a query and nobody else's business.
_SECRET_NAMES: Final = ("listenKey", "listenToken")
_BANNED_UNTIL: Final = re.compile(r"\bbanned until (\d{13})\b")
_LONGEST_TEXT: Final = 200
# Shorter ones are no secrets, and would be found everywhere.
_SHORTEST_SECRET: Final = 8

_decode_error: Final = msgspec.json.Decoder(ErrorBody).decode


def query_of(params: Mapping[str, Any]) -> str:
    """Return parameters as a query, percent-encoded; one that is None is left out.

    Texts stand as they are, all else as in JSON: numbers, ``true``, lists.

    Raises
    ------
    ConfigurationError
        A text that is none: half of a surrogate pair, which UTF-8 cannot say.
    """
    try:
        return "&".join(
            f"{quote(name, safe='')}={quote(spelled(value), safe='')}"
            for name, value in params.items()
            if value is not None
        )
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"a parameter cannot be written in UTF-8: {error.reason}") from None


def signed_query(
    params: Mapping[str, Any], timestamp: int, recv_window: int | str | None, credentials: Signer
) -> tuple[str, str]:
    """Return a query with its signature, and that alone: it is over every byte before it, as they are sent.

    Source: Spot REST API, "SIGNED Endpoint Examples"; over the encoded payload since 2026-01-15.
    """
    complete = {**params, "timestamp": timestamp}
    if recv_window is not None:
        complete.setdefault("recvWindow", recv_window)
    query = query_of(complete)
    signature = quote(credentials.sign(query.encode()), safe="")
    return f"{query}&signature={signature}", signature


def secrets_in(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of parameters that are shown nowhere."""
    return tuple(str(params[name]) for name in _SECRET_NAMES if params.get(name) is not None)


def read_error(body: bytes, secrets: Iterable[str] = ()) -> ErrorBody:
    """Return why Binance refuses; without code and text where a page of a firewall says it, or nothing.

    Whoever echoes one of the secrets does not get it into the text.
    """
    try:
        found = _decode_error(body)
    except UNREADABLE:
        return ErrorBody()
    text = found.msg
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = "".join(sign if sign.isprintable() else " " for sign in text[:_LONGEST_TEXT])
    return ErrorBody(found.code, text)


def retry_at_ms(retry_after: str | None, text: str, server_ms: float) -> int | None:
    """Return from when on Binance may be asked again, in its milliseconds since 1970, if it says so.

    Parameters
    ----------
    retry_after
        The header of that name: seconds, or a date.
    text
        Binance's, which may name the end of a ban.
    server_ms
        What its clock shows now.
    """
    if retry_after is not None:
        seconds = whole_number(retry_after)
        if seconds is not None:
            return int(server_ms) + seconds * 1_000
        try:
            return int(parsedate_to_datetime(retry_after).timestamp() * 1e3)
        except (ValueError, OverflowError):
            pass  # neither of both: it says nothing
    until = _BANNED_UNTIL.search(text)
    return None if until is None else int(until[1])


def whole_number(text: str | None) -> int | None:
    """Return the value of a header that is a number; None where it is none, or of an absurd length."""
    if text is None:
        return None
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None
