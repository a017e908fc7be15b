"""What a user may put into the head of a handshake; a value is shown nowhere, not even a wrong one."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fastbinance.errors import ConfigurationError

__all__ = ["API_KEY_HEADER", "SUBPROTOCOL_HEADER", "read_headers", "read_subprotocols"]

#: Header of the API key.
API_KEY_HEADER: Final = "X-MBX-APIKEY"

#: Header of the subprotocols.
SUBPROTOCOL_HEADER: Final = "Sec-WebSocket-Protocol"

# RFC 9110, 5.6.2.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_ELSEWHERE: Final = {
    API_KEY_HEADER.lower(): "is what api_key= is for, which sends it to the services that want one only",
    SUBPROTOCOL_HEADER.lower(): "is what subprotocols= is for",
    "sec-websocket-extensions": "asks for what the feed does not read: no stream of Binance is compressed",
    "proxy-authorization": "is for a proxy: proxy= takes user:password@ before its host",
}
# The handshake's own; and those that would give the request a body, or end the connection.
_TAKEN: Final = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection",
        "sec-websocket-accept", "sec-websocket-key", "sec-websocket-version", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip


def read_headers(headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Return extra headers as pairs.

    Raises
    ------
    ConfigurationError
        One cannot be a header, is set by the handshake itself, or has an option of its own.
    """
    if headers is None:
        return ()
    if not isinstance(headers, Mapping):
        raise ConfigurationError(
            f'headers maps names to values, such as {{"User-Agent": "..."}}, not a {type(headers).__name__}'
        )
    seen: set[str] = set()
    for name, value in headers.items():
        # A name that is none is not shown either: a whole line may have been given for it.
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ConfigurationError("headers has a name that is none: letters, digits and !#$%&'*+-.^_`|~")
        low = name.lower()
        if low in _ELSEWHERE:
            raise ConfigurationError(f"the header {name} {_ELSEWHERE[low]}")
        if low in _TAKEN:
            raise ConfigurationError(f"the header {name} belongs to the handshake and cannot be set")
        if low in seen:
            raise ConfigurationError(f"headers has {name} twice, in different cases")
        seen.add(low)
        if not isinstance(value, str):
            raise ConfigurationError(f"the header {name} has a {type(value).__name__} for a value, not a str")
        if not value.isascii() or not value.replace("\t", " ").isprintable():
            raise ConfigurationError(
                f"the header {name} has a line break, another control sign or one beyond ASCII in its value"
            )
    return tuple(headers.items())


def read_subprotocols(subprotocols: Sequence[str]) -> tuple[str, ...]:
    """Return the names of subprotocols, the wanted one first.

    Raises
    ------
    ConfigurationError
        One cannot be a name, or is there twice.
    """
    if isinstance(subprotocols, str) or not isinstance(subprotocols, Sequence):
        raise ConfigurationError(f'subprotocols is a tuple of names, such as ("v1",), not {subprotocols!r}')
    for name in subprotocols:
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ConfigurationError(
                f"subprotocols has {name!r}, which is no name: letters, digits and !#$%&'*+-.^_`|~"
            )
    if len(set(subprotocols)) < len(subprotocols):
        raise ConfigurationError(f"subprotocols names one twice: {', '.join(subprotocols)}")
    return tuple(subprotocols)
