"""The simulator's switches beside synchronous code: `FaultSwitches` and `ApiSwitches`, from any thread."""

from collections.abc import Callable, Collection
from typing import TypeVar

from fastbinance._rest_endpoints import RestProduct
from fastbinance.keys import Environment, Market, WsKey
from fastbinance.sim.api.faulty import Kill
from fastbinance.sim.book_switches import SimBook
from fastbinance.sim.disturb import How
from fastbinance.sim.malform import Malform
from fastbinance.sim.server import Simulator
from fastbinance.sim.trading import API_KEY, SimAccount

__all__ = ["RemoteSwitches"]

T = TypeVar("T")


class RemoteSwitches:
    """Faults of connections, handshakes, streams and answers; what each does is told at `FaultSwitches`.

    `key` is a service whose host is meant; None means all. What returns a number returns how many connections
    were concerned.
    """

    def call(self, function: Callable[[Simulator], T]) -> T:
        """Run a function in the simulator's thread and give its result."""
        raise NotImplementedError

    @property
    def attempts(self) -> list[tuple[float, WsKey, int]]:
        """Handshakes so far: time of the simulator's loop, first key of the host, HTTP status."""
        return self.call(lambda simulator: list(simulator.attempts))

    def cut(self, key: WsKey | str | None = None) -> int:
        """Lose connections without a close frame."""
        return self.call(lambda simulator: simulator.cut(key))

    def reset(self, key: WsKey | str | None = None) -> int:
        """End connections with a TCP reset."""
        return self.call(lambda simulator: simulator.reset(key))

    def stall(self, key: WsKey | str | None = None) -> int:
        """Send no data any more, but go on with pings and answers, until `resume`."""
        return self.call(lambda simulator: simulator.stall(key))

    def freeze(self, key: WsKey | str | None = None) -> int:
        """Read nothing and send nothing, and keep the socket, until `resume`."""
        return self.call(lambda simulator: simulator.freeze(key))

    def resume(self, key: WsKey | str | None = None) -> int:
        """End `stall` and `freeze`."""
        return self.call(lambda simulator: simulator.resume(key))

    def close_all(self, key: WsKey | str | None = None, code: int = 1001, reason: str = "") -> int:
        """Close connections with a code and a reason."""
        return self.call(lambda simulator: simulator.close_all(key, code, reason))

    def truncate(self, key: WsKey | str | None = None) -> int:
        """Send half a frame and end the connection."""
        return self.call(lambda simulator: simulator.truncate(key))

    def garbage(self, key: WsKey | str | None = None, data: bytes | None = None) -> int:
        """Send bytes that are no frame."""
        return self.call(lambda simulator: simulator.garbage(key, data))

    def delay(self, seconds: float, jitter: float = 0.0, key: WsKey | str | None = None) -> int:
        """Send everything later, in order; 0 ends it."""
        return self.call(lambda simulator: simulator.delay(seconds, jitter, key))

    def throttle(self, bytes_per_second: float | None, key: WsKey | str | None = None) -> int:
        """Read what clients send no faster than this; None ends it."""
        return self.call(lambda simulator: simulator.throttle(bytes_per_second, key))

    def refuse(
        self,
        status: int = 429,
        retry_after: float | None = None,
        count: int | None = None,
        key: WsKey | str | None = None,
    ) -> None:
        """Answer handshakes with an HTTP status, so many times or until `admit`."""
        self.call(lambda simulator: simulator.refuse(status, retry_after, count, key))

    def admit(self, key: WsKey | str | None = None) -> None:
        """End `refuse`."""
        self.call(lambda simulator: simulator.admit(key))

    def disturb(
        self,
        stream: str,
        market: Market,
        how: How,
        every: int = 1,
        count: int | None = None,
        key: WsKey | str | None = None,
        share: float = 1.0,
    ) -> None:
        """Duplicate, drop, reorder, merge or spoil messages of a stream, until `undisturb`."""
        self.call(lambda simulator: simulator.disturb(stream, market, how, every, count, key, share))

    def undisturb(self, stream: str, market: Market) -> None:
        """End `disturb`."""
        self.call(lambda simulator: simulator.undisturb(stream, market))

    def silence(self, stream: str, market: Market) -> None:
        """Acknowledge a stream and never send it, until `unsilence`."""
        self.call(lambda simulator: simulator.silence(stream, market))

    def unsilence(self, stream: str, market: Market) -> None:
        """End `silence`."""
        self.call(lambda simulator: simulator.unsilence(stream, market))

    def answers(
        self,
        delay: float = 0.0,
        jitter: float = 0.0,
        drop: float = 0.0,
        double: float = 0.0,
        reorder: float = 0.0,
        kill: Kill | None = None,
        status: int | None = None,
        key: WsKey | str | None = None,
        methods: Collection[str] | str | None = None,
        times: int | None = None,
    ) -> None:
        """Have answers come late, twice, out of order, wrong or never; without arguments none any more."""
        self.call(
            lambda simulator: simulator.answers(
                delay, jitter, drop, double, reorder, kill, status, key, methods, times
            )
        )

    def rest_urls_of(self, environment: Environment) -> dict[RestProduct, str]:
        """Give the base URLs of an environment's REST."""
        return self.call(lambda simulator: simulator.rest_urls_of(environment))

    def rest_answers(
        self,
        status: int | None = None,
        code: int | None = None,
        msg: str = "",
        retry_after: float | None = None,
        delay: float = 0.0,
        kill: Kill | None = None,
        product: RestProduct | None = None,
        path: str | None = None,
        times: int | None = None,
    ) -> None:
        """Have REST requests refused, late or lost; without arguments nothing happens to them any more."""
        self.call(
            lambda simulator: simulator.rest_answers(
                status, code, msg, retry_after, delay, kill, product, path, times
            )
        )

    def book(
        self,
        symbol: str,
        market: Market = "spot",
        update_id: int | None = None,
        *,
        rpi: bool = False,
        environment: Environment = "prod",
    ) -> SimBook:
        """Give the whole book behind the streams, now or as it was at an update id."""
        return self.call(
            lambda simulator: simulator.book(symbol, market, update_id, rpi=rpi, environment=environment)
        )

    def snapshots(
        self,
        symbol: str | None = None,
        market: Market | None = None,
        *,
        stale: int = 0,
        late: float = 0.0,
        malform: Malform | None = None,
        status: int | None = None,
        code: int | None = None,
        msg: str = "",
        retry_after: float | None = None,
        share: float = 1.0,
        times: int | None = None,
    ) -> None:
        """Have snapshots be old, late, spoilt or refused; without figures they are as they should be."""
        self.call(
            lambda simulator: simulator.snapshots(
                symbol,
                market,
                stale=stale,
                late=late,
                malform=malform,
                status=status,
                code=code,
                msg=msg,
                retry_after=retry_after,
                share=share,
                times=times,
            )
        )

    def add_account(self, account: SimAccount) -> None:
        """Have one more account."""
        self.call(lambda simulator: simulator.add_account(account))

    def revoke_key(self, api_key: str) -> int:
        """Let a key in no more, and tell the sessions that are logged on with it."""
        return self.call(lambda simulator: simulator.revoke_key(api_key))

    def listen_token(
        self, api_key: str = API_KEY, *, symbol: str | None = None, environment: Environment = "prod"
    ) -> str:
        """Give a listen token of an account."""
        return self.call(
            lambda simulator: simulator.listen_token(api_key, symbol=symbol, environment=environment)
        )
