"""WebSocket frames as bytes: one framing serves every connection, one write carries many frames."""

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

__all__ = ["Block", "binary_frame", "blocks", "combined_text", "text_frame"]

_FIN_TEXT: Final = 0x81
_FIN_BINARY: Final = 0x82
_FIN_PING: Final = 0x89
_FIN_PONG: Final = 0x8A


class Block(NamedTuple):
    """Several whole frames to be written at once."""

    data: bytes
    frames: int


def text_frame(payload: bytes) -> bytes:
    """Frame a payload as a server does: one unfragmented, unmasked text frame."""
    return _frame(_FIN_TEXT, payload)


def binary_frame(payload: bytes) -> bytes:
    """Frame a payload as `text_frame` does, as binary."""
    return _frame(_FIN_BINARY, payload)


def ping_frame(payload: bytes) -> bytes:
    """Frame a ping of at most 125 bytes."""
    return _frame(_FIN_PING, payload)


def pong_frame(payload: bytes) -> bytes:
    """Frame a pong of at most 125 bytes."""
    return _frame(_FIN_PONG, payload)


def combined_text(stream: str, payload: bytes) -> bytes:
    """Wrap a payload as a combined stream does."""
    return b'{"stream":"%b","data":%b}' % (stream.encode(), payload)


def blocks(frames: Iterable[bytes], block_bytes: int) -> Sequence[Block]:
    """Join frames into blocks of about ``block_bytes``; a frame is never split over two."""
    result: list[Block] = []
    held: list[bytes] = []
    size = 0
    for frame in frames:
        if held and size + len(frame) > block_bytes:
            result.append(Block(b"".join(held), len(held)))
            held, size = [], 0
        held.append(frame)
        size += len(frame)
    if held:
        result.append(Block(b"".join(held), len(held)))
    return result


def _frame(head: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((head, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", head, 126, size) + payload
    return struct.pack("!BBQ", head, 127, size) + payload
