"""What the answers of every product have in common: their base, and those that are the same everywhere."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = [
    "UNREADABLE",
    "Answer",
    "Empty",
    "Level",
    "ListenKey",
    "Product",
    "RateLimitInfo",
    "Refusal",
    "Session",
]

Product: TypeAlias = Literal["spot", "usdm", "coinm"]

#: Price and quantity of one level of a book, as text.
Level: TypeAlias = tuple[str, str]

#: What decoding an answer can raise, whatever bytes there are: malformed JSON and wrong types are msgspec's,
#: text that is no UTF-8 and nesting without an end are not.
UNREADABLE: Final[tuple[type[Exception], ...]] = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Answer(msgspec.Struct, rename="camel", kw_only=True, repr_omit_defaults=True):
    """Base of what Binance sends as the ``result`` of a request.

    Names are Binance's in snake_case: the key of ``order_id`` is ``orderId``. The documentation of each
    attribute states the key where it is not the attribute's own name.

    Decimals are text, exactly as sent. Ids are `int`. Times are `int` in the unit of the connection:
    milliseconds since 1970, UTC, or microseconds where ``timeUnit=MICROSECOND`` was asked for (spot only).
    Keys that we do not know are passed over; an attribute is None where Binance left its key out.
    """


class Empty(Answer, kw_only=True):
    """An answer that says nothing but that the request has been carried out."""


class Refusal(Answer, kw_only=True):
    """A part of a request that Binance refused, while another part may have been carried out.

    Attributes
    ----------
    code : int
        Binance's error code, negative.
    msg : str
        What it means, in Binance's words.
    """

    code: int
    msg: str = ""


class RateLimitInfo(Answer, kw_only=True):
    """One limit, and where Binance tells it, how much of it is used.

    Attributes
    ----------
    rate_limit_type : str
        ``"REQUEST_WEIGHT"``, ``"ORDERS"``, ``"RAW_REQUESTS"`` or ``"CONNECTIONS"`` (``rateLimitType``).
    interval : str
        ``"SECOND"``, ``"MINUTE"``, ``"HOUR"`` or ``"DAY"``.
    interval_num : int
        How many of them the interval has (``intervalNum``).
    limit : int
        Most that is allowed in the interval.
    count : int or None
        What is used of it; None in `ExchangeInfo`.
    """

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int | None = None


class Session(Answer, kw_only=True):
    """What Binance knows about the connection: answer of ``session.logon``, ``.status`` and ``.logout``.

    Attributes
    ----------
    api_key : str or None
        Key that the connection is logged on with (``apiKey``); None where it is not. The repr does not show
        it.
    authorized_since : int or None
        Since when it is (``authorizedSince``).
    connected_since : int or None
        When the connection was made (``connectedSince``).
    return_rate_limits : bool or None
        Whether answers come with their rate limits (``returnRateLimits``).
    server_time : int or None
        Binance's clock (``serverTime``).
    user_data_stream : bool or None
        Whether a user data stream has been subscribed to (``userDataStream``); spot only.

    Source: Spot WebSocket API, "Authentication requests"; USD-M and COIN-M WebSocket API, "General Info".
    """

    api_key: str | None = None
    authorized_since: int | None = None
    connected_since: int | None = None
    return_rate_limits: bool | None = None
    server_time: int | None = None
    user_data_stream: bool | None = None

    def __repr__(self) -> str:
        return _repr_without(self, "api_key")


class ListenKey(Answer, kw_only=True):
    """Name of a user data stream of futures: answer of ``userDataStream.start`` and ``.ping``.

    Attributes
    ----------
    listen_key : str or None
        The name (``listenKey``); whoever has it reads the account's events. The repr does not show it. None
        in an answer to ``ping`` that leaves it out.

    Source: USD-M and COIN-M WebSocket API, "Start User Data Stream", "Keepalive User Data Stream".
    """

    listen_key: str | None = None

    def __repr__(self) -> str:
        return _repr_without(self, "listen_key")


def _repr_without(answer: Answer, secret: str) -> str:
    # Keys go into no log, and a repr is how they would get there.
    values = msgspec.structs.asdict(answer)
    told = [
        f"{name}={'...' if name == secret else repr(value)}"
        for name, value in values.items()
        if value is not None
    ]
    return f"{type(answer).__name__}({', '.join(told)})"
