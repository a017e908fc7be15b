"""What an attached client has in place of a pool: streams of a server in another process, to be read."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

from fastbinance._core.segment import RingMemoryView, Segment, SharedBell
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
from fastbinance._feed.server_seat import ServerName
from fastbinance._io.places import Place
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.wishes import RingLike, Wish, WishState
from fastbinance._version import __version__
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError, ConnectionLost, SubscriptionRejected
from fastbinance.keys import Environment, WsKey, key_for, route
from fastbinance.streams import Stream

__all__ = ["AttachedPool", "Attachment", "attach_to", "only_market_data"]

_ANSWER_SECONDS: Final = 5.0
# Files that come with a welcome: memory and bell.
_FILES: Final = 2
_HEAD_BYTES: Final = 4096


class Attachment:
    """What a server gives to who attaches: its memory, read-only, its bell, and a socket to it."""

    def __init__(self, name: str, sock: socket.socket, welcome: Welcome, memory: int, bell: int) -> None:
        self.name: Final = name
        self.socket: Final = sock
        self.pid: Final = welcome.pid
        self.env: Final[Environment] = welcome.env  # type: ignore[assignment]
        self.segment: Final = Segment.attach(memory, writable=False)
        self.bell: Final = SharedBell(bell)


def only_market_data(name: str) -> str:
    """Return why something is refused that an attached client has not got."""
    return (
        f"this client is attached to {name!r} and reads its market data; connections and their events,"
        " requests and user data are for a Client of your own"
    )


def attach_to(name: str) -> Attachment:
    """Find a server by its name and be let in. Blocks for some milliseconds.

    Raises
    ------
    ConfigurationError
        There is no such server, it is another version's, or not for this user.
    """
    sock = ServerName.of(name).dial(_ANSWER_SECONDS)
    files: list[int] = []
    try:
        sock.sendall(FROM_READER.frame(Greeting(__version__)))
        head, files, _, _ = socket.recv_fds(sock, _HEAD_BYTES, _FILES)
        if not head:
            raise ConfigurationError(f"the server {name!r} has hung up: it is ending, or of another version")
        welcome = _welcome_in(name, head)
        if len(files) != _FILES:
            raise ConfigurationError(f"the server {name!r} has handed over no memory")
        return Attachment(name, sock, welcome, *files)
    except TimeoutError:
        sock.close()
        raise ConfigurationError(f"the server {name!r} does not answer") from None
    except OSError as error:
        sock.close()
        raise ConfigurationError(f"the server {name!r} cannot be attached to: {error}") from None
    except BaseException:
        sock.close()
        raise
    finally:
        for file in files:
            os.close(file)


def _welcome_in(name: str, head: bytes) -> Welcome:
    try:
        message = FROM_SERVER.decode(head[4:])
    except ValueError:
        message = None
    if not isinstance(message, Welcome) or int.from_bytes(head[:4], "big") != len(head) - 4:
        raise ConfigurationError(
            f"the server {name!r} does not speak this version's language, {__version__}: run one version"
        )
    return message


class _Refusing:
    """Stands for what only who owns the connections has."""

    def __init__(self, refuse: Callable[[], NoReturn]) -> None:
        self._refuse = refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()


class AttachedPool:
    """The streams of one attached client; see `Pool` for what its methods mean.

    Made and called on the thread of one running event loop.

    Parameters
    ----------
    attachment
        What the server gave.
    ended
        Called with a sentence when the server is gone.
    """

    def __init__(self, attachment: Attachment, ended: Callable[[str], object]) -> None:
        self._attachment = attachment
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._wishes: dict[int, Wish] = {}
        self._placed: dict[tuple[WsKey, str], Wish] = {}  # that are not added yet
        self._rings: dict[Wish, Any] = {}
        self._is_closing = False
        self._channel = Channel(attachment.socket, self._take, self._lost, codec=FROM_SERVER)
        self.apis: Any = _Refusing(self._refuse)
        self.users: Any = _Refusing(self._refuse)

    def place(self, stream: Stream, named: WsKey | None = None) -> Place:
        """Return the routed key of a stream; where it connects to is the server's affair."""
        key = key_for(stream.market, stream.format) if named is None else named
        return route(key, self._attachment.env, stream.part), ""

    def want(
        self, stream: Stream, named: WsKey, capacity: int | None, level_capacity: int | None
    ) -> RingMemoryView:
        """Ask for a stream, and return where its ring is.

        Raises
        ------
        ConfigurationError
            The server has not got it and does not serve more; it is gone; or the sizes are not those of the
            ring that there is.
        """
        if self._channel.is_over:
            raise ConfigurationError(self._gone)
        number, routed = next(self._numbers), self.place(stream, named)[0]
        # Before it is known whether there is one: how it is comes right behind where it is. And without the
        # ring, whose state is the server's to say.
        wish = self._wishes[number] = Wish(stream, routed)
        self._channel.send(Want(number, stream.name, named.value, capacity, level_capacity))
        answer = self._channel.wait_for(
            lambda message: isinstance(message, (Placed, Refused)) and message.number == number,
            _ANSWER_SECONDS,
        )
        if not isinstance(answer, Placed):
            self._let_go(wish)  # of what it may still come to place
            why = f"the server {self._attachment.name!r} has not answered"
            if self._channel.is_over:
                why = self._gone
            raise ConfigurationError(why if answer is None else answer.reason)
        self._placed[routed, stream.name] = wish
        try:
            return RingMemoryView(self._attachment.segment, answer.offset, answer.size)
        except BaseException:
            self.want_no_more(stream, named)
            raise

    def want_no_more(self, stream: Stream, named: WsKey) -> None:
        """Give up what `want` has placed, and nobody added."""
        wish = self._placed.pop((self.place(stream, named)[0], stream.name), None)
        if wish is not None:
            self._let_go(wish)

    def add(self, stream: Stream, ring: RingLike | None = None, *, named: WsKey | None = None) -> Wish:
        """Return the wish of a stream that `want` has placed.

        Raises
        ------
        ConfigurationError
            The stream has no ring, or the server is gone meanwhile.
        """
        if ring is None:
            raise ConfigurationError(
                f"{stream.name} has no ring, and rings are all that {self._attachment.name!r} serves: its"
                " messages are for a Client of your own"
            )
        wish = self._placed.pop((self.place(stream, named)[0], stream.name))
        if self._channel.is_over:
            self._let_go(wish)
            raise ConfigurationError(self._gone)
        self._rings[wish] = ring
        return wish

    def remove(self, wish: Wish) -> None:
        """See `Pool.remove`."""
        self._let_go(wish)
        wish.drop()

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return nothing: connections are the server's."""
        return ()

    def drifts(self) -> tuple[Drift, ...]:
        """Return nothing: what connections bring is seen by the server."""
        return ()

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """See `_refuse`."""
        self._refuse()

    def add_book(self, book: Any, wish: Wish, request: Any) -> None:
        """See `_refuse`."""
        self._refuse()

    def remove_book(self, book: Any) -> None:
        """Do nothing: there are none."""

    def connect(self, key: WsKey) -> None:
        """See `_refuse`."""
        self._refuse()

    def end(self, key: WsKey) -> tuple[Wish, ...]:
        """See `_refuse`."""
        self._refuse()

    def replace(self, key: WsKey | None = None) -> int:
        """See `_refuse`."""
        self._refuse()

    def is_connected(self, key: WsKey) -> bool:
        """See `_refuse`."""
        self._refuse()

    def url(self, key: WsKey) -> str:
        """See `_refuse`."""
        self._refuse()

    def answered(self, answer: Any, credentials: Any) -> None:
        """See `_refuse`."""
        self._refuse()

    async def close(self) -> None:
        """Let go of the server."""
        self._is_closing = True
        wishes = list(self._wishes.values())
        for wish in wishes:
            self._let_go(wish)
        self._channel.close()
        for wish in wishes:
            wish.drop()

    # -- inside

    @property
    def _gone(self) -> str:
        return (
            f"the server {self._attachment.name!r} (process {self._attachment.pid}) is gone: attach again"
            " when there is one"
        )

    def _let_go(self, wish: Wish) -> None:
        """Tell the server that a stream is not wanted, and look no more at memory that is not ours then."""
        ring = self._rings.pop(wish, None)
        if ring is not None and not self._channel.is_over:
            ring.let_go()  # before the server hears of it, and may have another ring there
        for number in [number for number, other in self._wishes.items() if other is wish]:
            del self._wishes[number]
            self._channel.send(GiveUp(number))

    def _refuse(self) -> NoReturn:
        raise ConfigurationError(only_market_data(self._attachment.name))

    def _take(self, message: Any) -> None:
        wish = self._wishes.get(message.number) if hasattr(message, "number") else None
        if wish is None:
            return
        if isinstance(message, WishTold):
            error = None
            if message.state is WishState.FAILED:
                error = SubscriptionRejected((wish.name,), message.code, message.reason or "")
            trouble = None
            if message.trouble is not None:
                trouble = ConnectionLost(str(wish.ws_key), None, message.trouble)
            wish.repeat(message.state, error, trouble)
        elif isinstance(message, LedgerTold) and message.name in _LEDGER:
            wish.history.repeat(message.name, message.args)

    def _lost(self) -> None:
        if self._is_closing:
            return
        now_ns = time.time_ns()
        why = f"the server {self._attachment.name!r} (process {self._attachment.pid}) is gone"
        for wish in self._wishes.values():
            if wish.state is WishState.CONFIRMED:
                wish.history.repeat("lost", (now_ns, "connection lost"))
        self._ended(why)


# What a server may say of a ledger.
_LEDGER: Final = frozenset({"restored", "lost", "stale", "fresh", "joined", "hole"})
