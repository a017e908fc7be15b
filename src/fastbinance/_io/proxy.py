"""A proxy on the way to Binance: what a user may write, and the tunnel through it.

The tunnel is dug here and not by picows, so that a silent proxy is given up and each failure has its
sentence. picows gets a connected socket, as it does without a proxy, and never sees the password.
"""

import asyncio
import base64
import socket
from dataclasses import dataclass, field
from typing import Final, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from fastbinance._io.sockets import (
    ProxyFailed,
    SourceFailed,
    addresses_of,
    error_text,
    is_loopback,
    open_socket,
)
from fastbinance._io.socks import SocksError, ask_socks4, ask_socks5
from fastbinance.errors import ConfigurationError

__all__ = ["Proxy", "in_the_clear", "open_tunnel", "parse_proxy"]

_SCHEMES: Final = ("http", "socks5", "socks4")
_LONGEST_ANSWER: Final = 64 * 1024
_LONGEST_CREDENTIAL: Final = 255  # SOCKS5 has one byte for the length


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that can be asked; ``str`` and ``repr`` have no user and no password.

    Attributes
    ----------
    scheme
        What it speaks: CONNECT of HTTP, or SOCKS.
    host, port
        Where it is.
    user, password
        Who asks, as text without percent signs; no user where the proxy lets in everybody.
    """

    scheme: Literal["http", "socks5", "socks4"]
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return _authority(self.host, self.port)


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy.

    Raises
    ------
    ConfigurationError
        It is none. Nothing of the URL is in the message: without its scheme, a user would look like one.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"proxy is a str, not {type(url).__name__}")
    trouble = _trouble_of_url(url)
    if trouble is None:
        parts = urlsplit(url)
        user = None if parts.username is None else unquote(parts.username)
        password = unquote(parts.password or "")
        trouble = _trouble_of_credentials(parts.scheme, user, password)
    if trouble is not None:
        raise ConfigurationError(
            'proxy is a URL such as "http://user:password@host:port" or "socks5://host:port";'
            f" this one {trouble}"
        )
    scheme = cast(Literal["http", "socks5", "socks4"], parts.scheme)
    return Proxy(scheme, parts.hostname or "", parts.port or 0, user, password)


def _trouble_of_url(url: str) -> str | None:
    if not url.isascii() or not url.isprintable() or " " in url:
        return "has white space or a sign beyond ASCII, which a URL has as %XX"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "has brackets that are not those of an IPv6 address"
    if parts.scheme not in _SCHEMES:
        return f"has not one of the schemes {', '.join(_SCHEMES)}"
    if not parts.hostname:
        return "has no host"
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        return "has no host that can be one"
    if not _port_of(parts):
        return "has no port; signs of a password such as / ? # are written as %XX"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "has something behind its port; signs of a password such as / ? # are written as %XX"
    return None


def _port_of(parts: SplitResult) -> int | None:
    # What `port` raises shows what stands there, which may be a password; it must not become the context
    # of our own error either.
    try:
        return parts.port
    except ValueError:
        return None


def _trouble_of_credentials(scheme: str, user: str | None, password: str) -> str | None:
    if user is None:
        return None
    if not user:
        return "has no user before its password"
    if scheme == "http":
        return "has a colon in its user, which HTTP would take for the end of it" if ":" in user else None
    if not (user + password).isascii() or "\0" in user + password:
        return "has a user or password that SOCKS cannot send: a sign beyond ASCII, or a zero"
    if max(len(user), len(password)) > _LONGEST_CREDENTIAL:
        return f"has a user or password of more than {_LONGEST_CREDENTIAL} signs"
    if scheme == "socks5" and not password:
        return "has a user without a password, which SOCKS5 cannot send"
    return None


def in_the_clear(url: str, proxy: Proxy | None) -> str | None:
    """Return who else could read what is sent to a URL: its host or the proxy; None where nobody could.

    With TLS that is nobody, and neither on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme in ("wss", "https"):
        return None
    if not is_loopback(parts.hostname or ""):
        return parts.hostname
    return None if proxy is None or is_loopback(proxy.host) else f"the proxy {proxy}"


async def open_tunnel(
    proxy: Proxy, host: str, port: int, timeout: float, source_address: str | None = None
) -> socket.socket:
    """Return a socket that is connected to a host through a proxy.

    Raises
    ------
    ProxyFailed
        The proxy is not there, does not want to, or cannot.
    SourceFailed
        This machine does not have the source address.
    OSError
        The host has no address that SOCKS4 takes.
    """
    try:
        sock = await _enter(proxy, timeout, source_address)
        try:
            async with asyncio.timeout(timeout):
                if proxy.scheme == "http":
                    await _ask_http(proxy, sock, _authority(host, port))
                else:
                    await _ask_socks(proxy, sock, host, port)
        except BaseException:
            sock.close()
            raise
    except TimeoutError as error:
        raise ProxyFailed(f"the proxy {proxy} did not answer within {timeout:g} s") from error
    except ConnectionError as error:
        raise ProxyFailed(f"the proxy {proxy} closed the connection before it had answered") from error
    return sock


async def _enter(proxy: Proxy, timeout: float, source_address: str | None) -> socket.socket:
    try:
        return await open_socket(proxy.host, proxy.port, timeout, source_address)
    except (TimeoutError, SourceFailed):
        raise
    except OSError as error:
        raise ProxyFailed(f"the proxy {proxy} cannot be reached: {error_text(error)}") from error


async def _ask_http(proxy: Proxy, sock: socket.socket, place: str) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, _connect_request(proxy, place))
    status, rest = await _read_status(proxy, sock)
    if status == 407 and proxy.user is None:
        raise ProxyFailed(f"the proxy {proxy} wants a user and a password: HTTP status 407", status)
    if status == 407:
        raise ProxyFailed(f"the proxy {proxy} does not accept the user and password: HTTP status 407", status)
    if not 200 <= status < 300:
        raise ProxyFailed(f"the proxy {proxy} refused to connect to {place}: HTTP status {status}", status)
    if rest:
        # Behind it are servers, which do not speak first.
        raise ProxyFailed(f"the proxy {proxy} sent more than an answer to CONNECT")


def _connect_request(proxy: Proxy, place: str) -> bytes:
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user is not None:
        secret = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    return "\r\n".join([*lines, "", ""]).encode()


async def _read_status(proxy: Proxy, sock: socket.socket) -> tuple[int, bytes]:
    """Read the head of an answer; return its status, and what came behind the head."""
    answer = b""
    # The head may come in pieces; what is left of one would be taken for the first bytes of Binance.
    while b"\r\n\r\n" not in answer:
        block = await asyncio.get_running_loop().sock_recv(sock, 4096)
        if not block:
            raise ConnectionResetError("closed without a whole answer")
        answer += block
        if len(answer) > _LONGEST_ANSWER:
            raise ProxyFailed(f"the proxy {proxy} does not answer as an HTTP proxy does")
    head, _, rest = answer.partition(b"\r\n\r\n")
    version, _, line = head.partition(b"\r\n")[0].partition(b" ")
    status = line[:3]
    if not version.startswith(b"HTTP/1.") or len(status) != 3 or not status.isdigit():
        raise ProxyFailed(f"the proxy {proxy} does not answer as an HTTP proxy does")
    return int(status), rest


async def _ask_socks(proxy: Proxy, sock: socket.socket, host: str, port: int) -> None:
    try:
        if proxy.scheme == "socks5":
            await ask_socks5(sock, host, port, proxy.user, proxy.password)
            return
        # SOCKS4 takes addresses only, so that this machine has to know the host.
        found = await addresses_of(host, port)
        address = next((place[0] for family, place in found if family == socket.AF_INET), None)
        if address is None:
            raise SocksError("SOCKS4 takes IPv4 addresses only, and the host has none")
        await ask_socks4(sock, address, port, proxy.user)
    except SocksError as error:
        place = _authority(host, port)
        raise ProxyFailed(f"the SOCKS proxy {proxy} did not connect to {place}: {error}") from error


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
