"""A simulator beside synchronous code: a thread with a loop of its own."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar, Unpack

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment, Format, Market, WsKey
from fastbinance.sim.flood import Flood
from fastbinance.sim.remote import RemoteSwitches
from fastbinance.sim.server import Simulator, SimulatorOptions
from fastbinance.sim.stats import Stats
from fastbinance.sim.user.remote import RemoteUser
from fastbinance.sim.user.switches import UserSwitches

__all__ = ["RunningSimulator", "run_in_thread"]

T = TypeVar("T")

_CALL_SECONDS: Final = 60.0
_JOIN_SECONDS: Final = 10.0


class RunningSimulator(RemoteSwitches):
    """A simulator that runs in another thread. Every method is safe to call from any thread.

    Made by `run_in_thread`, not by hand.
    """

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self._simulator = simulator
        self._loop = loop
        #: Base URL of every key that is served, ready for a client's ``urls=``.
        self.urls: dict[WsKey, str] = simulator.urls
        #: Base URL of every product's REST in production, ready for a client's ``rest_urls=``.
        self.rest_urls: dict[RestProduct, str] = simulator.rest_urls
        #: `urls` for reading.
        self.url_map: str = simulator.url_map
        #: The URLs of REST for reading.
        self.rest_url_map: str = simulator.rest_url_map
        #: A client's context that trusts the certificate; None without ``tls``.
        self.ssl_context: ssl.SSLContext | None = simulator.ssl_context
        #: Counters; they go on counting.
        self.stats: Stats = simulator.stats
        #: User data: listen keys, rare events, events of one's own, faults.
        self.user = RemoteUser(self._call_user)

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self._simulator.connections

    def call(self, function: Callable[[Simulator], T]) -> T:
        """Run a function in the simulator's thread and give its result."""

        async def run() -> T:
            return function(self._simulator)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_CALL_SECONDS)

    def _call_user(self, function: Callable[[UserSwitches], T]) -> T:
        return self.call(lambda simulator: function(simulator.user))

    def wait(self, function: Callable[[Simulator], Awaitable[T]], timeout: float = _CALL_SECONDS) -> T:
        """Run a coroutine function in the simulator's thread and wait for its result.

        Raises
        ------
        TimeoutError
            It took longer than ``timeout`` seconds; it is cancelled.
        """

        async def run() -> T:
            return await asyncio.wait_for(function(self._simulator), timeout)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def wait_for(self, condition: Callable[[Simulator], bool], timeout: float = _CALL_SECONDS) -> None:
        """Wait until a condition on connections, subscriptions or counters of REST holds."""
        self.wait(lambda simulator: simulator.wait_for(condition), timeout)

    def subscriptions(self, key: WsKey | str) -> list[tuple[str, ...]]:
        """Give the stream names of each connection to the host of a key."""
        return self.call(lambda simulator: simulator.subscriptions(key))

    def snapshot(
        self, market: Market, symbol: str, limit: int = 1000, *, environment: Environment = "prod"
    ) -> bytes:
        """Give the body of a REST depth request."""
        return self.call(lambda simulator: simulator.snapshot(market, symbol, limit, environment=environment))

    def send(
        self,
        market: Market,
        stream: str,
        payload: bytes,
        *,
        environment: Environment = "prod",
        format: Format = "json",
    ) -> int:
        """Send a payload of your own to the subscribers of a stream."""
        return self.call(
            lambda simulator: simulator.send(market, stream, payload, environment=environment, format=format)
        )

    def block_trade(self, symbol: str, *, environment: Environment = "prod") -> int:
        """Have a block trade on spot now."""
        return self.call(lambda simulator: simulator.block_trade(symbol, environment=environment))

    def force_order(self, symbol: str, market: Market = "usdm", *, environment: Environment = "prod") -> int:
        """Have a liquidation on USD-M or COIN-M now."""
        return self.call(lambda simulator: simulator.force_order(symbol, market, environment=environment))

    def contract_info(
        self, symbol: str, market: Market = "usdm", *, environment: Environment = "prod"
    ) -> int:
        """Tell news of a contract of USD-M or COIN-M now."""
        return self.call(lambda simulator: simulator.contract_info(symbol, market, environment=environment))

    def option_symbol(self, symbol: str) -> int:
        """Tell now that an option is listed."""
        return self.call(lambda simulator: simulator.option_symbol(symbol))

    def announce_shutdown(self) -> int:
        """Send ``serverShutdown`` to every connection to spot, and go on."""
        return self.call(lambda simulator: simulator.announce_shutdown())

    def flood(
        self,
        payloads: Sequence[bytes],
        *,
        count: int,
        market: Market | None = None,
        stream: str | None = None,
    ) -> Flood:
        """Send prebuilt payloads as fast as the connections read."""
        return self.wait(
            lambda simulator: simulator.flood(payloads, count=count, market=market, stream=stream)
        )

    def step(self) -> None:
        """Send whatever an injected clock has made due."""
        self.call(lambda simulator: simulator.step())


@contextmanager
def run_in_thread(**options: Unpack[SimulatorOptions]) -> Iterator[RunningSimulator]:
    """Run a `Simulator` in a thread for the length of a ``with`` block.

    Options are those of `Simulator`. What goes wrong at start is raised here, and when the block ends neither
    the thread nor a socket is left.
    """
    started: Future[tuple[RunningSimulator, asyncio.Event]] = Future()
    ended: Future[None] = Future()
    thread = threading.Thread(
        target=_main, args=(options, started, ended), name="fastbinance-sim", daemon=True
    )
    thread.start()
    try:
        running, stop = started.result()
    except BaseException:
        thread.join(_JOIN_SECONDS)
        raise
    try:
        yield running
    finally:
        running._loop.call_soon_threadsafe(stop.set)
        ended.result(_JOIN_SECONDS)
        thread.join(_JOIN_SECONDS)


def _main(
    options: SimulatorOptions,
    started: "Future[tuple[RunningSimulator, asyncio.Event]]",
    ended: "Future[None]",
) -> None:
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(options, started))
    except BaseException as error:
        # Whoever waits is told: the caller of the start, or else the end of the block.
        (ended if started.done() else started).set_exception(error)
    else:
        ended.set_result(None)


async def _serve(
    options: SimulatorOptions, started: "Future[tuple[RunningSimulator, asyncio.Event]]"
) -> None:
    async with Simulator(**options) as simulator:
        stop = asyncio.Event()
        started.set_result((RunningSimulator(simulator, asyncio.get_running_loop()), stop))
        await stop.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
