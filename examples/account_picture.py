"""Spot: a local picture of open orders and balances, kept by events alone, whole again after each loss."""

import time
from decimal import Decimal

from _options import options

import fastbinance
from fastbinance.user_events import AccountPosition, ExecutionReport, UserDataInterrupted, UserDataReady

SYMBOL = "BTCUSDT"
CLOSED = {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"}

with options(__doc__) as given, fastbinance.Client(**given.account()) as fb:
    orders: dict[int, ExecutionReport] = {}
    balances: dict[str, Decimal] = {}
    mine = fb.user_data("spot")
    tried = False
    while not given.over():
        event = mine.get(timeout=0.5)
        match event:
            case ExecutionReport() if event.status in CLOSED:
                orders.pop(event.order_id, None)
            case ExecutionReport():
                orders[event.order_id] = event
            case AccountPosition():
                for one in event.balances:
                    balances[one.asset] = one.decimal("free") + one.decimal("locked")
            case UserDataInterrupted():
                print(f"interrupted: {event.reason}")  # do not trade on the picture now
            case UserDataReady():
                kind = "whole" if event.reconciled else "events come, what was missed is not known"
                print(f"{kind}: {len(orders)} open orders, {len(balances)} balances")
        if event is not None and event.event == "executionReport":
            how = "recovered " if event.recovered else ""
            print(f"{how}{event.execution_type} {event.order_id}: {event.status}")
        if mine.state == "live" and not tried:
            tried = True
            best = Decimal(fb.spot.ticker_book(symbol=SYMBOL).bid_price)
            placed = fb.spot.order_place(
                symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC",
                price=fastbinance.round_price(best * Decimal("0.9"), "0.01"), quantity="0.001",
            )  # fmt: skip
            fb.rollover("mainWSAPI")  # the connection is replaced, and nothing is missed
            time.sleep(0.2)
            fb.spot.order_cancel(symbol=SYMBOL, orderId=placed.order_id)
