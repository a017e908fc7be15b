"""Captured frames instead of random ones, at their own pace or as fast as the other side can read."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastbinance.errors import ConfigurationError
from fastbinance.keys import Market
from fastbinance.sim.publish import Publisher

__all__ = ["Player", "Replay", "ReplayFrame"]

_BATCH_BYTES: Final = 64 * 1024
# A raw frame says what it is, not which of several streams of that content brought it.
_STREAMS_OF: Final[dict[str, tuple[str, ...]]] = {
    "aggTrade": ("aggTrade",),
    "trade": ("trade",),
    "bookTicker": ("bookTicker",),
    "depthUpdate": ("depth", "depth@0ms", "depth@100ms", "depth@500ms", "depth@1000ms"),
    "24hrTicker": ("ticker",),
    "24hrMiniTicker": ("miniTicker",),
    "markPriceUpdate": ("markPrice", "markPrice@1s"),
    "forceOrder": ("forceOrder",),
}


class ReplayFrame(NamedTuple):
    """One captured payload.

    Attributes
    ----------
    streams
        Names whose subscribers get it; one for a combined frame.
    payload
        Bytes as captured, without the wrapper.
    at_ns
        Nanoseconds after the first frame; 0 where the capture kept no times.
    """

    streams: tuple[str, ...]
    payload: bytes
    at_ns: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What to replay, and how.

    Attributes
    ----------
    frames
        Payloads in wire order.
    speed
        1.0 for the pace of the capture, 2.0 for twice that; None for as fast as the subscribers read.
    loop
        Start over at the end.
    wait_for
        Stream names that must all have a subscriber before it starts; when empty, any of the capture's will
        do.
    skipped
        Lines of the capture that belong to no stream, such as the body of a REST snapshot.
    """

    frames: tuple[ReplayFrame, ...]
    speed: float | None = None
    loop: bool = False
    wait_for: frozenset[str] = frozenset()
    skipped: int = 0

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        speed: float | None = None,
        loop: bool = False,
        wait_for: Collection[str] = (),
    ) -> "Replay":
        """Read a capture: one JSON text a line, and receive times in ``X.recv`` beside ``X.jsonl``.

        Raises
        ------
        ConfigurationError
            A pace was asked for that the file cannot give, or no line of it belongs to a stream.
        """
        path = Path(path)
        if speed is not None and speed <= 0:
            raise ConfigurationError(f"speed is {speed}: it must be above 0, or None for as fast as possible")
        lines = path.read_bytes().splitlines()
        times = _times(path.with_suffix(".recv"), len(lines))
        if speed is not None and times is None:
            raise ConfigurationError(f"{path.name} has no times beside it (.recv): leave speed at None")
        frames = []
        for index, line in enumerate(lines):
            streams, payload = _read(line)
            if streams:
                frames.append(ReplayFrame(streams, payload, times[index] if times else 0))
        if not frames:
            raise ConfigurationError(f"no line of {path.name} belongs to a stream")
        return cls(tuple(frames), speed, loop, frozenset(wait_for), len(lines) - len(frames))

    @property
    def streams(self) -> frozenset[str]:
        """Every stream name that some frame goes to."""
        return frozenset(name for frame in self.frames for name in frame.streams)


class Player:
    """Plays one replay into one market.

    Parameters
    ----------
    replay
        What to play.
    market
        Market whose subscribers get it.
    publisher
        Where they are.
    """

    def __init__(self, replay: Replay, market: Market, publisher: Publisher) -> None:
        self.replay = replay
        self.market: Market = market
        self._publisher = publisher
        self._missing = set(replay.wait_for)
        self._streams = replay.streams
        self._wanted = asyncio.Event()
        self.done = asyncio.Event()

    def joined(self, market: Market, name: str) -> None:
        """Note a subscription; the first one that the replay waits for starts it."""
        if market != self.market:
            return
        self._missing.discard(name)
        if not self._missing and (self.replay.wait_for or name in self._streams):
            self._wanted.set()

    async def run(self) -> None:
        """Wait for a subscriber, then play to the end, or for ever when looped."""
        await self._wanted.wait()
        # The subscription is acknowledged before the first frame, and those sent along with it still count.
        await asyncio.sleep(0)
        while True:
            await self._play_once()
            if not self.replay.loop:
                break
        self.done.set()

    async def _play_once(self) -> None:
        async for batch in self._paced():
            for frame in batch:
                for name in frame.streams:
                    self._publisher.post(self.market, name, frame.payload)
            for subscriber in self._publisher.flush():
                await subscriber.drained()

    async def _paced(self) -> AsyncIterator[Iterable[ReplayFrame]]:
        frames, speed = self.replay.frames, self.replay.speed
        if speed is None:
            for batch in _batches(frames):
                yield batch
                await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        start = loop.time()
        index = 0
        while index < len(frames):
            passed_ns = (loop.time() - start) * 1e9 * speed
            end = index
            while end < len(frames) and frames[end].at_ns <= passed_ns:
                end += 1
            if end > index:
                yield frames[index:end]
                index = end
            else:
                await asyncio.sleep((frames[index].at_ns - passed_ns) / 1e9 / speed)


def _batches(frames: Sequence[ReplayFrame]) -> Iterator[Sequence[ReplayFrame]]:
    begin = size = 0
    for index, frame in enumerate(frames):
        size += len(frame.payload)
        if size >= _BATCH_BYTES:
            yield frames[begin : index + 1]
            begin, size = index + 1, 0
    if begin < len(frames):
        yield frames[begin:]


def _times(path: Path, count: int) -> list[int] | None:
    if not path.exists():
        return None
    texts = path.read_text().split()
    if len(texts) != count:
        raise ConfigurationError(f"{path.name} has {len(texts)} times for {count} frames")
    # Older captures count in seconds, newer ones in nanoseconds.
    to_ns: Callable[[str], int] = (lambda text: round(float(text) * 1e9)) if "." in texts[0] else int
    times = [to_ns(text) for text in texts]
    return [time - times[0] for time in times]


def _read(line: bytes) -> tuple[tuple[str, ...], bytes]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ConfigurationError(f"a captured line is no JSON: {line[:60]!r}") from error
    if isinstance(message, dict) and "stream" in message and "data" in message:
        name = message["stream"]
        # Cut out rather than written again: the captured bytes are the point of a replay.
        head = b'{"stream":"%b","data":' % name.encode()
        if line.startswith(head) and line.endswith(b"}"):
            return (name,), line[len(head) : -1]
        return (name,), json.dumps(message["data"], separators=(",", ":"), ensure_ascii=False).encode()
    return _streams_of(message), line


def _streams_of(message: Any) -> tuple[str, ...]:
    if not isinstance(message, dict):
        return ()
    event = message.get("e")
    order = message.get("o")
    symbol = order.get("s") if event == "forceOrder" and isinstance(order, dict) else message.get("s")
    if not isinstance(symbol, str):
        return ()
    if event == "kline":
        topics: tuple[str, ...] = (f"kline_{message['k']['i']}",)
    elif event is None and "u" in message and "B" in message:
        topics = ("bookTicker",)
    else:
        topics = _STREAMS_OF.get(str(event), ())
    return tuple(f"{symbol.lower()}@{topic}" for topic in topics)
