"""What a client and its feed tell each other. Numbers are chosen by the client."""

from dataclasses import dataclass
from typing import Any

from fastbinance._accounts import AccountName
from fastbinance._client_options import Settings
from fastbinance._feed.handing_over import HandedCredentials, HandedTls
from fastbinance._io.wishes import WishState
from fastbinance._protocol.method import Product
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.errors import SubscriptionRejected, TransportError
from fastbinance.events import Event
from fastbinance.keys import WsKey
from fastbinance.streams import Stream
from fastbinance.user_events import UserEvent

__all__ = [
    "Abandon", "Add", "AddBook", "Answered", "BookTold", "Close", "Connect", "Emitted", "End", "EndUser",
    "Hello", "Interest", "LedgerTold", "Logged", "MethodNamed", "OpenUser", "Question", "Released", "Remove",
    "RemoveBook", "Reply", "Request", "RingMade", "SetOffset", "SetRaw",
    "Started", "Sync", "UserEnded", "UserOpened", "UserTold",
    "UserTrouble", "WishTold",
]  # fmt: skip


# -- from the client


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: what the feed is to be. `settings` are without secrets, which come beside it."""

    settings: Settings
    tls: HandedTls | None
    credentials: HandedCredentials | None
    log_level: int
    cpu: int | None
    spin: bool


@dataclass(frozen=True, slots=True)
class RingMade:
    """Where a ring's memory is, laid out by the client; `again`: another feed has written to it."""

    kind: int
    symbol: str | None
    capacity: int
    level_capacity: int
    symbol_capacity: int
    offset: int
    size: int
    again: bool


@dataclass(frozen=True, slots=True)
class Add:
    """Want a stream."""

    number: int
    stream: Stream
    named: WsKey
    ring: RingMade | None
    raw: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """Want it no more; `Released` follows."""

    number: int


@dataclass(frozen=True, slots=True)
class AddBook:
    """Keep an order book of a wish's ring, in memory laid out by the client; `again`: another feed has."""

    number: int
    wish: int
    request: SnapshotRequest | None
    rule: int
    places: int
    far_levels: int
    offset: int
    size: int
    again: bool


@dataclass(frozen=True, slots=True)
class RemoveBook:
    """Keep it no more; `Released` follows."""

    number: int


@dataclass(frozen=True, slots=True)
class SetRaw:
    """See `Pool.set_raw`."""

    number: int
    raw: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """See `Pool.connect`."""

    key: WsKey


@dataclass(frozen=True, slots=True)
class End:
    """See `Pool.end`; `Released` follows for each wish of it."""

    key: WsKey


@dataclass(frozen=True, slots=True)
class SetOffset:
    """See `ApiServices.set_offset`."""

    offset_ms: float | None


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events somebody listens to: of these kinds, of these streams, or all."""

    all: bool
    kinds: frozenset[str]
    streams: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MethodNamed:
    """A method by its name; `raw`: parameters and answer as they are, signed or not."""

    product: Product
    name: str
    raw: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class Request:
    """Send a request; `Answered` follows."""

    number: int
    key: WsKey
    method: MethodNamed
    params: dict[str, Any]
    timeout: float | None
    resolve: bool


@dataclass(frozen=True, slots=True)
class Abandon:
    """Nobody waits for the answer any more."""

    number: int


@dataclass(frozen=True, slots=True)
class OpenUser:
    """Have an account's events come, as `UserTold`."""

    number: int
    account: AccountName
    symbol: str | None
    credentials: HandedCredentials
    events: tuple[str, ...]
    reconciles: bool


@dataclass(frozen=True, slots=True)
class EndUser:
    """No more of them."""

    number: int


@dataclass(frozen=True, slots=True)
class Question:
    """Ask what only the feed knows; `Reply` follows. `name` is a method of `Pool`."""

    number: int
    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sync:
    """Say when all that was told before is done: `Reply` follows."""

    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """Say goodbye everywhere, within so many seconds, and end."""

    seconds: float


# -- from the feed


@dataclass(frozen=True, slots=True)
class Started:
    """The feed is there."""

    pid: int


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event."""

    event: Event


@dataclass(frozen=True, slots=True)
class WishTold:
    """How a wish is now."""

    number: int
    state: WishState
    error: SubscriptionRejected | None
    trouble: TransportError | None


@dataclass(frozen=True, slots=True)
class LedgerTold:
    """What happened to a stream: the name of a method of `Ledger`, and its arguments."""

    number: int
    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """Nobody writes to the ring of a wish any more."""

    number: int


@dataclass(frozen=True, slots=True)
class BookTold:
    """An order book has changed its state, or what keeps its snapshot from coming; empty: nothing does."""

    number: int
    trouble: str
    hopeless: Exception | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of a request."""

    number: int
    result: Any
    error: Exception | None


@dataclass(frozen=True, slots=True)
class UserOpened:
    """Whether an account's events will come, and else why not."""

    number: int
    error: Exception | None


@dataclass(frozen=True, slots=True)
class UserTold:
    """An event of an account, and the fields of it that we do not know, where there are more than before."""

    number: int
    event: UserEvent
    unknown_fields: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class UserTrouble:
    """What its last attempt to come has failed with; empty where nothing is wrong."""

    number: int
    trouble: str


@dataclass(frozen=True, slots=True)
class UserEnded:
    """No more events come, and why."""

    number: int
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a question."""

    number: int
    result: Any
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for the log."""

    logger: str
    level: int
    text: str
