"""The simulator: sockets on loopback, one port per Binance host."""

import asyncio
import hmac
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from picows import WSCloseCode, WSUpgradeRequest, WSUpgradeResponseWithListener

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Environment, Market, WsKey, limits
from fastbinance.sim.api.apis import Apis
from fastbinance.sim.api.limits import ApiLimits
from fastbinance.sim.api.switches import ApiSwitches
from fastbinance.sim.book_switches import BookSwitches
from fastbinance.sim.connection import Connection, Manners
from fastbinance.sim.control import Dialect
from fastbinance.sim.exchange import Exchange
from fastbinance.sim.faults import FaultSwitches
from fastbinance.sim.flood import Flood, flood
from fastbinance.sim.flow import LEVELS
from fastbinance.sim.happenings import Happenings
from fastbinance.sim.hosts import Host, Refusal, parse_target
from fastbinance.sim.listeners import Listeners, at_most
from fastbinance.sim.options import SimulatorOptions
from fastbinance.sim.publish import Publisher
from fastbinance.sim.replay import Player, Replay
from fastbinance.sim.rest.server import RestServers
from fastbinance.sim.rest.switches import RestSwitches
from fastbinance.sim.stats import Stats
from fastbinance.sim.stream_connection import StreamConnection
from fastbinance.sim.trading import SimAccount
from fastbinance.sim.user.keys import LISTEN_KEY_SECONDS, LISTEN_TOKEN_SECONDS
from fastbinance.sim.user.switches import UserSwitches

__all__ = ["Simulator", "SimulatorOptions"]

_MESSAGES_PER_SECOND: Final = 20.0
_BOOK_LEVELS: Final = range(20, 20_001)
_SHORTEST_NAP_SECONDS: Final = 0.001
_SHUTDOWN_SECONDS: Final = 2.0
# Pings and pongs, on the WS APIs of futures.
_CONTROL_FRAMES_PER_SECOND: Final = 5
_MARKETS: Final[tuple[Market, ...]] = ("spot", "usdm", "coinm", "options", "alpha")
_API_KEY_HEADER: Final = "X-MBX-APIKEY"
_BAD_KEY: Final = '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Simulator(FaultSwitches, ApiSwitches, RestSwitches, Happenings, BookSwitches):
    """A Binance on loopback. Use it as an async context manager; it serves while the block runs.

    Parameters
    ----------
    seed
        Decides the random markets: the same seed tells the same story of every symbol.
    host
        Address to listen on.
    ports
        First of consecutive ports, or a port by Binance host name; the rest, and by default all, are free
        ones.
    tls
        Serve ``wss`` with a certificate made at start; `ssl_context` trusts it.
    messages_per_second
        Mean rate of top-of-book updates of each symbol; 20 by default.
    replay
        Captures to play in the ``prod`` environment, by market; their markets do not trade at random.
    ping_interval, pong_timeout
        Seconds; by default Binance's, which differ by product.
    flat_errors
        Spell errors of control frames as documented instead of as seen on the wire.
    announce_stop
        Send ``serverShutdown`` to spot's connections before they are closed at the end.
    api_keys
        Keys that the SBE hosts let in; by default every key, but not none.
    lifetime
        Seconds after which a connection is closed, for Binance's 24 hours; by default never.
    message_limit
        Messages a second that a connection takes; by default Binance's, 5 on spot and 10 elsewhere.
    connects_limit
        Handshakes in so many seconds, over all hosts; those beyond get 429. Binance's would be (300, 300.0);
        by default there is none.
    clock
        Gives Unix milliseconds. With a clock of one's own, `step` tells the simulator that it has moved.
    clock_offset_ms
        How far the server's time is ahead of ``clock``, or behind it where it is negative.
    accounts
        Accounts of the WS APIs beside the one that is always there, of `API_KEY` and `API_SECRET`.
    api_limits
        Limits of the WS APIs in place of Binance's.
    listen_key_seconds, listen_token_seconds
        How long listen keys and tokens are good for; by default Binance's hour and day.
    book_levels
        Levels that a side of each book has about, from 20 to 20,000; fewer where prices are few.

    Raises
    ------
    ConfigurationError
        A rate, port or market that cannot be.
    OSError
        On entering the block: a port is taken.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        host: str = "127.0.0.1",
        ports: int | Mapping[str, int] | None = None,
        tls: bool = False,
        messages_per_second: float | None = None,
        replay: Mapping[Market, Replay] | None = None,
        ping_interval: float | None = None,
        pong_timeout: float | None = None,
        flat_errors: bool = False,
        announce_stop: bool = False,
        api_keys: Collection[str] | None = None,
        clock: Callable[[], int] | None = None,
        lifetime: float | None = None,
        message_limit: int | None = None,
        connects_limit: tuple[int, float] | None = None,
        clock_offset_ms: int = 0,
        accounts: Sequence[SimAccount] = (),
        api_limits: ApiLimits | None = None,
        listen_key_seconds: float = LISTEN_KEY_SECONDS,
        listen_token_seconds: float = LISTEN_TOKEN_SECONDS,
        book_levels: int = LEVELS,
    ) -> None:
        rate = _MESSAGES_PER_SECOND if messages_per_second is None else messages_per_second
        if not 0 < rate <= 100_000:
            raise ConfigurationError(f"messages_per_second is {rate}: it must be above 0 and at most 100000")
        for name, seconds in (
            ("ping_interval", ping_interval), ("pong_timeout", pong_timeout), ("lifetime", lifetime),
            ("listen_key_seconds", listen_key_seconds), ("listen_token_seconds", listen_token_seconds),
        ):  # fmt: skip
            if seconds is not None and seconds <= 0:
                raise ConfigurationError(f"{name} is {seconds}: it must be above 0 seconds")
        if message_limit is not None and message_limit < 1:
            raise ConfigurationError(f"message_limit is {message_limit}: it must be at least 1")
        if book_levels not in _BOOK_LEVELS:
            raise ConfigurationError(f"book_levels is {book_levels}: it is a number from 20 to 20000")
        replays = dict(replay or {})
        for market in replays:
            if market not in _MARKETS:
                raise ConfigurationError(f"{market!r} cannot be replayed: there are {', '.join(_MARKETS)}")
        super().__init__(connects_limit, seed)
        self.stats = Stats()
        self._listeners = Listeners(host, ports, tls=tls)
        self._clock = clock or _wall_clock_ms
        self._clock_offset_ms = clock_offset_ms
        self._ping_interval = ping_interval
        self._pong_timeout = pong_timeout
        self._lifetime = lifetime
        self._message_limit = message_limit
        self._flat_errors = flat_errors
        self._announce_stop = announce_stop
        self._api_keys = None if api_keys is None else [key.encode() for key in api_keys]
        self._seed = seed
        self._rate = rate
        self._book_levels = book_levels
        self._replays = replays
        self._publishers: dict[Environment, Publisher] = {}
        self._players: dict[Market, Player] = {}
        self._connections: dict[Connection, None] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._nap: asyncio.TimerHandle | None = None
        self._nap_until_ms = 0
        self._changed = asyncio.Event()
        self._apis = Apis(
            accounts,
            api_limits or {},
            seed=seed,
            clock_ms=self._clock_ms,
            stats=self.stats,
            key_seconds=listen_key_seconds,
            token_seconds=listen_token_seconds,
        )
        self._rest = RestServers(
            host,
            self._listeners.ports,
            self._listeners.server_context,
            services=self._apis.rest,
            stats=self.stats,
            on_answer=self._rest_answered,
        )
        #: User data: listen keys, rare events, events of one's own, faults.
        self.user = UserSwitches(self._apis, self._clock_ms, self._schedule)

    async def __aenter__(self) -> Self:
        """Open every port."""
        if self._listeners.urls:
            raise RuntimeError("this simulator is already running")
        self._build()
        try:
            await self._listeners.open(self._accept)
            await self._rest.open()
        except BaseException:
            await self._close()
            raise
        self._tasks = [asyncio.create_task(player.run()) for player in self._players.values()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Say goodbye to every connection and close every socket."""
        await self._close()

    @property
    def urls(self) -> dict[WsKey, str]:
        """Base URL of every key that is served, ready for a client's ``urls=``."""
        return self._listeners.urls

    @property
    def url_map(self) -> str:
        """The same for reading: a line per Binance host."""
        return self._listeners.url_map

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """A client's context that trusts the certificate made at start; None without ``tls``."""
        return self._listeners.client_context

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    def subscriptions(self, key: WsKey | str) -> list[tuple[str, ...]]:
        """Give the stream names, served or not, of each connection to the host of a key; oldest first."""
        return [connection.streams for connection in self._connections if WsKey(key) in connection.host.keys]

    def step(self) -> None:
        """Send whatever the clock has made due. It happens by itself while the clock is the wall's."""
        now_ms = self._clock_ms()
        for publisher in self._publishers.values():
            publisher.publish(now_ms)
        self._apis.step(now_ms)
        self._schedule()

    async def flood(
        self,
        payloads: Sequence[bytes],
        *,
        count: int,
        market: Market | None = None,
        stream: str | None = None,
        block_bytes: int = 64 * 1024,
    ) -> Flood:
        """Send ``count`` messages to each connection as fast as it reads, going round ``payloads``.

        The payloads go out as they are, without a wrapper.
        ``market`` and ``stream`` narrow the receivers to a market's connections and to a name's subscribers.
        """
        receivers = [
            connection
            for connection in self._connections
            if isinstance(connection, StreamConnection)
            and (market is None or connection.host.market == market)
            and (stream is None or stream in connection.streams)
        ]
        return await flood(receivers, payloads, count=count, block_bytes=block_bytes, stats=self.stats)

    def cut(self, key: WsKey | str | None = None) -> int:
        """Lose every connection, or those to the host of a key, without a close frame; gives their number."""
        return self._each(key, Connection.cut)

    async def wait_for(self, condition: Callable[["Simulator"], bool]) -> None:
        """Wait until a condition on connections, subscriptions or counters of REST holds.

        It is checked whenever a connection or what it is subscribed to changes, or REST has answered.
        """
        while not condition(self):
            self._changed.clear()
            await self._changed.wait()

    async def replayed(self, market: Market) -> None:
        """Wait for the end of a market's replay.

        Raises
        ------
        ConfigurationError
            Nothing is replayed on this market.
        """
        player = self._players.get(market)
        if player is None:
            raise ConfigurationError(f"nothing is replayed on {market!r}")
        await player.done.wait()

    def _build(self) -> None:
        self._publishers.clear()
        self._players.clear()
        environments: tuple[Environment, ...] = ("prod", "testnet")
        for environment in environments:
            exchange = Exchange(
                seed=self._seed,
                environment=environment,
                messages_per_second=self._rate,
                book_levels=self._book_levels,
            )
            replayed = frozenset(self._replays) if environment == "prod" else frozenset()
            on_join = self._joined if replayed else None
            self._publishers[environment] = Publisher(
                exchange, self.stats, replayed=replayed, on_join=on_join, disturber=self._disturber
            )
        for market, replay in self._replays.items():
            self._players[market] = Player(replay, market, self._publishers["prod"])
        self._apis.open({name: publisher.exchange for name, publisher in self._publishers.items()})

    def _clock_ms(self) -> int:
        return self._clock() + self._clock_offset_ms

    def _manners(self, host: Host) -> Manners:
        figures = limits(host.keys[0])
        is_api = host.service == "ws_api"
        messages: int | None = self._message_limit or int(figures.messages_per_second) if not is_api else None
        if is_api and host.market != "spot":
            messages = _CONTROL_FRAMES_PER_SECOND
        return Manners(
            messages_per_second=messages,
            ping_interval_seconds=self._ping_interval or figures.ping_interval_seconds,
            pong_timeout_seconds=self._pong_timeout or figures.pong_timeout_seconds,
            lifetime_seconds=self._lifetime,
            counts_texts=not is_api,
        )

    def _accept(self, host: Host, request: WSUpgradeRequest) -> Connection | WSUpgradeResponseWithListener:
        refused = self._refusal_of(host)
        if refused is not None and refused.status:
            return self._refuse(host, HTTPStatus(refused.status), refused.body, refused.headers)
        made = self._connection(host, request, hangs_up=refused is not None)
        if isinstance(made, Refusal):
            is_json = made.reason.startswith("{")
            headers = {"Content-Type": "application/json"} if is_json else None
            return self._refuse(host, made.status, made.reason.encode(), headers)
        self._note_attempt(host, 0 if refused is not None else HTTPStatus.SWITCHING_PROTOCOLS)
        self._burden(made)
        return made

    def _connection(self, host: Host, request: WSUpgradeRequest, *, hangs_up: bool) -> Connection | Refusal:
        path = request.path.decode("latin-1")
        if host.service == "ws_api":
            return self._apis.accept(
                host, path, manners=self._manners(host), on_change=self._connection_changed, hangs_up=hangs_up
            )
        target = parse_target(host, path)
        if isinstance(target, Refusal):
            return target
        if host.format == "sbe" and not self._lets_in(request.headers.get(_API_KEY_HEADER, "")):
            return Refusal(HTTPStatus.UNAUTHORIZED, _BAD_KEY)
        return StreamConnection(
            host,
            target,
            hangs_up=hangs_up,
            manners=self._manners(host),
            dialect=Dialect(
                closes_on_bad_request=host.market != "spot",
                flat_errors=self._flat_errors,
                most_streams=limits(host.keys[0]).streams_per_connection,
            ),
            publisher=self._publishers[host.environment],
            outlet=self._apis.outlet(host.environment),
            stats=self.stats,
            clock_ms=self._clock_ms,
            on_change=self._connection_changed,
        )

    def _lets_in(self, api_key: str) -> bool:
        if not api_key:
            return False
        if self._api_keys is None:
            return True
        # All are compared, each in a time that tells nothing: no key is found by trying.
        given = api_key.encode("utf-8", "surrogateescape")
        return sum(hmac.compare_digest(given, known) for known in self._api_keys) > 0

    def _connection_changed(self, connection: Connection) -> None:
        if connection.is_open:
            self._connections[connection] = None
        else:
            self._connections.pop(connection, None)
        self._changed.set()
        self._schedule()

    def _rest_answered(self) -> None:
        self._changed.set()
        self._schedule()

    def _joined(self, market: Market, name: str) -> None:
        for player in self._players.values():
            player.joined(market, name)

    def _schedule(self) -> None:
        dues = [publisher.exchange.due_ms for publisher in self._publishers.values()]
        dues.append(self._apis.due_ms(self._clock_ms()))
        due_ms = min((due for due in dues if due is not None), default=None)
        if self._nap is not None:
            if due_ms == self._nap_until_ms:
                return
            self._nap.cancel()
            self._nap = None
        if due_ms is not None:
            self._nap_until_ms = due_ms
            seconds = max(_SHORTEST_NAP_SECONDS, (due_ms - self._clock_ms()) / 1000)
            self._nap = asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._nap = None
        self.step()

    async def _close(self) -> None:
        if self._nap is not None:
            self._nap.cancel()
            self._nap = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._listeners.stop()
        if self._announce_stop:
            self.announce_shutdown()
        connections = list(self._connections)
        for connection in connections:
            connection.close(WSCloseCode.GOING_AWAY, "the simulator stops")
        await at_most(_SHUTDOWN_SECONDS, [connection.wait_closed() for connection in connections])
        await self._rest.close()
        await self._listeners.close()
        # Connections that just went away asked for another look at the clock.
        if self._nap is not None:
            self._nap.cancel()
            self._nap = None
