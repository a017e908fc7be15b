"""From streams to connections: which connection carries what, and when one more is needed."""

import asyncio
from collections.abc import Callable
from random import Random

from fastbinance._io.api_pool import ApiServices, takes_requests
from fastbinance._io.books import BookLike, Books, Told
from fastbinance._io.drifts import merged
from fastbinance._io.group import Emit, Group
from fastbinance._io.moves import Moves
from fastbinance._io.options import ConnectBudget, ConnectionOptions, budget_for
from fastbinance._io.places import Place, Places
from fastbinance._io.session import FeedFactory
from fastbinance._io.stats import ConnectionStats
from fastbinance._io.user_pool import UserStreams
from fastbinance._io.wishes import RingLike, Wish
from fastbinance._protocol.signing import Signer
from fastbinance._protocol.snapshots import SnapshotRequest
from fastbinance._protocol.spreading import Spreader
from fastbinance.answers import OrderPlaced
from fastbinance.drift import Drift
from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment, TimeUnit, Urls, WsKey, describe, key_for, limits
from fastbinance.streams import Stream

__all__ = ["Pool"]


class Pool:
    """The connections of one client.

    Made and called on the thread of one running event loop, except where a method says otherwise. `add`,
    `remove` and `stats` return at once; connecting, subscribing and retrying happen behind them.

    Parameters
    ----------
    feed_factory
        ``feed_factory(handler, ws_key, line)`` makes the listener of each attempt; see `session.Feed`.
    emit
        Takes every event, on the loop's thread; `dispatch.EventHub.publish`.
    env, market_maker, urls, time_unit
        Where Binance is, and what it is asked for; `urls` as `keys.check_urls` returns them.
    options
        See `ConnectionOptions`.
    budget
        Connection attempts; by default `budget_for` the options.
    on_sample
        The loop's time every `ConnectionOptions.sample_every` seconds, after the rings were looked at.
    rng
        Source of the jitter.
    make_apis
        ``make_apis(options, budget)`` makes what sends requests; None sends none.
    make_users
        ``make_users(options, budget, apis)`` makes what has user data, with the first account; None has none.
    """

    def __init__(
        self,
        *,
        feed_factory: FeedFactory,
        emit: Emit,
        env: Environment = "prod",
        market_maker: bool = False,
        urls: Urls | None = None,
        time_unit: TimeUnit = "millisecond",
        options: ConnectionOptions | None = None,
        budget: ConnectBudget | None = None,
        on_sample: Callable[[float], object] | None = None,
        rng: Random | None = None,
        make_apis: Callable[[ConnectionOptions, ConnectBudget], ApiServices] | None = None,
        make_users: Callable[[ConnectionOptions, ConnectBudget, ApiServices], UserStreams] | None = None,
    ) -> None:
        self._feed_factory = feed_factory
        self._emit = emit
        self._options = ConnectionOptions() if options is None else options
        self.places = Places(env, market_maker, urls, time_unit, self._options)
        self._budget = budget_for(self._options) if budget is None else budget
        self._apis = None if make_apis is None else make_apis(self._options, self._budget)
        self._make_users = make_users
        self._users: UserStreams | None = None
        self._books: Books | None = None
        #: Called when a book has changed; see `Books`.
        self.book_told: Told = lambda book, trouble, hopeless: None
        self._on_sample = on_sample
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._groups: dict[Place, list[Group]] = {}
        self._wishes: dict[tuple[Place, str], tuple[Group, Wish]] = {}
        self._keys: dict[Wish, tuple[Place, str]] = {}
        self._moves: dict[Place, Moves] = {}
        self._next_spread = self._loop.time() + self._options.spread_every
        self._endings: set[asyncio.Task[None]] = set()
        self._ended_drifts: tuple[Drift, ...] = ()
        self._closed = False
        self._next_sample = self._loop.time() + self._options.sample_every
        self._sampler = self._loop.call_at(self._next_sample, self._sample)

    def place(self, stream: Stream, named: WsKey | None = None) -> Place:
        """See `Places.of_stream`; may be called on any thread."""
        return self.places.of_stream(stream, named)

    def add(self, stream: Stream, ring: RingLike | None = None, *, named: WsKey | None = None) -> Wish:
        """Want a stream; return its wish at once.

        A stream that is wanted already keeps its wish; a ring given now feeds from it and its messages are no
        events any more. A wish that had failed is replaced, and asked for again.

        Raises
        ------
        ConfigurationError
            See `place`; or the stream feeds another ring, its name is too long, or the pool is closed.
        """
        if self._closed:
            raise ConfigurationError(f"the client is closed; {stream.name} cannot be subscribed to")
        place = self.place(stream, named)
        key = key_for(stream.market, stream.format) if named is None else named
        known = self._wishes.get((place, stream.name))
        if known is not None and not known[1].final:
            wish = known[1]
            if ring is not None and ring is not wish.ring:
                if wish.ring is not None:
                    raise ConfigurationError(f"{stream.name} on {place[0]} feeds a ring already")
                self._stay(wish).attach(wish, ring)
            return wish
        wish = Wish(stream, place[0], ring)
        group = self._group_for(place, stream, key)
        group.want(wish)
        group.start()
        if known is not None:
            self._keys.pop(known[1], None)
        self._wishes[place, stream.name] = (group, wish)
        self._keys[wish] = (place, stream.name)
        return wish

    def remove(self, wish: Wish) -> None:
        """Give a stream up; its ring gets no more records. Safe to repeat."""
        key = self._keys.pop(wish, None)
        if key is not None:
            group = self._stay(wish, key)
            del self._wishes[key]
            group.drop(wish)

    def set_raw(self, wish: Wish, raw: bool) -> None:
        """Have the messages of a stream as events too, or no more."""
        key = self._keys.get(wish)
        if key is not None:
            self._stay(wish).set_raw(wish, raw)

    @property
    def apis(self) -> ApiServices:
        """What sends requests."""
        if self._apis is None:
            raise AssertionError("this pool was made without what sends requests")
        return self._apis

    @property
    def users(self) -> UserStreams:
        """What has user data; made when it is first asked for."""
        if self._users is None:
            if self._make_users is None:
                raise AssertionError("this pool was made without what has user data")
            if self._closed:
                raise ConfigurationError("the client is closed; make a new one")
            self._users = self._make_users(self._options, self._budget, self.apis)
        return self._users

    def answered(self, answer: OrderPlaced, credentials: Signer | None) -> None:
        """Show the answer to an order on spot to who wants its fills."""
        if self._users is not None:
            self._users.answered(answer, credentials)

    def add_book(self, book: BookLike, wish: Wish, request: SnapshotRequest | None) -> None:
        """Keep an order book up to date; see `Books.add`."""
        if self._closed:
            raise ConfigurationError("the client is closed; make a new one")
        if self._books is None:
            self._books = Books(
                apis=self.apis,
                emit=self._emit,
                weight_a_minute=self._options.weight_a_minute,
                told=lambda *what: self.book_told(*what),
                rng=self._rng,
            )
        self._books.add(book, wish, request)

    def remove_book(self, book: BookLike) -> None:
        """Keep an order book no more. Safe to repeat."""
        if self._books is not None:
            self._books.remove(book)

    def connect(self, key: WsKey) -> None:
        """Connect to a service ahead of need; its connections stay without streams too, until `end`."""
        if self._closed:
            raise ConfigurationError(f"the client is closed; {key} cannot be connected to")
        if describe(key).carries == "ws_api":
            self.apis.connect(key)
            return
        for place in self.places.of_service(key):
            group = next(iter(self._groups.get(place, ())), None) or self._new_group(place, key)
            group.kept = True
            group.start()

    def end(self, key: WsKey) -> tuple[Wish, ...]:
        """Give up all streams of a service and close its connections; return what was wanted."""
        given_up: list[Wish] = []
        if self._users is not None:
            self._users.end_service(key)
        if takes_requests(key):
            self.apis.end(key)
            return ()
        if self.places.is_user_data(key):
            return ()
        for place in self.places.of_service(key):
            # Those that were refused too: no group has them any more.
            wishes = [wish for (other, _), (_, wish) in self._wishes.items() if other == place]
            for wish in wishes:
                self.remove(wish)
            given_up += wishes
            for group in tuple(self._groups.get(place, ())):
                self._end(place, group)
        return tuple(given_up)

    def replace(self, key: WsKey | None = None) -> int:
        """Replace connections by new ones, which deliver first; return how many that concerns."""
        if key is not None and takes_requests(key):
            return self.apis.replace(key)
        streams = 0 if self._users is None else self._users.replace(key)
        if key is not None and self.places.is_user_data(key):
            return streams
        places = self._groups.keys() if key is None else self.places.of_service(key)
        streams += sum(group.replace() for place in tuple(places) for group in self._groups.get(place, ()))
        return streams + (self._apis.replace() if key is None and self._apis is not None else 0)

    def is_connected(self, key: WsKey) -> bool:
        """Tell whether every route of a service has a connection that is up, or user data that it brings."""
        if takes_requests(key):
            return self.apis.is_connected(key)
        if self._users is not None and self._users.is_connected(key):
            return True
        return not self.places.is_user_data(key) and all(
            any(group.is_up for group in self._groups.get(place, ())) for place in self.places.of_service(key)
        )

    def url(self, key: WsKey) -> str:
        """Return where a service is: of quotes and depth where it has two routes, of the first line.

        Of user data it is what there is without a listen key.
        """
        if takes_requests(key):
            return self.apis.url(key)
        if self.places.is_user_data(key):
            return self.places.of_user_data(key)[1]
        return self.places.of_service(key)[0][1]

    def wishes(self) -> tuple[Wish, ...]:
        """Return all wishes, the failed ones too, in the order in which they were made."""
        return tuple(wish for _, wish in self._wishes.values())

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Return what is known about each connection now."""
        streams = (stats for groups in self._groups.values() for group in groups for stats in group.stats())
        users = () if self._users is None else self._users.stats()
        return (*streams, *(() if self._apis is None else self._apis.stats()), *users)

    def drifts(self) -> tuple[Drift, ...]:
        """Return what has come that our tables do not know, of all connections there have been."""
        return merged(self._ended_drifts, *(stats.drifts for stats in self.stats()))

    async def close(self) -> None:
        """Give everything up and end all connections; nothing of the pool is left on the loop."""
        self._closed = True
        self._sampler.cancel()
        wishes, self._wishes = self._wishes, {}
        self._keys.clear()
        places, self._groups = self._groups, {}
        if self._books is not None:
            self._books.begin_close()
        for _, wish in wishes.values():
            wish.drop()
        ending = [group for groups in places.values() for group in groups]
        for group in ending:
            # Here and not in tasks, which a cancelled close would never run.
            group.begin_close()
        others: list[ApiServices | UserStreams | Books] = []
        # In this order: snapshots and subscriptions are on the connections of what comes behind.
        for other in (self._books, self._users, self._apis):
            if other is not None:
                other.begin_close()
                others.append(other)
        # Together: where there is no time left, all of them are told.
        await asyncio.gather(*(group.close() for group in ending), *(other.close() for other in others))
        while self._endings:
            await asyncio.wait(self._endings)

    def _group_for(self, place: Place, stream: Stream, named: WsKey) -> Group:
        groups = self._groups.get(place, [])
        for group in groups:
            # One that is still giving up this very stream takes it back, lest two carry it.
            if group.is_leaving_name(stream.name):
                return group
        moves = self._moves_of(place)
        chosen = moves.spreader.place(stream, moves.loads(groups, self._loop.time()))
        return self._new_group(place, named) if chosen is None else groups[chosen]

    def _moves_of(self, place: Place) -> Moves:
        if place not in self._moves:
            most = limits(place[0]).streams_per_connection
            self._moves[place] = Moves(Spreader(most, max_rate=self._options.spread_load))
        return self._moves[place]

    def _stay(self, wish: Wish, key: tuple[Place, str] | None = None) -> Group:
        """Return the group of a wish; where it is on its way to another, it stays."""
        key = self._keys[wish] if key is None else key
        source = self._moves_of(key[0]).cancel(wish)
        group = self._wishes[key][0] if source is None else source
        self._wishes[key] = (group, wish)
        return group

    def _spread(self, now: float) -> None:
        """Share streams out by what they bring, and end the moves that have arrived."""
        look = now >= self._next_spread
        if look:
            self._next_spread = now + self._options.spread_every
        for place, moves in tuple(self._moves.items()):
            for wish, group in moves.finish(now) if moves.going_on else ():
                if wish in self._keys:
                    self._wishes[self._keys[wish]] = (group, wish)
            groups = self._groups.get(place, [])
            if not look or not groups:
                continue
            fresh: Group | None = None
            for move in moves.plan(tuple(groups), now):
                source = groups[move.source]
                if move.target is not None:
                    target = groups[move.target]
                else:
                    target = fresh = fresh or self._new_group(place, place[0], source.urls)
                moves.begin(source.wishes[move.name], source, target)

    def _new_group(self, place: Place, named: WsKey, urls: tuple[str, ...] | None = None) -> Group:
        group = Group(
            place[0],
            self.places.urls_of(place, named) if urls is None else urls,
            feed_factory=self._feed_factory,
            emit=self._emit,
            budget=self._budget,
            options=self._options,
            rng=self._rng,
        )
        self._groups.setdefault(place, []).append(group)
        return group

    def _sample(self) -> None:
        now = self._loop.time()
        # Steps on a grid; where the loop was busy for longer, missed looks are not made up for. Armed first:
        # if one look fails, asyncio reports it, and the next one still comes.
        self._next_sample = max(self._next_sample + self._options.sample_every, now)
        self._sampler = self._loop.call_at(self._next_sample, self._sample)
        for place, groups in tuple(self._groups.items()):
            for group in tuple(groups):
                group.sample(now)
                if not group.wishes and not group.kept and now - group.idle_since >= self._options.linger:
                    self._end(place, group)
        self._spread(now)
        if self._books is not None:
            self._books.sample(now)
        if self._apis is not None:
            self._apis.sample()
        if self._users is not None:
            self._users.sample()
        if self._on_sample is not None:
            self._on_sample(now)

    def _end(self, place: Place, group: Group) -> None:
        self._groups[place].remove(group)
        if not self._groups[place]:
            del self._groups[place]
        self._ended_drifts = merged(self._ended_drifts, *(stats.drifts for stats in group.stats()))
        ending = self._loop.create_task(group.close(), name=f"fastbinance end of {group.ws_key}")
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
