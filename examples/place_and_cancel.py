"""An order on spot, far from the market: placed, asked for, cancelled; and what a refusal looks like."""

from decimal import Decimal

from _options import options

import fastbinance

SYMBOL = "BTCUSDT"

with options(__doc__) as given, fastbinance.Client(**given.account()) as fb:
    (info,) = fb.spot.exchange_info(symbol=SYMBOL).symbols
    tick, step = info.filter("PRICE_FILTER")["tickSize"], info.filter("LOT_SIZE")["stepSize"]
    best = fb.spot.ticker_book(symbol=SYMBOL)

    # Prices and quantities are text or Decimal, multiples of tick and step; a float is refused.
    price = fastbinance.round_price(Decimal(best.bid_price) * Decimal("0.9"), tick)
    quantity = fastbinance.round_qty(Decimal("0.002"), step)
    try:
        placed = fb.spot.order_place(
            symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", price=price, quantity=quantity
        )
        print(f"placed    {placed.order_id} {placed.client_order_id}: {quantity} at {price}, {placed.status}")
        order = fb.spot.order_status(symbol=SYMBOL, orderId=placed.order_id)
        print(f"asked for {order.order_id}: {order.status}, {order.executed_qty} filled")
        canceled = fb.spot.order_cancel(symbol=SYMBOL, orderId=placed.order_id)
        print(f"cancelled {canceled.order_id}: {canceled.status}")
        fb.spot.order_cancel(symbol=SYMBOL, orderId=placed.order_id)
    except fastbinance.RequestRejected as error:  # Binance said no: nothing was done
        print(f"rejected: {error.code} {error.reason}")
    except fastbinance.RequestUnknown as error:  # it may have been done, and asking did not tell
        print(f"not known what became of {error.client_order_id}: {error}")
