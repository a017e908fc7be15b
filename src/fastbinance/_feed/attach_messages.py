"""What a server and those who attach tell each other: data only, for neither trusts the other's process."""

from typing import Annotated, Any, Final, TypeAlias

import msgspec

from fastbinance._feed.channel import Codec
from fastbinance._io.wishes import WishState

__all__ = [
    "FROM_READER", "FROM_SERVER", "GiveUp", "Greeting", "LedgerTold", "Placed", "Refused", "Want", "Welcome",
    "WishTold",
]  # fmt: skip

# Bytes of the longest message: a name, or a sentence.
_LONGEST: Final = 64 * 1024


class Greeting(msgspec.Struct, frozen=True, tag=True):
    """The first message of who attaches."""

    version: str


class Want(msgspec.Struct, frozen=True, tag=True):
    """Ask for a stream by its name, on a service; `Placed` or `Refused` follows."""

    number: int
    name: str
    ws_key: str
    capacity: int | None
    level_capacity: int | None


class GiveUp(msgspec.Struct, frozen=True, tag=True):
    """Want it no more."""

    number: int


class Welcome(msgspec.Struct, frozen=True, tag=True):
    """The first message of the server; memory and bell come with it."""

    version: str
    pid: int
    env: str


class Placed(msgspec.Struct, frozen=True, tag=True):
    """Where the ring of a stream is."""

    number: int
    offset: Annotated[int, msgspec.Meta(ge=0)]
    size: Annotated[int, msgspec.Meta(ge=0)]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """There is none, and why."""

    number: int
    reason: str


class WishTold(msgspec.Struct, frozen=True, tag=True):
    """How a wish is now: `code` and `reason` of Binance's refusal, `trouble` of what it waits for."""

    number: int
    state: WishState
    code: int | None = None
    reason: str | None = None
    trouble: str | None = None


class LedgerTold(msgspec.Struct, frozen=True, tag=True):
    """What happened to a stream: the name of a method of `Ledger`, and its arguments."""

    number: int
    name: str
    args: tuple[int | str, ...]


_FromReader: TypeAlias = Greeting | Want | GiveUp
_FromServer: TypeAlias = Welcome | Placed | Refused | WishTold | LedgerTold

_encoder: Final = msgspec.msgpack.Encoder()


def _encode(message: Any) -> bytes:
    return _encoder.encode(message)


#: What comes from who attaches, and from a server; the messages to it are written alike.
FROM_READER: Final = Codec(_encode, msgspec.msgpack.Decoder(_FromReader).decode, _LONGEST)
FROM_SERVER: Final = Codec(_encode, msgspec.msgpack.Decoder(_FromServer).decode, _LONGEST)
