"""Prebuilt frames as fast as the sockets take them: the other end of a benchmark."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Final, NamedTuple

from fastbinance.errors import ConfigurationError
from fastbinance.sim.connection import Connection
from fastbinance.sim.stats import Stats
from fastbinance.sim.wire import Block, blocks, text_frame

__all__ = ["Flood", "flood"]

_BLOCKS_A_TURN: Final = 8


class Flood(NamedTuple):
    """What one flood sent, over all its connections."""

    connections: int
    messages: int
    wire_bytes: int
    seconds: float


async def flood(
    connections: Iterable[Connection],
    payloads: Sequence[bytes],
    *,
    count: int,
    block_bytes: int,
    stats: Stats,
) -> Flood:
    """Send ``count`` messages to each connection, going round ``payloads``.

    Each write carries about ``block_bytes``, so that the sender costs little beside the receiver. A
    connection is written to only while its transport asks for more, so that memory stays flat however slow
    the peer reads.
    """
    if not payloads:
        raise ConfigurationError("a flood needs at least one payload")
    if count < 1:
        raise ConfigurationError(f"count is {count}: it must be at least 1")
    frames = [text_frame(payload) for payload in payloads]
    whole, rest = divmod(count, len(frames))
    full = blocks(frames, block_bytes)
    if whole and len(full) == 1:
        # Few payloads: one block repeats them until it is full.
        times = min(whole, max(1, block_bytes // len(full[0].data)))
        full = [Block(full[0].data * times, full[0].frames * times)]
        whole, rest = divmod(count, full[0].frames)
    tail = blocks([frames[index % len(frames)] for index in range(rest)], block_bytes)
    receivers = [connection for connection in connections if connection.is_open]
    start = time.perf_counter()
    sent = await asyncio.gather(*(_pour(connection, full, whole, tail) for connection in receivers))
    seconds = time.perf_counter() - start
    messages, size = sum(one[0] for one in sent), sum(one[1] for one in sent)
    stats.messages_sent += messages
    stats.bytes_sent += size
    return Flood(len(receivers), messages, size, seconds)


async def _pour(
    connection: Connection, full: Sequence[Block], whole: int, tail: Sequence[Block]
) -> tuple[int, int]:
    messages = size = 0
    for index, block in enumerate(chain(chain.from_iterable(repeat(full, whole)), tail)):
        if not connection.is_open:
            break
        connection.write(block.data)
        messages += block.frames
        size += len(block.data)
        # drained() returns without giving way while the peer keeps up; others must have their turn all the
        # same.
        if index % _BLOCKS_A_TURN == 0:
            await asyncio.sleep(0)
        await connection.drained()
    return messages, size
