"""One ordered stream of messages each way, between a client and its feed, over a pair of Unix sockets."""

import asyncio
import logging
import os
import pickle
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

__all__ = ["PICKLED", "Channel", "Codec", "receive_descriptors", "send_descriptors"]

logger = logging.getLogger("fastbinance")

# Each message is its length in this many bytes, and the message.
_LENGTH_BYTES: Final = 4
_READ_BYTES: Final = 256 * 1024


class Codec(NamedTuple):
    """How messages are written, and how long one may be, in bytes."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    longest: int

    def frame(self, message: Any) -> bytes:
        """Return a message as it is sent."""
        body = self.encode(message)
        return len(body).to_bytes(_LENGTH_BYTES, "big") + body


#: For the two ends of one pair of sockets, of which one has started the other's process.
PICKLED: Final = Codec(
    lambda message: pickle.dumps(message, pickle.HIGHEST_PROTOCOL), pickle.loads, 256 * 1024 * 1024
)


class Channel:
    """Sends and receives on the thread of one running event loop.

    Parameters
    ----------
    sock
        This end; closed by `close`.
    take
        Called with each message, in order.
    ended
        Called once when the other end is gone; nothing is taken after it.
    codec
        How messages are written. By default pickled: only for the two ends of one pair of sockets, one of
        which has started the other's process.
    most_unsent
        Bytes that may wait for an end that does not read; beyond, it counts as gone.
    """

    def __init__(
        self,
        sock: socket.socket,
        take: Callable[[Any], object],
        ended: Callable[[], object],
        *,
        codec: "Codec | None" = None,
        most_unsent: int | None = None,
    ) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._take = take
        self._ended = ended
        self._codec = PICKLED if codec is None else codec
        self._most_unsent = most_unsent
        self._unsent_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._unsent: deque[memoryview] = deque()
        self._received = bytearray()
        self._waiting: deque[Any] = deque()  # came while `wait_for` looked for another one
        self._is_over = False
        self._is_closed = False
        self._loop.add_reader(sock.fileno(), self._readable)

    @property
    def is_over(self) -> bool:
        """Whether the other end is gone, or this one closed."""
        return self._is_over

    def send(self, message: Any) -> None:
        """Send a message; what the other end is too slow for waits here. Lost where it is gone."""
        if self._is_over:
            return
        frame = memoryview(self._codec.frame(message))
        if not self._unsent:
            frame = self._write(frame)
            if not frame:
                return
            self._loop.add_writer(self._socket.fileno(), self._writable)
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)
        if self._most_unsent is not None and self._unsent_bytes > self._most_unsent:
            self._lose()

    def wait_for(self, wanted: Callable[[Any], bool], seconds: float) -> Any:
        """Stand still until a message comes that is wanted, and return it; None when it does not in time.

        What comes before it is taken afterwards, in order.
        """
        until = time.monotonic() + seconds
        looked = 0
        self._loop.call_soon(self.hand_out)
        while True:
            for place in range(looked, len(self._waiting)):
                if wanted(self._waiting[place]):
                    found = self._waiting[place]
                    del self._waiting[place]
                    return found
            looked = len(self._waiting)
            left = until - time.monotonic()
            if left <= 0.0 or self._is_over:
                return None
            self._flush(left)
            if not self._is_over:
                self._read()  # when that is the end, what came before it is still looked at

    async def drain(self) -> None:
        """Wait until everything is sent, or the other end is gone."""
        while self._unsent and not self._is_over:
            await asyncio.sleep(0.001)

    def close(self) -> None:
        """End this end; the other one hears that it is gone. Nothing is taken after it, nobody called."""
        self._is_closed = True
        self._waiting.clear()
        if not self._is_over:
            self._is_over = True
            self._let_go()

    def abandon(self) -> None:
        """End this end where the loop is closed, and nothing can be asked of it any more."""
        self._is_over = True
        self._socket.close()

    # -- inside

    def _let_go(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        self._unsent.clear()

    def _lose(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._let_go()
            self._loop.call_soon(self._tell_end)

    def _tell_end(self) -> None:
        self.hand_out()
        if not self._is_closed:
            self._ended()

    def _write(self, frame: memoryview) -> memoryview:
        """Send what goes, and return the rest."""
        try:
            while frame:
                frame = frame[self._socket.send(frame) :]
        except BlockingIOError:
            return frame
        except OSError:
            self._lose()
            return frame[:0]
        return frame

    def _writable(self) -> None:
        while self._unsent:
            frame = self._write(self._unsent[0])
            if self._is_over:
                return
            self._unsent_bytes -= len(self._unsent[0]) - len(frame)
            if frame:
                self._unsent[0] = frame
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._socket.fileno())

    def _flush(self, seconds: float) -> None:
        """Wait until there is something to read, sending what is left meanwhile."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN | (select.POLLOUT if self._unsent else 0))
        found = poll.poll(max(seconds, 0.0) * 1e3)
        if any(event & select.POLLOUT for _, event in found):
            self._writable()

    def _readable(self) -> None:
        self._read()
        self.hand_out()

    def _read(self) -> None:
        """Read what is there into `_waiting`, or find that the other end is gone."""
        try:
            chunk = self._socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._lose()
            return
        received = self._received
        received += chunk
        at = 0
        while len(received) - at >= _LENGTH_BYTES:
            length = int.from_bytes(received[at : at + _LENGTH_BYTES], "big")
            if length > self._codec.longest:
                logger.warning("an end of a channel sent what is no message: %d bytes of one", length)
                self._lose()
                return
            end = at + _LENGTH_BYTES + length
            if len(received) < end:
                break
            try:
                self._waiting.append(self._codec.decode(bytes(received[at + _LENGTH_BYTES : end])))
            except Exception as error:  # whatever a codec makes of it: nothing behind it means anything
                logger.warning("an end of a channel sent what is no message: %s", error)
                self._lose()
                return
            at = end
        del received[:at]

    def hand_out(self) -> None:
        """Have what has come taken now."""
        while self._waiting:
            message = self._waiting.popleft()
            try:
                self._take(message)
            except Exception:
                # Those behind it are as good as they were.
                logger.exception("a %s could not be taken", type(message).__name__)


def send_descriptors(sock: socket.socket, descriptors: list[int]) -> None:
    """Hand open files to the other end, as the first thing on a pair of sockets."""
    socket.send_fds(sock, [len(descriptors).to_bytes(1, "big")], descriptors)


def receive_descriptors(sock: socket.socket, most: int = 8) -> list[int]:
    """Take them; the caller closes them.

    Raises
    ------
    ConnectionError
        The other end is gone, or has sent something else.
    """
    head, descriptors, _, _ = socket.recv_fds(sock, 1, most)
    if len(head) != 1 or head[0] != len(descriptors):
        for descriptor in descriptors:
            os.close(descriptor)
        raise ConnectionError("the other end has handed over no open files")
    return descriptors
