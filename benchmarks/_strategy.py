"""A strategy in a process of its own: it keeps Python busy, or waits, and notes how late each quote is.

``python -m benchmarks._strategy MODE URL SECONDS CORE FEED_CORE``; prints nanoseconds as JSON:
``published`` (the feed's clock of the socket read less the sender's) and ``seen`` (when the strategy had the
quote, less the sender's clock).

=============  ===========================================================================================
mode           what it is
=============  ===========================================================================================
process        ``Client(feed="process")``; the strategy computes all the time and looks in between
process-spin   the same with ``spin=True``
process-wait   the same feed; the strategy sleeps in `wait`, and does nothing else
thread         ``Client(feed="thread")``, computing all the time
inline         ``AsyncClient``, computing in slices of a millisecond on the feed's own loop
picows         picows and msgspec on one loop, computing likewise
=============  ===========================================================================================
"""

import asyncio
import json
import os
import ssl
import sys
import time
from typing import Any

import msgspec
import numpy as np

from benchmarks import _harness
from fastbinance import AsyncClient, Client

# What a strategy computes between two looks: some microseconds of pure Python that never lets go by itself.
_WORK = 100
_SLICE_NS = 1_000_000


def work() -> int:
    """Compute something."""
    total = 0
    for number in range(_WORK):
        total += number * number
    return total


class Lags:
    """What was found, without the first second."""

    def __init__(self, seconds: float) -> None:
        self.begun_ns = time.time_ns() + 1_000_000_000
        self.end_ns = self.begun_ns + int(seconds * 1e9)
        self.published: list[int] = []
        self.seen: list[int] = []

    def note(self, sent_ns: int, recv_ns: int, seen_ns: int) -> bool:
        """Take a quote; tell whether it goes on."""
        if seen_ns >= self.begun_ns:
            self.published.append(recv_ns - sent_ns)
            self.seen.append(seen_ns - sent_ns)
        return seen_ns < self.end_ns


def busy(client: Client, lags: Lags) -> None:
    """Compute all the time, and look at the newest quote in between."""
    ring = client.book_ticker("btcusdt")
    ring.ready(timeout=20)
    cursor, goes_on = ring.cursor, True
    while goes_on:
        work()
        newest = ring.cursor
        if newest != cursor:
            cursor = newest
            quote = ring.last()
            goes_on = lags.note(quote.update_id, quote.recv_ns, time.time_ns())


def waiting(client: Client, lags: Lags) -> None:
    """Sleep until there is a quote."""
    ring = client.book_ticker("btcusdt")
    ring.ready(timeout=20)
    cursor, goes_on = ring.cursor, True
    while goes_on:
        cursor = ring.wait(cursor, timeout=5)
        seen_ns = time.time_ns()
        quote = ring.last()
        goes_on = lags.note(quote.update_id, quote.recv_ns, seen_ns)


async def inline(options: dict[str, Any], lags: Lags) -> None:
    """Compute on the feed's loop, a millisecond at a time."""
    async with AsyncClient(**options) as client:
        ring = client.book_ticker("btcusdt")
        await ring.ready(timeout=20)
        cursor, goes_on = ring.cursor, True
        while goes_on:
            until = time.perf_counter_ns() + _SLICE_NS
            while time.perf_counter_ns() < until:
                work()
            await asyncio.sleep(0)
            for batch in [ring[-min(ring.cursor - cursor, ring.capacity) :]] if ring.cursor > cursor else []:
                seen_ns = time.time_ns()
                for sent, received in zip(
                    batch["update_id"].tolist(), batch["recv_ns"].tolist(), strict=True
                ):
                    goes_on = lags.note(sent, received, seen_ns)
                cursor = ring.cursor


class _Quote(msgspec.Struct):
    u: int
    s: str
    b: str
    B: str
    a: str
    A: str


class _Combined(msgspec.Struct):
    stream: str
    data: _Quote


async def bare(url: str, context: ssl.SSLContext | None, lags: Lags) -> None:
    """Do what users of picows do: decode, keep, and compute on the same loop."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    decoder = msgspec.json.Decoder(_Combined)
    rows = np.zeros((1024, 5))
    state = {"goes_on": True, "count": 0}

    class Listener(WSListener):  # type: ignore[misc]
        def on_ws_connected(self, transport: WSTransport) -> None:
            request = {"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 1}
            transport.send(WSMsgType.TEXT, json.dumps(request).encode())

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            received = time.time_ns()
            try:
                quote = decoder.decode(frame.get_payload_as_memoryview()).data
            except msgspec.ValidationError:
                return  # the answer to the subscription
            row = rows[state["count"] % 1024]
            row[0], row[1], row[2], row[3] = float(quote.b), float(quote.B), float(quote.a), float(quote.A)
            row[4] = quote.u
            state["count"] += 1
            state["goes_on"] = lags.note(quote.u, received, time.time_ns())

    transport, _ = await ws_connect(Listener, url, ssl_context=context)
    while state["goes_on"]:
        until = time.perf_counter_ns() + _SLICE_NS
        while time.perf_counter_ns() < until:
            work()
        await asyncio.sleep(0)
    transport.disconnect()


def main() -> None:
    """Be one strategy, and say what it has seen."""
    mode, url, seconds, core, feed_core = sys.argv[1:6]
    if int(core) >= 0:
        _harness.pin(int(core))
    context: ssl.SSLContext | None = None
    if url.startswith("wss"):
        # The sender's certificate is made anew each time; what is measured is the same.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    options: dict[str, Any] = {"urls": {"main": url}, "ssl_context": context}
    lags = Lags(float(seconds))
    if mode.startswith("process"):
        # The feed's processor is not among ours once we are pinned.
        tuning: dict[str, Any] = {"feed": "process", "spin": mode == "process-spin"}
        if int(feed_core) >= 0:
            os.sched_setaffinity(0, {int(core), int(feed_core)})
            tuning["cpu"] = int(feed_core)
        with Client(**tuning, **options) as client:
            client.book_ticker("btcusdt").ready(timeout=20)
            if int(core) >= 0:
                _harness.pin(0)
                os.sched_setaffinity(0, {int(core)})
            lags.__init__(float(seconds))  # type: ignore[misc]
            (waiting if mode == "process-wait" else busy)(client, lags)
    elif mode == "thread":
        with Client(**options) as client:
            busy(client, lags)
    elif mode == "inline":
        asyncio.run(inline(options, lags))
    else:
        asyncio.run(bare(f"{url}/stream", context, lags))
    json.dump({"published": lags.published, "seen": lags.seen}, sys.stdout)


if __name__ == "__main__":
    main()
