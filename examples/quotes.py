"""Best bid and ask of BTCUSDT on spot, every update of it, in batches."""

import time

from _options import options

import fastbinance

with options(__doc__) as given, fastbinance.Client(urls=given.urls) as fb:
    buf = fb.book_ticker("btcusdt")
    buf.ready(timeout=10)
    reader = buf.reader()
    for batch in reader:
        bid, ask = batch[-1]["bid_price"], batch[-1]["ask_price"]
        print(f"{len(batch):4} updates   {bid:.2f} / {ask:.2f}   lost {reader.lost}")
        if given.over():
            break
        time.sleep(0.1)  # whatever your program does meanwhile: the ring goes on filling
