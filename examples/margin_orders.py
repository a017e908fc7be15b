"""Cross margin: orders over REST, and a local picture of them and of the balances, kept by events alone.

Binance's testnet has no margin, and nothing here borrows: run it with ``--sim``.
"""

import json
import time
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from _options import options

import fastbinance
from fastbinance.user_events import AccountPosition, ExecutionReport, UserDataInterrupted, UserDataReady

SYMBOL = "BTCUSDT"
CLOSED = {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"}


class Margin:
    """Orders of cross margin. For a pair of isolated margin, send ``isIsolated="TRUE"`` with each."""

    def __init__(self, url: str, key: fastbinance.Credentials) -> None:
        self._url = url
        self._key = key

    def ask(self, verb: str, path: str, **params: Any) -> Any:
        """Sign and send a request; what is refused raises `urllib.error.HTTPError`."""
        query = urlencode({**params, "timestamp": time.time_ns() // 1_000_000})
        signature = quote(self._key.sign(query.encode()), safe="")
        url = f"{self._url}/sapi/v1/margin/{path}?{query}&signature={signature}"
        request = Request(url, method=verb, headers={"X-MBX-APIKEY": self._key.api_key})
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)


with options(__doc__) as given:
    if given.rest_urls is None:
        raise SystemExit("Binance's testnet has no margin: run this with --sim")
    account = given.account()
    key = fastbinance.Credentials(account["api_key"], account["api_secret"])
    margin = Margin(given.rest_urls["spot"], key)
    orders: dict[int, ExecutionReport] = {}
    balances: dict[str, Decimal] = {}
    with fastbinance.Client(**account) as fb:
        mine = fb.user_data("margin")  # or fb.user_data("isolated", "BTCUSDT")
        tried = False
        while not given.over():
            event = mine.get(timeout=0.5)
            match event:
                case ExecutionReport():
                    how = "recovered " if event.recovered else ""
                    print(f"{how}{event.execution_type} {event.order_id}: {event.status}")
                    if event.status in CLOSED:
                        orders.pop(event.order_id, None)
                    else:
                        orders[event.order_id] = event
                case AccountPosition():
                    for one in event.balances:
                        balances[one.asset] = one.decimal("free") + one.decimal("locked")
                case UserDataInterrupted():
                    print(f"interrupted: {event.reason}")  # do not trade on the picture now
                case UserDataReady():
                    kind = "whole" if event.reconciled else "events come, what was missed is not known"
                    print(f"{kind}: {len(orders)} open orders, {len(balances)} balances")
            if mine.state == "live" and not tried:
                tried = True
                best = Decimal(fb.spot.ticker_book(symbol=SYMBOL).bid_price)
                price = fastbinance.round_price(best * Decimal("0.9"), "0.01")
                order = {"symbol": SYMBOL, "side": "BUY", "quantity": "0.001"}
                placed = margin.ask("POST", "order", **order, type="LIMIT", timeInForce="GTC", price=price)
                fb.rollover("marginUserData")  # the connection is replaced, and nothing is missed
                margin.ask("POST", "order", **order, type="MARKET")
                margin.ask("DELETE", "order", symbol=SYMBOL, orderId=placed["orderId"])
    print(f"BTC in the picture: {balances.get('BTC')}")
