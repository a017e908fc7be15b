"""Reaching a host: the TCP socket, and one clear sentence for each way in which that can fail."""

import asyncio
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

from picows import WSError, WSHandshakeError

from fastbinance._io.resolver import look_up

__all__ = ["Failure", "ProxyFailed", "error_text", "explain", "is_loopback", "open_socket"]

_STATUS: Final = {
    401: "it wants an API key, or another one than it was given",
    403: "its firewall refused the request",
    404: "it has no such path",
    418: "it has banned this address for sending too much",
    429: "it has had too many requests from this address",
    451: "it is not available from this location",
}
_BANNED: Final = (418, 429)
_BAN_SECONDS: Final = 60.0  # where Binance names no time itself


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and the seconds to wait at least before the next."""

    cause: str
    retry_after: float = 0.0


class ProxyFailed(Exception):
    """A proxy is not there, does not want to, or cannot; the message is a sentence without credentials."""


class _UnresolvedError(OSError):
    # asyncio's own gaierror does not say which name was asked for.
    pass


async def open_socket(host: str, port: int, timeout: float) -> socket.socket:
    """Connect to a host, trying its addresses in turn.

    The socket is opened here and not by picows so that an attempt can be ended at any moment: picows gives
    no hold on a connection before its handshake is done, and would keep an abandoned one until its own timer.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        error: OSError | None = None
        for family, address in await _addresses(host, port):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await loop.sock_connect(sock, address)
            except OSError as failed:
                sock.close()
                error = failed
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise error if error is not None else _UnresolvedError(f"no address is known for {host}")


async def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    # A literal address needs no resolver, and so no thread of one.
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, (host, port))]
    try:
        found = await look_up(host, port)
    except (socket.gaierror, UnicodeError) as error:
        raise _UnresolvedError(f"no address is known for {host}: {error_text(error)}") from error
    return [(family, address) for family, _, _, _, address in found]


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or literal address alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def explain(error: Exception, place: str, timeout: float) -> Failure:
    """Return what a failed attempt means; `place` is host and port as the user knows them."""
    if isinstance(error, WSHandshakeError) and error.response is not None:
        return _refused(int(error.response.status), error.response.headers.get("Retry-After"), place)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(f"{place} has a TLS certificate that is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return Failure(f"{place} cannot be reached over TLS: {error_text(error)}")
    if isinstance(error, _UnresolvedError | ProxyFailed):
        return Failure(str(error))
    if isinstance(error, TimeoutError):
        return Failure(f"{place} did not answer within {timeout:g} s")
    if isinstance(error, ConnectionRefusedError):
        return Failure(f"{place} refuses connections")
    if isinstance(error, ConnectionError):
        return Failure(f"{place} closed the connection before the handshake was done")
    if isinstance(error, WSError):
        return Failure(f"{place} does not speak WebSocket as expected: {error_text(error)}")
    if isinstance(error, OSError):
        return Failure(f"{place} cannot be reached: {error_text(error)}")
    return Failure(f"unexpected {type(error).__name__}: {error_text(error)}")


def _refused(status: int, retry_after: str | None, place: str) -> Failure:
    known = _STATUS.get(status, "it has a problem of its own" if status >= 500 else "no reason is known")
    cause = f"{place} answered the WebSocket handshake with HTTP status {status}: {known}"
    if status not in _BANNED:
        return Failure(cause)
    # Binance lengthens a ban for those who come back too early.
    seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else _BAN_SECONDS
    return Failure(f"{cause}; next attempt in {seconds:g} s", seconds)


def error_text(error: BaseException) -> str:
    """Return what an error says, without its number."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError | socket.gaierror):
        return os.strerror(error.errno) if error.errno > 0 else str(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
