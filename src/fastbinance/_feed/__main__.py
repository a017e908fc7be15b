"""The process of a feed: ``python -m fastbinance._feed DESCRIPTOR``, started by its client."""

import logging
import os
import signal
import socket
import sys
from typing import NoReturn

from fastbinance._core.segment import Segment, SharedBell
from fastbinance._feed.channel import receive_descriptors
from fastbinance._feed.host import Host
from fastbinance._io.feed_thread import new_loop

__all__ = ["be_a_feed"]


def main() -> None:
    """Read the command line."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        raise SystemExit("this is the feed of a fastbinance.Client(feed='process'), which starts it itself")
    be_a_feed(int(sys.argv[1]))


def be_a_feed(descriptor: int) -> NoReturn:
    """Be a feed until the client closes, or is gone, and end the process with it.

    Parameters
    ----------
    descriptor
        Of the feed's end of the pair of sockets.
    """
    # Ctrl-C is for the program that the feed belongs to.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sock = socket.socket(fileno=descriptor)
    memory, bell, *pipes = receive_descriptors(sock)
    segment = Segment.attach(memory, writable=True)
    shared_bell = SharedBell(bell, feeds=True, pipe=pipes[0] if pipes else -1)
    for descriptor in (memory, bell):
        os.close(descriptor)
    loop = new_loop()

    async def run() -> None:
        await Host(sock, segment, shared_bell).run()

    loop.run_until_complete(run())
    # Nothing is left to be done, and taking an interpreter apart would take longer than all of closing.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
