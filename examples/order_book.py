"""The order book of BTCUSDT on spot: its top, five levels, and how far it may be believed."""

import time

from _options import options

import fastbinance

with (
    options(__doc__) as given,
    fastbinance.Client(urls=given.urls, rest_urls=given.rest_urls) as fb,
):
    for kind in ("book_ready", "book_gap", "book_resynced"):
        fb.on(kind, lambda event: print(event.kind, event.streams[0], event.reason or ""))
    book = fb.order_book("btcusdt")
    book.ready(timeout=20)
    while True:
        top = book.top()
        facts = f"from {top.source}, imbalance {book.imbalance(5):+.2f}, {book.state.name}"
        print(f"{top.bid_price} / {top.ask_price} {facts}")
        bids, asks = book.levels(5)
        for (bid, bid_qty), (ask, ask_qty) in zip(bids.tolist(), asks.tolist(), strict=False):
            print(f"{bid_qty:12.5f} {bid:10.2f} | {ask:10.2f} {ask_qty:12.5f}")
        if given.over():
            break
        time.sleep(0.5)
