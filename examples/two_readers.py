"""One feed, served by a process of its own, and two strategies in processes of theirs that read it."""

import os
import subprocess
import sys
import time

from _options import options

import fastbinance

NAME = f"example-{os.getpid()}"


def read(name: str, title: str, seconds: float) -> None:
    """Be a strategy: compute all the time, and look at the newest quote every now and then."""
    with fastbinance.attach(name) as desk:
        quotes = desk.book_ticker("btcusdt")  # served already; no second connection is made for it
        quotes.ready(timeout=10)
        begun, looks = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            quote = quotes.last()  # from the other process's memory, in a tenth of a microsecond
            looks += 1
        print(
            f"{title}: {looks:,} looks; BTCUSDT {quote.bid_price:.2f} / {quote.ask_price:.2f},"
            f" {quotes.cursor + 1} quotes since the server began",
            flush=True,
        )


if len(sys.argv) > 2 and sys.argv[1] == "--read":
    read(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    sys.exit()

with options(__doc__) as given:
    url = [] if given.urls is None else ["--url", given.urls[fastbinance.WsKey.MAIN]]
    serve = [sys.executable, "-m", "fastbinance", "serve", "btcusdt@bookTicker", "--name", NAME, *url]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        print("server:", server.stdout.readline().strip(), flush=True)
        server.stdout.readline()
        server.stdout.readline()  # it says how to attach, and how to end it: now it can be attached to
        itself = [sys.executable, __file__, "--read", NAME]
        readers = [subprocess.Popen([*itself, title, "2"]) for title in ("one", "two")]
        for reader in readers:
            reader.wait()
    finally:
        server.terminate()
        print("server:", server.communicate(timeout=10)[0].strip())
