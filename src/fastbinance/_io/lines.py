"""The connections of a group, or of a WebSocket API: which one serves which line, and what is routed."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Final
from urllib.parse import urlsplit

from fastbinance._io.connection import Connection, ConnectionOwner, takes_streams_in_url
from fastbinance._io.mail import Mail
from fastbinance._io.options import ConnectBudget, ConnectionOptions
from fastbinance._io.session import Feed, FeedFactory
from fastbinance._io.telling import Telling
from fastbinance._io.wishes import Wish
from fastbinance._protocol.backoff import Backoff
from fastbinance._protocol.line import Line
from fastbinance.keys import WsKey, format_of, limits

__all__ = ["Lines"]

logger = logging.getLogger("fastbinance")

_MOST_MESSAGES: Final = 10.0


class Lines:
    """Makes lines with their connections, and has the connections do what lines decide.

    Made and called on the thread of a running event loop.

    Parameters
    ----------
    ws_key
        The service, after routing.
    owner
        Hears of every connection.
    telling
        Makes the events of what is no record.
    wishes
        The group's, by name; looked at as they change. A WebSocket API has none.
    feed_factory, budget, options, rng
        See `Group`.
    make_mail
        Makes what takes the messages of a line that are no records; `Mail` by default.
    """

    def __init__(
        self,
        ws_key: WsKey,
        owner: ConnectionOwner,
        telling: Telling,
        wishes: Mapping[str, Wish],
        *,
        feed_factory: FeedFactory,
        budget: ConnectBudget,
        options: ConnectionOptions,
        rng: Random,
        make_mail: Callable[[Line], Mail] | None = None,
    ) -> None:
        self._ws_key = ws_key
        self._owner = owner
        self._telling = telling
        self._wishes = wishes
        self._feed_factory = feed_factory
        self._budget = budget
        self._options = options
        self._rng = rng
        self._make_mail = self._mail if make_mail is None else make_mail
        self._loop = asyncio.get_running_loop()
        self._connections: dict[Line, Connection] = {}
        self._ending: set[Connection] = set()

    def make(self, number: int, url: str, now: float) -> Line:
        """Return a new line to a URL; it is not started."""
        options = self._options
        host = urlsplit(url).hostname or ""
        line = Line(
            number,
            self,
            # Where requests are counted by weight, the messages that are counted by the second are pongs.
            messages_per_second=min(limits(self._ws_key).messages_per_second, _MOST_MESSAGES),
            budget=lambda now: self._take(host),
            backoff=Backoff(base=options.backoff_base, cap=options.backoff_cap, rng=self._rng),
            now=now,
            stable_after=options.stable_after,
            answer_timeout=options.answer_timeout,
            ping_every=options.ping_interval,
            url_streams=takes_streams_in_url(url) and format_of(self._ws_key) == "json",
        )
        self._connections[line] = Connection(
            line,
            self._ws_key,
            url,
            owner=self._owner,
            mail=self._make_mail(line),
            feed_factory=self._feed_factory,
            options=options,
        )
        return line

    def roll_at(self, line: Line, now: float) -> float:
        """Return when a line that is open is to be replaced for its age."""
        wall = time.time()
        opened = wall - (now - line.opened_at)
        return now + (self._options.rollover.at(opened, self._rng) - wall)

    def __getitem__(self, line: Line) -> Connection:
        return self._connections[line]

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._connections.values()))

    @property
    def all(self) -> tuple[Line, ...]:
        """Every line that has not been forgotten."""
        return tuple(self._connections)

    def end(self, line: Line) -> None:
        """Forget a line that is closed; its connection may take a moment to end."""
        connection = self._connections.pop(line, None)
        if connection is not None and not connection.ended.is_set():
            self._ending.add(connection)

    def finished(self, connection: Connection) -> None:
        """Forget a connection of which nothing is left."""
        self._ending.discard(connection)

    def with_ending(self) -> set[Connection]:
        """Return all connections, those that are ending included."""
        return {*self._connections.values(), *self._ending}

    def arrivals(self, line: Line, names: Sequence[str]) -> list[int]:
        """Return how many messages of each stream have come since a line's connection opened."""
        return self._connections[line].arrivals(names)

    # -- routes

    def route(self, wish: Wish) -> None:
        """Publish a stream's records to its ring, where it has one, whatever connection they come on."""
        for connection in self._connections.values():
            if connection.feed is not None:
                _route(connection.feed, wish)

    def route_all(self, feed: Feed) -> None:
        """Route everything wanted on the feed of a new attempt."""
        for wish in self._wishes.values():
            _route(feed, wish)

    def unroute(self, wish: Wish) -> None:
        """Publish no more records of a stream."""
        for connection in self._connections.values():
            if wish.ring is not None and connection.feed is not None:
                connection.feed.remove_route(wish.name)

    def set_raw(self, wish: Wish) -> None:
        """Have a routed stream's messages as events too, or no more, as the wish says."""
        for connection in self._connections.values():
            if wish.ring is not None and connection.feed is not None:
                connection.feed.set_raw(wish.name, wish.raw)

    # -- LineDriver

    def dial(self, line: Line, in_url: tuple[str, ...], /) -> None:
        """See `LineDriver`."""
        self._connections[line].dial(in_url)

    def send(self, line: Line, frame: bytes, /) -> None:
        """See `LineDriver`."""
        self._connections[line].send(frame)

    def ping(self, line: Line, /) -> bool:
        """See `LineDriver`."""
        return self._connections[line].ping()

    def say_goodbye(self, line: Line, /) -> None:
        """See `LineDriver`."""
        self._connections[line].say_goodbye()

    def hang_up(self, line: Line, /) -> None:
        """See `LineDriver`."""
        self._connections[line].hang_up()

    # -- inside

    def _mail(self, line: Line) -> Mail:
        return Mail(self._ws_key, self._telling.of_line(line.number), self._wishes, self._loop.time)

    def _take(self, host: str) -> float:
        seconds = self._budget.take(host)
        if seconds > 0.0:
            logger.info(
                "%s: attempt put off by %.1f s: banned, or the limit of connects", self._ws_key, seconds
            )
        return seconds


def _route(feed: Feed, wish: Wish) -> None:
    """Tell a feed where a stream's records go, where it has any."""
    if wish.ring is not None:
        feed.add_route(wish.name, wish.ring)
        if wish.raw:
            feed.set_raw(wish.name, True)
