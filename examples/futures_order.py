"""USD-M futures: a small position, opened at the market, looked at, offered in the book, and closed."""

import asyncio
from decimal import Decimal

from _options import Options, options

import fastbinance

SYMBOL = "BTCUSDT"
QUANTITY = "0.004"


async def main(given: Options) -> None:
    """Trade there and back."""
    async with fastbinance.AsyncClient(**given.account()) as fb:
        usdm = fb.usdm
        best = await usdm.ticker_book(symbol=SYMBOL)
        bought = await usdm.order_place(
            symbol=SYMBOL, side="BUY", type="MARKET", quantity=QUANTITY, newOrderRespType="RESULT"
        )
        print(f"bought  {bought.executed_qty} {SYMBOL}: {bought.status}")
        try:
            for position in await usdm.v2_account_position(symbol=SYMBOL):
                print(f"holding {position.position_amt} from {position.entry_price}")
            target = fastbinance.round_price(Decimal(best.ask_price) * Decimal("1.05"), "0.10", "SELL")
            order = await usdm.order_place(
                symbol=SYMBOL, side="SELL", type="LIMIT", timeInForce="GTC", price=target, quantity=QUANTITY,
                reduceOnly=True,
            )  # fmt: skip
            print(f"selling at {target}: {order.status}")
            order = await usdm.order_cancel(symbol=SYMBOL, orderId=order.order_id)
            print(f"cancelled: {order.status}")
        finally:
            sold = await usdm.order_place(
                symbol=SYMBOL, side="SELL", type="MARKET", quantity=QUANTITY, reduceOnly=True,
                newOrderRespType="RESULT",
            )  # fmt: skip
            print(f"sold    {sold.executed_qty} {SYMBOL}: {sold.status}")


with options(__doc__) as given:
    asyncio.run(main(given))
