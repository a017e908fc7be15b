"""WebSocket frames as bytes: one framing serves every connection, one write carries many frames."""

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

__all__ = ["Block", "blocks", "combined_text", "text_frame"]

_FIN_TEXT: Final = 0x81


class Block(NamedTuple):
    """Several whole frames to be written at once."""

    data: bytes
    frames: int


def text_frame(payload: bytes) -> bytes:
    """Frame a payload as a server does: one unfragmented, unmasked text frame."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN_TEXT, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", _FIN_TEXT, 126, size) + payload
    return struct.pack("!BBQ", _FIN_TEXT, 127, size) + payload


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
