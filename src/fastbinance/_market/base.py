"""What the stream methods need of the client that they are mixed into."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from fastbinance._core.book import BookBase
from fastbinance._io.dispatch import EventQueue
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.keys import WsKey
from fastbinance.streams import Stream

if TYPE_CHECKING:
    from fastbinance.rings import AnyRing

__all__ = ["Wanting"]


class Wanting(ABC):
    """Declares wishes; a client says how."""

    @abstractmethod
    def _place(self, stream: Stream, named: WsKey) -> WsKey:
        """Return the service after routing; raise ConfigurationError when it cannot have the stream."""

    @abstractmethod
    def _want(
        self,
        stream: Stream,
        capacity: int | None = None,
        level_capacity: int | None = None,
        *,
        named: WsKey | None = None,
    ) -> Any:
        """Declare a wish; return its ring, of the class for its kind, or None for a stream without one."""

    @abstractmethod
    def _want_book(self, stream: Stream, quotes: Stream | None, request: SnapshotRequest | None) -> Any:
        """Declare the wishes of an order book; return it. `request` is for its snapshots, if it has any."""

    @abstractmethod
    def _listen(self, stream: Stream) -> EventQueue:
        """Declare a wish for a stream without a ring; return a queue of its events alone."""

    @abstractmethod
    def _give_up(self, items: "list[tuple[Stream, WsKey] | AnyRing[Any, Any] | BookBase]") -> None:
        """Give up rings, order books, or streams of named services, after making sure that all are
        subscribed.
        """

    @abstractmethod
    def _set_raw(self, items: "list[tuple[Stream, WsKey] | AnyRing[Any, Any]]", enabled: bool) -> None:
        """Have the messages of rings or streams as events too, after making sure that all are subscribed."""
