"""The contracts of USD-M that pay the most funding right now: one ring for the whole market."""

import datetime

import numpy as np
from _options import options

import fastbinance

with options(__doc__) as given, fastbinance.Client(urls=given.urls) as fb:
    marks = fb.mark_price(market="usdm")  # no symbol: all of them, one record each a second
    marks.ready(timeout=10)
    reader = marks.reader("oldest", latest=True, max_records=4096)
    newest: dict[str, np.void] = {}
    for batch in reader:
        for record in batch:
            newest[marks.symbols[record["symbol_id"]]] = record
        if given.over():
            break
    # Delivery contracts have no funding: their rate is NaN.
    paying = {symbol: record for symbol, record in newest.items() if not np.isnan(record["funding_rate"])}
    for symbol in sorted(paying, key=lambda symbol: abs(paying[symbol]["funding_rate"]), reverse=True)[:10]:
        record = paying[symbol]
        due = datetime.datetime.fromtimestamp(record["next_funding_ns"] // 10**9, datetime.UTC)
        rate, mark = 100 * record["funding_rate"], record["mark_price"]
        print(f"{symbol:16} {rate:+9.4f} %  at {due:%H:%M} UTC  mark {mark:.8g}")
