"""Mean spread of several symbols, on spot and on USD-M, in basis points: one reader over many rings."""

from collections import defaultdict

import numpy as np
from _options import options

import fastbinance

SYMBOLS = ("btcusdt", "ethusdt", "solusdt", "xrpusdt")

with options(__doc__) as given, fastbinance.Client(urls=given.urls) as fb:
    rings = [fb.book_ticker(symbol, market) for market in ("spot", "usdm") for symbol in SYMBOLS]
    for ring in rings:
        ring.ready(timeout=10)
    spreads: defaultdict[str, list[float]] = defaultdict(list)
    reader = fb.reader(rings)
    for ring, batch in reader:
        # A batch is a structured array, so this is one vectorised line for all of its records.
        basis_points = 1e4 * (batch["ask_price"] - batch["bid_price"]) / batch["bid_price"]
        spreads[f"{ring.ws_key} {ring.symbol}"].extend(basis_points)
        if given.over():
            break
    for name, values in sorted(spreads.items()):
        print(f"{name:20} {np.mean(values):8.3f} bp over {len(values)} quotes")
    print(f"lost {reader.lost}")
