"""`attach`: read the rings of a feed that another process serves."""

from typing import TYPE_CHECKING, Any, Final, NoReturn

from fastbinance._blocking_client import BlockingClient
from fastbinance._core.segment import RingMemoryView
from fastbinance._feed.any_pool import AnyPool
from fastbinance._feed.attached_pool import AttachedPool, attach_to, only_market_data
from fastbinance._io.dispatch import Callback
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance.errors import ConfigurationError
from fastbinance.events import EventKind
from fastbinance.keys import WsKey
from fastbinance.rings import AnyRing
from fastbinance.streams import Stream

__all__ = ["Attached", "attach"]

# Of a `Client`, and not of who is attached.
_OF_CLIENTS: Final = frozenset({"coinm", "fills", "request", "spot", "usdm", "user_data"})


class Attached(BlockingClient):
    """The rings of a server in another process, to be read: the streams of `Client`, and nothing else of it.

    Made by `attach`. What is asked for and served already is there at once, with the history that is in its
    ring; what is not served yet is, if the server lets those who attach ask for more. The memory is mapped
    for reading only: no reader can harm the feed, or another reader.

    When the server ends, the rings end: readers finish, waits raise `StreamClosed`.
    """

    def __init__(self, name: str) -> None:
        self._attachment = attach_to(name)
        super().__init__(self._attachment.bell)
        self._start()

    @property
    def name(self) -> str:
        """The server's name."""
        return self._attachment.name

    @property
    def server_pid(self) -> int:
        """Number of the server's process."""
        return self._attachment.pid

    @property
    def served(self) -> tuple[tuple[str, str], ...]:
        """What is served now: names of the service and of the stream."""
        return tuple((place.ws_key, place.stream) for place in self._attachment.segment.rings())

    def on(self, kind: EventKind, callback: Callback) -> NoReturn:
        """Refused: an attached client has no events."""
        raise ConfigurationError(only_market_data(self.name))

    def events(self) -> NoReturn:
        """Refused: an attached client has no events."""
        raise ConfigurationError(only_market_data(self.name))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say why it has not got what a `Client` has."""
            if name in _OF_CLIENTS:
                raise AttributeError(f"{name} is not here: {only_market_data(self.name)}")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        what = "closed" if self._closed else f"{len(self._wanted)} streams"
        return f"<Attached to {self.name} of process {self.server_pid}: {what}>"

    def _make_pool(self) -> AnyPool:
        return AttachedPool(self._attachment, self._server_ended)

    def _make_ring(
        self, stream: Stream, named: WsKey, ws_key: WsKey, capacity: int | None, level_capacity: int | None
    ) -> AnyRing[Any, Any]:
        pool = self._start()
        if not isinstance(pool, AttachedPool):
            raise AssertionError("an attached client has a pool of another kind")
        memory = self._on_loop(lambda: pool.want(stream, named, capacity, level_capacity))
        try:
            return self._ring_in(memory, stream, ws_key, capacity, level_capacity)
        except BaseException:
            self._on_loop(lambda: pool.want_no_more(stream, named))
            raise

    def _ring_in(
        self,
        memory: RingMemoryView,
        stream: Stream,
        ws_key: WsKey,
        capacity: int | None,
        level_capacity: int | None,
    ) -> AnyRing[Any, Any]:
        kind, slots, levels, rows = memory.shape()
        if kind != stream.kind:
            raise ConfigurationError(f"the server {self.name!r} has another kind of ring for {stream.name}")
        ring = self._ring_type(stream)(
            kind,
            stream.name,
            ws_key.value,
            stream.ring_symbol,
            capacity=slots,
            level_capacity=levels,
            symbol_capacity=rows,
            bell=self._bell,
            memory=memory,
            writes=False,
            formats=False,
        )
        for what, wanted, there in (
            ("capacity", capacity, slots),
            ("level_capacity", level_capacity, levels),
        ):
            if wanted is not None and wanted != there:
                raise ConfigurationError(
                    f"{stream.name} of {self.name!r} has a ring of {what} {there}, not {wanted}: leave it out"
                )
        return ring

    def _want_book(self, stream: Stream, quotes: Stream | None, request: SnapshotRequest | None) -> NoReturn:
        raise ConfigurationError(
            f"the server {self.name!r} serves no order books: make them with a Client of your own"
        )

    def _server_ended(self, why: str) -> None:
        for _, ring in tuple(self._wanted.values()):
            if ring is not None:
                ring.end(why)


def attach(name: str) -> Attached:
    """Attach to a feed that another process serves: ``fastbinance serve --name NAME``.

    Parameters
    ----------
    name
        Which one.

    Returns
    -------
    Attached
        Has the methods of `Client` that give rings, `reader`, `wait_any` and `close`, and is a context
        manager like it.

    Raises
    ------
    ConfigurationError
        There is no such server (the message names those there are), it is another version's, or this user
        may not.

    Examples
    --------
    >>> with fastbinance.attach("desk") as desk:
    ...     quotes = desk.book_ticker("btcusdt")
    ...     quotes.ready(timeout=5)
    ...     print(quotes.last().bid_price)
    """
    return Attached(name)
