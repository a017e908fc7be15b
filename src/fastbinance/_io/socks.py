"""The client's half of SOCKS, over a socket that is connected to the proxy.

Source: RFC 1928 and 1929 for version 5; for version 4, the protocol as its authors published it.
"""

import asyncio
import ipaddress
import socket
from typing import Final

__all__ = ["SocksError", "ask_socks4", "ask_socks5"]

_EVERYBODY, _BY_PASSWORD, _NOBODY = 0x00, 0x02, 0xFF
_GRANTED_4: Final = 0x5A

_REFUSALS_5: Final = {
    1: "it has a problem of its own",
    2: "its rules do not allow it",
    3: "it cannot reach that network",
    4: "it cannot reach that host",
    5: "the host refuses connections",
    6: "the connection took too long",
    7: "it does not know how to connect",
    8: "it does not know this kind of address",
}
_REFUSALS_4: Final = {
    0x5B: "it refused, or could not",
    0x5C: "it cannot ask this machine who the user is",
    0x5D: "this machine says that the user is another",
}
_ADDRESS_BYTES: Final = {1: 4, 4: 16}
_BY_NAME: Final = 3


class SocksError(Exception):
    """A proxy did not connect; the message says why, without credentials."""


async def ask_socks5(sock: socket.socket, host: str, port: int, user: str | None, password: str) -> None:
    """Have a SOCKS5 proxy connect; who fits into one byte of length is checked by the caller.

    Raises
    ------
    SocksError
        It did not.
    """
    loop = asyncio.get_running_loop()
    methods = bytes([_EVERYBODY] if user is None else [_EVERYBODY, _BY_PASSWORD])
    await loop.sock_sendall(sock, bytes([5, len(methods)]) + methods)
    version, method = await _read(sock, 2)
    if version != 5:
        raise SocksError("it does not answer as a SOCKS5 proxy does")
    if method == _BY_PASSWORD and user is not None:
        who = user.encode(), password.encode()
        await loop.sock_sendall(sock, b"\1" + b"".join(bytes([len(part)]) + part for part in who))
        if (await _read(sock, 2))[1] != 0:
            raise SocksError("it does not accept the user and password")
    elif method != _EVERYBODY:
        wants = "a user and a password" if user is None else "neither everybody nor a user with a password"
        raise SocksError(f"it wants {wants}")
    await loop.sock_sendall(sock, b"\5\1\0" + _address_5(host) + port.to_bytes(2, "big"))
    version, reply, _ = await _read(sock, 3)
    if version != 5:
        raise SocksError("it does not answer as a SOCKS5 proxy does")
    if reply != 0:
        raise SocksError(_REFUSALS_5.get(reply, f"it answered with code {reply}"))
    # Where it connects from is of no use, but would be taken for the first bytes of Binance.
    (kind,) = await _read(sock, 1)
    length = _ADDRESS_BYTES.get(kind)
    if length is None:
        (length,) = await _read(sock, 1)
    await _read(sock, length + 2)


async def ask_socks4(sock: socket.socket, address: str, port: int, user: str | None) -> None:
    """Have a SOCKS4 proxy connect to an IPv4 address.

    Raises
    ------
    SocksError
        It did not.
    """
    place = port.to_bytes(2, "big") + ipaddress.IPv4Address(address).packed
    request = b"\4\1" + place + (user or "").encode() + b"\0"
    await asyncio.get_running_loop().sock_sendall(sock, request)
    version, reply = (await _read(sock, 8))[:2]
    if version != 0:
        raise SocksError("it does not answer as a SOCKS4 proxy does")
    if reply != _GRANTED_4:
        raise SocksError(_REFUSALS_4.get(reply, f"it answered with code {reply}"))


def _address_5(host: str) -> bytes:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes([_BY_NAME, len(name)]) + name
    return bytes([1 if literal.version == 4 else 4]) + literal.packed


async def _read(sock: socket.socket, count: int) -> bytes:
    # Not one byte more: what follows is Binance's.
    data = b""
    while len(data) < count:
        block = await asyncio.get_running_loop().sock_recv(sock, count - len(data))
        if not block:
            raise SocksError("it closed the connection")
        data += block
    return data
