"""What a client is told by keyword: the options of both clients, checked and put in order."""

import datetime as dt
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from ssl import SSLContext
from typing import Any, Final, TypedDict

from fastbinance._io.headers import read_headers, read_subprotocols
from fastbinance._io.options import CONNECTS, ConnectionOptions
from fastbinance._io.proxy import parse_proxy
from fastbinance._protocol.rollover import ROLLOVER_AFTER, RolloverPlan
from fastbinance._protocol.shard import MOST_LINES
from fastbinance._rest_endpoints import RestProduct, check_rest_urls
from fastbinance.credentials import Credentials
from fastbinance.errors import ConfigurationError
from fastbinance.keys import ENVIRONMENTS, TIME_UNITS, Environment, TimeUnit, Urls, check_urls

__all__ = ["MOST_SLOTS", "ClientOptions", "Settings", "check_size", "read_options"]

MOST_SLOTS: Final = 1 << 24
_MOST_CONNECTS: Final = 1_000_000


class ClientOptions(TypedDict, total=False):
    """What both clients take, by keyword.

    Attributes
    ----------
    env
        ``"prod"``, ``"testnet"`` or ``"demo"``.
    market_maker
        Use the ``-mm`` hosts where Binance has them.
    urls
        Base URLs that override Binance's, by WsKey or market: ``{WsKey.MAIN: "ws://127.0.0.1:9000"}``.
    rest_urls
        Base URLs that override Binance's for the requests over HTTP that user data streams need, by product:
        ``{"usdm": "http://127.0.0.1:9100"}``; ``spot``, ``usdm``, ``coinm``, ``options`` and ``portfolio``.
    ssl_context
        For ``wss`` and ``https``; None verifies against the system's trusted certificates.
    capacity
        Slots of each ring, a power of two, where a method does not say otherwise.
    time_unit
        ``"microsecond"`` asks spot for times in microseconds; the other markets offer milliseconds only.
        Records have nanoseconds either way.
    api_key
        Text of an API key: for requests, together with `api_secret`; and for ``format="sbe"``, where Binance
        wants one in the handshake of binary streams, an Ed25519 key without any permission. It is sent to
        these services only and never shown.
    api_secret
        What signs requests: the secret of an HMAC key as text, or the PEM of an RSA or Ed25519 private key.
        Never sent and never shown.
    credentials
        `Credentials` instead of `api_key` and `api_secret`: for an encrypted PEM, or a signer of your own.
    recv_window
        Milliseconds in which Binance takes a signed request that names no recvWindow itself, up to 60,000;
        with up to three decimals as text or Decimal. None leaves it at Binance's 5,000.
    request_timeout
        Seconds for the answer to a request that names no timeout itself.
    time_offset
        Milliseconds that Binance's clock is ahead of this machine's, for those who know better than the
        answers that tell it; None measures.
    proxy
        URL of a proxy that every connection goes through: ``"http://host:port"`` or ``"socks5://host:port"``,
        also ``socks4``, with ``user:password@`` before the host where it wants them. They are never shown.
    headers
        Sent in the handshake of every connection, besides those that WebSocket wants, and with every request
        over HTTP. Their values are never shown.
    subprotocols
        Names that every handshake offers, the wanted one first. Binance chooses none.
    source_address
        Address of this machine, such as ``"192.0.2.7"``, that every connection comes from, the one to a proxy
        too.
    connects
        Attempts at a connection in five minutes, at least 2. Binance allows an address 300, which all clients
        of the process share; a client that names another number has that many of its own.
    lines
        How many connections carry each stream, 1 to 4: what one of them loses, another has brought. Spot's go
        to several of its hosts.
    ping_interval
        Seconds between PINGs of the client's own, at least 1; None, as it is, sends none: Binance counts each
        as a message, and what proves a stream alive are its data.
    rollover_after
        Seconds after which a connection is replaced by a new one; Binance ends it after 24 hours.
    rollover_window
        Beginning and end, as ``datetime.time`` in UTC, of the part of the day in which that shall happen.
    """

    env: Environment
    market_maker: bool
    urls: Urls | None
    rest_urls: Mapping[str, str] | None
    ssl_context: SSLContext | None
    capacity: int | None
    time_unit: TimeUnit
    api_key: str | None
    api_secret: str | bytes | None
    credentials: Credentials | None
    recv_window: int | str | Decimal | None
    request_timeout: float
    time_offset: float | None
    proxy: str | None
    headers: Mapping[str, str] | None
    subprotocols: Sequence[str]
    source_address: str | None
    connects: int
    lines: int
    ping_interval: float | None
    rollover_after: float
    rollover_window: tuple[dt.time, dt.time] | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a client, checked."""

    env: Environment
    market_maker: bool
    urls: Urls | None
    rest_urls: Mapping[RestProduct, str] | None
    capacity: int | None
    time_unit: TimeUnit
    connection: ConnectionOptions
    credentials: Credentials | None
    recv_window: int | str | None
    request_timeout: float
    time_offset: float | None


def read_options(
    *,
    env: Environment = "prod",
    market_maker: bool = False,
    urls: Urls | None = None,
    rest_urls: Mapping[str, str] | None = None,
    ssl_context: SSLContext | None = None,
    capacity: int | None = None,
    time_unit: TimeUnit = "millisecond",
    api_key: str | None = None,
    api_secret: str | bytes | None = None,
    credentials: Credentials | None = None,
    recv_window: int | str | Decimal | None = None,
    request_timeout: float = 10.0,
    time_offset: float | None = None,
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    source_address: str | None = None,
    connects: int = CONNECTS,
    lines: int = 1,
    ping_interval: float | None = None,
    rollover_after: float = ROLLOVER_AFTER,
    rollover_window: tuple[dt.time, dt.time] | None = None,
) -> Settings:
    """Check the options of a client; see `ClientOptions`.

    Raises
    ------
    ConfigurationError
        An option cannot be; the message names what can.
    """
    if env not in ENVIRONMENTS:
        raise ConfigurationError(f"env is one of {', '.join(map(repr, ENVIRONMENTS))}, not {env!r}")
    if urls is not None and not isinstance(urls, Mapping):
        raise ConfigurationError(
            f'urls maps services to URLs, such as {{"main": "ws://127.0.0.1:9000"}}, not {urls!r}'
        )
    if rest_urls is not None and not isinstance(rest_urls, Mapping):
        raise ConfigurationError(
            f'rest_urls maps products to URLs, such as {{"usdm": "http://127.0.0.1:9100"}}, not {rest_urls!r}'
        )
    if ssl_context is not None and not isinstance(ssl_context, SSLContext):
        raise ConfigurationError(f"ssl_context is an ssl.SSLContext, not {type(ssl_context).__name__}")
    check_size("capacity", capacity, 2, MOST_SLOTS)
    if time_unit not in TIME_UNITS:
        units = ", ".join(map(repr, TIME_UNITS))
        raise ConfigurationError(f"time_unit is one of {units}, not {time_unit!r}")
    _check_api_key(api_key)
    credentials = _credentials(credentials, api_key, api_secret)
    _check_number("request_timeout", request_timeout, "seconds above 0", 0.0, 1e6)
    if time_offset is not None:
        _check_number("time_offset", time_offset, "milliseconds, or None", -1e12, 1e12)
    _check_source_address(source_address)
    if not isinstance(connects, int) or isinstance(connects, bool) or not 2 <= connects <= _MOST_CONNECTS:
        raise ConfigurationError(
            f"connects is a number of attempts in five minutes from 2 to {_MOST_CONNECTS:,}, not {connects!r}"
        )
    if not isinstance(lines, int) or isinstance(lines, bool) or not 1 <= lines <= MOST_LINES:
        raise ConfigurationError(f"lines is a number from 1 to {MOST_LINES}, not {lines!r}")
    if ping_interval is not None and not (isinstance(ping_interval, (int, float)) and ping_interval >= 1.0):
        raise ConfigurationError(
            f"ping_interval is a number of seconds from 1, or None, not {ping_interval!r}"
        )
    if not isinstance(rollover_after, (int, float)) or isinstance(rollover_after, bool):
        raise ConfigurationError(f"rollover_after is a number of seconds above 0, not {rollover_after!r}")
    return Settings(
        env=env,
        market_maker=market_maker,
        urls=check_urls(urls) if urls is not None else None,
        rest_urls=check_rest_urls(rest_urls) if rest_urls is not None else None,
        capacity=capacity,
        time_unit=time_unit,
        connection=ConnectionOptions(
            ssl_context=ssl_context,
            api_key=api_key,
            proxy=None if proxy is None else parse_proxy(proxy),
            headers=read_headers(headers),
            subprotocols=read_subprotocols(subprotocols),
            source_address=source_address,
            connects=connects,
            lines=lines,
            ping_interval=ping_interval,
            rollover=RolloverPlan(float(rollover_after), _window(rollover_window)),
        ),
        credentials=credentials,
        recv_window=_recv_window(recv_window),
        request_timeout=float(request_timeout),
        time_offset=None if time_offset is None else float(time_offset),
    )


def check_size(name: str, size: int | None, least: int, most: int) -> None:
    """Raise ConfigurationError unless a size is None or a power of two within its bounds."""
    if size is None:
        return
    # bool is an int, and True would be a ring of one slot.
    good = isinstance(size, int) and not isinstance(size, bool) and least <= size <= most
    if not good or size & (size - 1):
        raise ConfigurationError(f"{name} is a power of two from {least:,} to {most:,}, not {size!r}")


def _credentials(
    credentials: Credentials | None, api_key: str | None, api_secret: str | bytes | None
) -> Credentials | None:
    """Return what signs requests, from either way of saying it."""
    if credentials is None:
        if api_secret is None:
            return None
        if api_key is None:
            raise ConfigurationError("api_secret= wants api_key= beside it")
        return Credentials(api_key, api_secret)
    if not isinstance(credentials, Credentials):
        raise ConfigurationError(f"credentials is a Credentials, not {type(credentials).__name__}")
    if api_secret is not None:
        raise ConfigurationError("give either credentials= or api_secret=, not both")
    return credentials


def _check_number(name: str, value: Any, what: str, least: float, most: float) -> None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and least < value < most
    if not good:
        raise ConfigurationError(f"{name} is a number of {what}, not {value!r}")


def _recv_window(window: Any) -> int | str | None:
    """Return a recvWindow as it is sent: milliseconds, up to 60,000 and with up to three decimals."""
    if window is None:
        return None
    try:
        if isinstance(window, (bool, float)) or not isinstance(window, (int, str, Decimal)):
            raise ValueError
        exact = Decimal(window)
        good = exact.is_finite() and 0 < exact <= 60_000 and exact == round(exact, 3)
    except (ValueError, ArithmeticError):
        good = False
    if not good:
        raise ConfigurationError(
            "recv_window is a number of milliseconds above 0 and up to 60000, with up to three decimals as"
            f" text or Decimal, not {window!r}"
        )
    return int(exact) if exact == int(exact) else f"{exact:f}"


def _window(window: Any) -> tuple[float, float] | None:
    """Return a part of the day in seconds from midnight."""
    if window is None:
        return None
    if (
        not isinstance(window, tuple)
        or len(window) != 2
        or not all(isinstance(moment, dt.time) for moment in window)
    ):
        raise ConfigurationError(
            f"rollover_window is a pair of datetime.time in UTC, such as (time(2), time(4)), not {window!r}"
        )
    if any(moment.tzinfo is not None and moment.utcoffset() != dt.timedelta(0) for moment in window):
        raise ConfigurationError(
            f"rollover_window is in UTC; {window!r} has another time zone, whose hours change with the date"
        )
    begin, end = ((m.hour * 60 + m.minute) * 60 + m.second + m.microsecond / 1e6 for m in window)
    return begin, end


def _check_source_address(address: str | None) -> None:
    if address is None:
        return
    try:
        literal = ipaddress.ip_address(address) if isinstance(address, str) else None
    except ValueError:
        literal = None
    if literal is None or literal.is_multicast or literal.is_unspecified:
        raise ConfigurationError(
            f'source_address is an address of this machine, such as "192.0.2.7", not {address!r}'
        )


def _check_api_key(key: str | None) -> None:
    """Refuse what cannot be an API key, without showing it: it goes into a line of HTTP."""
    if key is None:
        return
    if not isinstance(key, str):
        raise ConfigurationError(f"api_key is a str, not {type(key).__name__}")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            "api_key is empty, or has white space or a sign beyond ASCII, which no key has"
        )
