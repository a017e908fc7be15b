"""A reader in a process of its own that looks at the newest quote of a server all the time: ``... NAME``."""

import os
import sys

import fastbinance

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    with fastbinance.attach(sys.argv[1]) as attached:
        ring = attached.book_ticker("btcusdt")
        ring.ready(timeout=20)
        print("reading", flush=True)
        while True:
            ring.last()
