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

from python_socks import ProxyConnectionError, ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy

from fastbinance._io.sockets import ProxyFailed, error_text, open_socket
from fastbinance.errors import ConfigurationError

__all__ = ["Proxy", "open_tunnel", "parse_proxy"]

_SOCKS: Final = {"socks5": ProxyType.SOCKS5, "socks4": ProxyType.SOCKS4}
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
    if parts.scheme not in ("http", *_SOCKS):
        return f"has not one of the schemes http, {', '.join(_SOCKS)}"
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


async def open_tunnel(proxy: Proxy, host: str, port: int, timeout: float) -> socket.socket:
    """Return a socket that is connected to a host through a proxy.

    Raises
    ------
    ProxyFailed
        The proxy is not there, does not want to, or cannot.
    """
    try:
        if proxy.scheme == "http":
            return await _through_http(proxy, _authority(host, port), timeout)
        return await _through_socks(proxy, host, port, timeout)
    except TimeoutError as error:
        raise ProxyFailed(f"the proxy {proxy} did not answer within {timeout:g} s") from error
    except ConnectionError as error:
        raise ProxyFailed(f"the proxy {proxy} closed the connection before it had answered") from error


async def _through_http(proxy: Proxy, place: str, timeout: float) -> socket.socket:
    try:
        sock = await open_socket(proxy.host, proxy.port, timeout)
    except TimeoutError:
        raise
    except OSError as error:
        raise _unreachable(proxy, error) from error
    try:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_sendall(sock, _connect_request(proxy, place))
            status, rest = await _read_status(proxy, sock)
        if status == 407 and proxy.user is None:
            raise ProxyFailed(f"the proxy {proxy} wants a user and a password: HTTP status 407", status)
        if status == 407:
            raise ProxyFailed(
                f"the proxy {proxy} does not accept the user and password: HTTP status 407", status
            )
        if not 200 <= status < 300:
            raise ProxyFailed(
                f"the proxy {proxy} refused to connect to {place}: HTTP status {status}", status
            )
        if rest:
            # Behind it are servers, which do not speak first.
            raise ProxyFailed(f"the proxy {proxy} sent more than an answer to CONNECT")
    except BaseException:
        sock.close()
        raise
    return sock


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


async def _through_socks(proxy: Proxy, host: str, port: int, timeout: float) -> socket.socket:
    asked = SocksProxy(_SOCKS[proxy.scheme], proxy.host, proxy.port, proxy.user, proxy.password)
    try:
        return await asked.connect(host, port, timeout=timeout)
    except ProxyConnectionError as error:
        cause = error.__cause__
        raise _unreachable(proxy, cause if isinstance(cause, OSError) else error) from error
    except ProxyError as error:
        place = _authority(host, port)
        raise ProxyFailed(
            f"the SOCKS proxy {proxy} did not connect to {place}: {error_text(error)}"
        ) from error
    except socket.gaierror as error:
        # SOCKS4 takes addresses only, so that this machine has to know the host.
        raise ProxyFailed(f"no address is known for {host}: {error_text(error)}") from error


def _unreachable(proxy: Proxy, error: OSError) -> ProxyFailed:
    return ProxyFailed(f"the proxy {proxy} cannot be reached: {error_text(error)}")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
