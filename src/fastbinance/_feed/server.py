"""One feed for many readers in other processes: it owns the memory, they read it."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from fastbinance import streams
from fastbinance._client_options import Settings
from fastbinance._core.ring import RingBase
from fastbinance._core.segment import RING_CAPACITY, RingMemoryView, Segment, SharedBell
from fastbinance._feed.assembly import make_pool
from fastbinance._feed.attach_messages import (
    FROM_READER,
    FROM_SERVER,
    GiveUp,
    Greeting,
    LedgerTold,
    Placed,
    Refused,
    Want,
    Welcome,
    WishTold,
)
from fastbinance._feed.channel import Channel
from fastbinance._feed.server_seat import ServerName, ServerSeat
from fastbinance._feed.shapes import check_sizes, shape_of
from fastbinance._io.feed_thread import close_pool
from fastbinance._io.pool import Pool
from fastbinance._io.wishes import Wish, WishState
from fastbinance._version import __version__
from fastbinance.errors import ConfigurationError
from fastbinance.keys import WsKey, format_of, market_of, service
from fastbinance.streams import Stream

__all__ = ["Server"]

logger = logging.getLogger("fastbinance")

# Of a reader that reads nothing: far more than all there is to say of a thousand streams.
_MOST_UNSENT: Final = 4 * 1024 * 1024
# Of a reader: as many as there can be rings.
_MOST_WANTS: Final = RING_CAPACITY
_CLOSE_SECONDS: Final = 0.8
# Reserving them keeps the feed waiting, a hundredth of a second for so many.
_MOST_RING_BYTES: Final = 64 * 1024 * 1024
# After an attempt to let somebody in that the system has refused.
_PAUSE_SECONDS: Final = 1.0


def _nothing() -> None:
    """Stands for what has been done."""


@dataclass(slots=True)
class _Served:
    """One stream, its ring, and who wants it: None is the server itself."""

    wish: Wish
    ring: RingBase
    users: set["_Reader | None"] = field(default_factory=set)
    unwatch: Callable[[], object] = _nothing


class Server:
    """A feed and those who attach to it. Made, called and closed on the thread of one running event loop.

    Parameters
    ----------
    name
        What `attach` finds it by.
    settings
        Options of its connections.
    is_fixed
        Whether who attaches may read only what is served already.
    mode
        Permissions of the socket: who may attach.

    Raises
    ------
    ConfigurationError
        A server of this name runs; or the name cannot be.
    OSError, MemoryError
        No socket, or no memory.
    """

    def __init__(self, name: str, settings: Settings, *, is_fixed: bool = False, mode: int = 0o600) -> None:
        self.name: Final = name
        self.is_fixed: Final = is_fixed
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self.segment: Final = Segment.create(f"server {name}")
        self.segment.seal()
        self._bell = SharedBell(feeds=True)
        self._served: dict[tuple[WsKey, str], _Served] = {}
        self._readers: set[_Reader] = set()
        self._seat = ServerSeat(ServerName.of(name), mode)
        try:
            self._pool: Pool = make_pool(
                settings,
                bell=self._bell,
                emit=lambda event: None,
                hears=lambda kind: False,
                on_sample=self._sample,
            )
            self._accepts_again: asyncio.TimerHandle | None = None
            self._listen()
        except BaseException:
            self._seat.close()
            raise

    @property
    def readers(self) -> int:
        """How many are attached."""
        return len(self._readers)

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of what is served."""
        return tuple(name for _, name in self._served)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Names of the streams that have not brought a record yet."""
        return tuple(name for (_, name), served in self._served.items() if served.ring.cursor < 0)

    def serve(self, names: list[str], ws_key: WsKey | str | None = None) -> None:
        """Serve streams for as long as the server runs.

        Raises
        ------
        ConfigurationError
            There is no such stream or service.
        """
        key, parsed = _parse(names, ws_key)
        for stream in parsed:
            self.want(None, stream, key, None, None)

    async def close(self) -> None:
        """Tell all readers that it is over, and leave nothing behind."""
        if self._accepts_again is not None:
            self._accepts_again.cancel()
        self._loop.remove_reader(self._seat.listener.fileno())
        self._seat.close()
        self.segment.end()
        for reader in tuple(self._readers):
            reader.close()
        for served in self._served.values():
            served.ring.close()
        self._bell.wake_all()
        await close_pool(self._pool, time.monotonic() + _CLOSE_SECONDS)
        self._served.clear()

    # -- called by readers

    def want(
        self,
        reader: "_Reader | None",
        stream: Stream,
        named: WsKey,
        capacity: int | None,
        level_capacity: int | None,
    ) -> _Served:
        """Serve a stream to a reader, or to all."""
        if reader is not None and self._settings.urls and named not in self._settings.urls:
            there = ", ".join(str(key) for key in self._settings.urls)
            raise ConfigurationError(
                f"the server {self.name!r} is connected elsewhere than Binance for {there} only,"
                f" and would go to Binance for {named.value}"
            )
        place = (self._pool.place(stream, named)[0], stream.name)
        served = self._served.get(place)
        if served is None or served.wish.final:
            if reader is not None and self.is_fixed:
                there = ", ".join(self.streams[:5]) or "nothing"
                raise ConfigurationError(
                    f"the server {self.name!r} serves only what it was started with: {there}"
                )
            served = self._make(place, stream, named, capacity, level_capacity, reader is None)
        served.users.add(reader)
        return served

    def give_up(self, reader: "_Reader", served: _Served) -> None:
        """End a stream that nobody wants any more."""
        served.users.discard(reader)
        if not served.users:
            self._pool.remove(served.wish)
            served.ring.close()
            # What goes round in a circle keeps its memory until somebody collects it.
            unwatch, served.unwatch = served.unwatch, _nothing
            unwatch()
            for place in [place for place, other in self._served.items() if other is served]:
                del self._served[place]

    def gone(self, reader: "_Reader") -> None:
        """Forget a reader."""
        self._readers.discard(reader)

    def welcome(self, sock: socket.socket) -> None:
        """Hand memory and bell to a reader, read-only what is memory."""
        message = Welcome(__version__, os.getpid(), self._settings.env)
        frame = FROM_SERVER.frame(message)
        socket.send_fds(sock, [frame], [self.segment.fileno(), self._bell.fileno()])

    # -- inside

    def _make(
        self,
        place: tuple[WsKey, str],
        stream: Stream,
        named: WsKey,
        capacity: int | None,
        level_capacity: int | None,
        is_own: bool,
    ) -> _Served:
        check_sizes(capacity, level_capacity)
        shape = shape_of(stream, capacity, level_capacity, self._settings.capacity)
        if not is_own and shape.size > _MOST_RING_BYTES:
            raise ConfigurationError(
                f"a ring of {shape.size:,} bytes is more than who attaches may ask of a server,"
                f" {_MOST_RING_BYTES:,}: ask for a smaller capacity, or start the server with it"
            )
        ring = RingBase(
            int(stream.kind or 0),
            stream.name,
            place[0].value,
            stream.ring_symbol,
            capacity=shape.capacity,
            level_capacity=shape.level_capacity,
            symbol_capacity=shape.symbol_capacity,
            bell=self._bell,
            memory=RingMemoryView.allocate(
                self.segment, shape.size, place[0].value, stream.name, stream.ring_symbol
            ),
        )
        ring.sample(time.time_ns())  # else who reads cannot tell that we stand still before the first time
        wish = self._pool.add(stream, ring, named=named)
        served = self._served[place] = _Served(wish, ring)

        def told(name: str, args: tuple[Any, ...]) -> None:
            for reader in served.users:
                if reader is not None:
                    reader.ledger_told(served, name, args)

        def changed(wish: Wish) -> None:
            for reader in served.users:
                if reader is not None:
                    reader.wish_told(served)

        def unwatch() -> None:
            wish.history.told = None
            end()

        wish.history.told = told
        end = wish.watch(changed)
        served.unwatch = unwatch
        return served

    def _sample(self, now: float) -> None:
        now_ns = time.time_ns()
        self.segment.beat(now_ns)
        for served in self._served.values():
            served.ring.sample(now_ns)

    def _accept(self) -> None:
        try:
            sock, _ = self._seat.listener.accept()
        except BlockingIOError:
            return  # it has gone again
        except OSError as error:
            # No more open files, most likely: whoever comes waits until there are some, and we do not spin.
            logger.error("nobody can attach to %r for a second: %s", self.name, error)
            self._loop.remove_reader(self._seat.listener.fileno())
            self._accepts_again = self._loop.call_later(_PAUSE_SECONDS, self._listen)
            return
        self._readers.add(_Reader(self, sock))

    def _listen(self) -> None:
        self._loop.add_reader(self._seat.listener.fileno(), self._accept)


class _Reader:
    """One process that is attached."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self._server = server
        self._socket = sock
        self._is_welcome = False
        self._wants: dict[int, _Served] = {}
        self._channel = Channel(sock, self._take, self._ended, codec=FROM_READER, most_unsent=_MOST_UNSENT)

    def ledger_told(self, served: _Served, name: str, args: tuple[Any, ...]) -> None:
        """Tell what happened to a stream."""
        for number, own in self._wants.items():
            if own is served:
                self._channel.send(LedgerTold(number, name, args))

    def wish_told(self, served: _Served) -> None:
        """Tell how a wish is."""
        for number, own in self._wants.items():
            if own is served:
                self._tell_wish(number, served.wish)

    def close(self) -> None:
        """Let go of it."""
        self._channel.close()
        self._server.gone(self)

    def _take(self, message: Any) -> None:
        if not self._is_welcome:
            if not isinstance(message, Greeting):
                self._drop()
                return
            self._is_welcome = True
            try:
                self._server.welcome(self._socket)
            except OSError:
                self._drop()
        elif isinstance(message, Want):
            self._want(message)
        elif isinstance(message, GiveUp):
            served = self._wants.pop(message.number, None)
            if served is not None and served not in self._wants.values():
                self._server.give_up(self, served)

    def _want(self, message: Want) -> None:
        number = message.number
        if number in self._wants or len(self._wants) >= _MOST_WANTS:
            self._drop()  # no client of ours: nobody could give the first one up any more
            return
        try:
            key, (stream,) = _parse([message.name], message.ws_key)
            served = self._server.want(self, stream, key, message.capacity, message.level_capacity)
        except (ConfigurationError, MemoryError, OSError) as error:
            self._channel.send(Refused(number, str(error)))
            return
        memory = served.ring.shared_memory
        if memory is None:
            raise AssertionError(f"the ring of {message.name} is in no segment")
        self._wants[number] = served
        self._channel.send(Placed(number, memory.offset, memory.size))
        if served.wish.state is WishState.CONFIRMED:
            # What was before is not known to who comes late.
            self._channel.send(LedgerTold(number, "restored", (time.time_ns(),)))
        self._tell_wish(number, served.wish)

    def _tell_wish(self, number: int, wish: Wish) -> None:
        error, trouble = wish.error, wish.trouble
        self._channel.send(
            WishTold(
                number,
                wish.state,
                None if error is None else error.code,
                None if error is None else error.reason,
                None if trouble is None else str(trouble),
            )
        )

    def _drop(self) -> None:
        self._channel.close()
        self._ended()

    def _ended(self) -> None:
        wants, self._wants = self._wants, {}
        for served in {id(served): served for served in wants.values()}.values():
            self._server.give_up(self, served)
        self._server.gone(self)


def _parse(names: list[str], ws_key: WsKey | str | None) -> tuple[WsKey, list[Stream]]:
    key = service("spot" if ws_key is None else ws_key)
    market = market_of(key)
    if market is None:
        raise ConfigurationError(f"{key.value} carries no market streams")
    found = [streams.parse(name, market, True, format_of(key)) for name in names]
    for stream in found:
        if stream.kind is None:
            raise ConfigurationError(f"{stream.name} has no ring, and only rings are served")
    return key, found
