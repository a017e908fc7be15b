"""Reaching a host: the TCP socket, and one clear sentence for each way in which that can fail."""

import asyncio
import ipaddress
import os
import re
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import zip_longest
from typing import Any, Final, TypeAlias

import msgspec
from picows import WSError, WSHandshakeError

from fastbinance._io.resolver import look_up
from fastbinance.errors import ConnectFailed, FailureKind

__all__ = [
    "Failure",
    "ProxyFailed",
    "SourceFailed",
    "addresses_of",
    "error_text",
    "explain",
    "is_loopback",
    "open_socket",
    "status_meaning",
    "without",
]

#: Family of a socket, and what it connects to.
Address: TypeAlias = tuple[int, tuple[Any, ...]]

# Seconds before the next address of a host is tried too; RFC 8305 recommends them.
_HEAD_START: Final = 0.25

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
_LONGEST_BAN_SECONDS: Final = 3 * 86_400.0  # Binance's; who names more does not stop us for ever

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: |\r|$)")
_CHUNK_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r\n")
_BANNED_UNTIL: Final = re.compile(r"\bbanned until (\d{13})\b")
_KEPT_BYTES: Final = 512
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and the seconds to wait at least before the next; see `ConnectFailed`."""

    cause: str
    retry_after: float = 0.0
    kind: FailureKind = "other"
    status: int | None = None
    body: bytes = b""

    def as_error(self, ws_key: str, attempts: int) -> ConnectFailed:
        """Return what users are told of it."""
        return ConnectFailed(
            ws_key, attempts, self.cause, self.kind, self.status, self.body, self.retry_after
        )


class ProxyFailed(Exception):
    """A proxy is not there, does not want to, or cannot; the message is a sentence without credentials."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class SourceFailed(OSError):
    """The source address is none from which this machine can connect."""


class _UnresolvedError(OSError):
    # asyncio's own gaierror does not say which name was asked for.
    pass


class _Said(msgspec.Struct):
    # Binance's word about a refusal.
    code: int
    msg: str


async def open_socket(
    host: str, port: int, timeout: float, source_address: str | None = None
) -> socket.socket:
    """Connect to a host, by whichever of its addresses answers first.

    The socket is opened here and not by picows so that an attempt can be ended at any moment: picows gives
    no hold on a connection before its handshake is done, and would keep an abandoned one until its own timer.

    Raises
    ------
    SourceFailed
        This machine does not have the source address.
    OSError
        See `explain`.
    """
    async with asyncio.timeout(timeout):
        addresses = await addresses_of(host, port)
        if source_address is not None:
            family = _family_of(source_address)
            addresses = [address for address in addresses if address[0] == family]
            if not addresses:
                kind = "IPv4" if family == socket.AF_INET else "IPv6"
                raise _UnresolvedError(f"no address of {host} is {kind} as the source address is")
        if not addresses:
            raise _UnresolvedError(f"no address is known for {host}")
        if len(addresses) == 1:
            return await _connect(addresses[0], source_address)
        return await _connect_to_first(_in_turns(addresses), source_address)


async def _connect(address: Address, source_address: str | None) -> socket.socket:
    family, place = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if source_address is not None:
            try:
                sock.bind((source_address, 0))
            except OSError as error:
                raise SourceFailed(
                    f"this machine cannot connect from {source_address}: {error_text(error)}"
                ) from error
        await asyncio.get_running_loop().sock_connect(sock, place)
    except BaseException:
        sock.close()
        raise
    return sock


async def _connect_to_first(addresses: list[Address], source_address: str | None) -> socket.socket:
    """Try addresses one after the other; each has a head start, so that a silent one costs no attempt.

    Source: RFC 8305, "Happy Eyeballs Version 2", section 5.
    """
    attempts: list[asyncio.Task[socket.socket]] = []
    waiting: set[asyncio.Task[socket.socket]] = set()
    won: asyncio.Task[socket.socket] | None = None
    try:
        for address in addresses:
            attempts.append(asyncio.create_task(_connect(address, source_address)))
            waiting.add(attempts[-1])
            last = len(attempts) == len(addresses)
            while waiting and won is None:
                done, waiting = await asyncio.wait(
                    waiting, timeout=None if last else _HEAD_START, return_when=asyncio.FIRST_COMPLETED
                )
                won = next((task for task in done if task.exception() is None), None)
                if not last:
                    break
            if won is not None:
                return won.result()
        return attempts[-1].result()  # raises: none has won
    finally:
        losers = [task for task in attempts if task is not won]
        for task in losers:
            task.add_done_callback(_discard)
            task.cancel()
        if losers:
            await asyncio.wait(losers)


def _discard(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _in_turns(addresses: list[Address]) -> list[Address]:
    """Alternate between IPv6 and IPv4, in the resolver's order: one of them may lead nowhere at all."""
    preferred = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    pairs = zip_longest(preferred, others)
    return [address for pair in pairs for address in pair if address is not None]


def _family_of(literal: str) -> int:
    return socket.AF_INET if ipaddress.ip_address(literal).version == 4 else socket.AF_INET6


async def addresses_of(host: str, port: int) -> list[Address]:
    """Return family and address of a host, in the order in which the system prefers them, asked at each call.

    Raises
    ------
    OSError
        It has none; `explain` has a sentence for it.
    """
    # A literal address needs no resolver, and so no thread of one.
    try:
        return [(_family_of(host), (host, port))]
    except ValueError:
        pass
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


def explain(error: Exception, place: str, timeout: float, secrets: Collection[str] = ()) -> Failure:
    """Return what a failed attempt means.

    Parameters
    ----------
    error
        What the attempt raised.
    place
        Host and port as the user knows them.
    timeout
        Seconds that each step of the attempt had.
    secrets
        Texts that were sent; whoever echoes one does not get it into what is returned.
    """
    if isinstance(error, WSHandshakeError) and (status := _status_of(error)) is not None:
        return _refused(error, status, place, secrets)
    if isinstance(error, ProxyFailed):
        return Failure(str(error), kind="proxy", status=error.status)
    kind, cause = _kind_and_cause(error, place, timeout)
    return Failure(without(cause, secrets), kind=kind)


def _kind_and_cause(error: Exception, place: str, timeout: float) -> tuple[FailureKind, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", f"{place} has a TLS certificate that is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "tls", f"{place} cannot be reached over TLS: {error_text(error)}"
    if isinstance(error, _UnresolvedError):
        return "dns", str(error)
    if isinstance(error, SourceFailed):
        return "tcp", str(error)
    # asyncio says it so when a TLS handshake takes too long; what the system says has a number.
    silent_tls = isinstance(error, ConnectionAbortedError) and error.errno is None
    if isinstance(error, TimeoutError) or silent_tls:
        return "timeout", f"{place} did not answer within {timeout:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "tcp", f"{place} refuses connections"
    if isinstance(error, ConnectionError):
        return "tcp", f"{place} closed the connection before the handshake was done"
    if isinstance(error, WSError):
        return "protocol", f"{place} does not speak WebSocket as expected: {error_text(error)}"
    if isinstance(error, OSError):
        return "tcp", f"{place} cannot be reached: {error_text(error)}"
    return "other", f"unexpected {type(error).__name__}: {error_text(error)}"


def _status_of(error: WSHandshakeError) -> int | None:
    """Return the HTTP status of an answer that is one, and no upgrade."""
    # picows reads no status that Python has no name for; those of CDNs are among them.
    found = _STATUS_LINE.match(error.raw_header or b"")
    status = int(found[1]) if found is not None else None
    return None if status == HTTPStatus.SWITCHING_PROTOCOLS else status


def _refused(error: WSHandshakeError, status: int, place: str, secrets: Collection[str]) -> Failure:
    headers: Mapping[str, str] = {} if error.response is None else error.response.headers
    body = error.raw_body or b""
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        body = _joined_chunks(body)
    for secret in secrets:
        body = body.replace(secret.encode(), b"***")
    cause = f"{place} answered the WebSocket handshake with HTTP status {status}: {status_meaning(status)}"
    said = _read_body(body)
    if said is not None:
        text = "".join(sign if sign.isprintable() else " " for sign in said.msg[:_LONGEST_TEXT])
        cause += f'; it says "{text}" (code {said.code})'
    seconds = 0.0
    if status in _BANNED:
        seconds = _ban_seconds(headers.get("Retry-After"), "" if said is None else said.msg)
        cause += f"; next attempt in {seconds:g} s"
    return Failure(without(cause, secrets), seconds, "http", status, body[:_KEPT_BYTES])


def status_meaning(status: int) -> str:
    """Return what an HTTP status of Binance's means, as half a sentence."""
    return _STATUS.get(status, "it has a problem of its own" if status >= 500 else "no reason is known")


def _joined_chunks(body: bytes) -> bytes:
    # As far as they have come; what is broken ends it.
    joined = b""
    while match := _CHUNK_HEAD.match(body):
        size = int(match[1], 16)
        joined += body[match.end() : match.end() + size]
        body = body[match.end() + size + 2 :]
    return joined


def _read_body(body: bytes) -> _Said | None:
    try:
        return msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, RecursionError):
        return None  # a page of a firewall, or half of something


def _ban_seconds(retry_after: str | None, text: str) -> float:
    """Return how long Binance wants no attempt; it lengthens a ban for those who come back too early."""
    seconds = _BAN_SECONDS
    if retry_after is not None:
        seconds = _seconds_of(retry_after.strip())
    elif until := _BANNED_UNTIL.search(text):
        seconds = int(until[1]) / 1000.0 - time.time()
    return min(max(0.0, seconds), _LONGEST_BAN_SECONDS)


def _seconds_of(retry_after: str) -> float:
    # HTTP allows seconds and dates.
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    try:
        return parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return _BAN_SECONDS


def without(text: str, secrets: Collection[str]) -> str:
    """Return what somebody has said, with stars for what must not be seen."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def error_text(error: BaseException) -> str:
    """Return what an error says, without its number."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError | socket.gaierror):
        return os.strerror(error.errno) if error.errno > 0 else str(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
