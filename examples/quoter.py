"""A quoter on spot: one bid a little below the market, moved by cancel-replace when the market has moved."""

import asyncio

from _options import Options, options

import fastbinance
from fastbinance.answers import CancelReplaced, OrderPlaced

SYMBOL = "BTCUSDT"
BELOW = 0.001  # how far below the best bid to quote, as a part of it
PACE = 0.25  # seconds between moves: Binance allows an account so many orders in ten seconds


class Quoter:
    """One bid, and what is needed to move it."""

    def __init__(self, fb: fastbinance.AsyncClient) -> None:
        self._fb = fb
        self._order: OrderPlaced | None = None
        self._price = ""
        self._tick = ""
        self._common: dict[str, str] = {}
        self.moves = 0

    async def prepare(self) -> None:
        """Ask for the symbol's tick and step."""
        (info,) = (await self._fb.spot.exchange_info(symbol=SYMBOL)).symbols
        self._tick = info.filter("PRICE_FILTER")["tickSize"]
        quantity = fastbinance.round_qty("0.002", info.filter("LOT_SIZE")["stepSize"])
        # LIMIT_MAKER: refused rather than filled at once.
        self._common = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT_MAKER", "quantity": quantity}

    async def follow(self, best_bid: float) -> bool:
        """Place the bid, or move it; tell whether there was anything to do."""
        price = fastbinance.round_price(best_bid * (1 - BELOW), self._tick, "BUY")
        if self._order is not None and price == self._price:
            return False
        if self._order is None:
            self._order = await self._fb.spot.order_place(price=price, **self._common)
        else:
            self._order = await self._replace(self._order, price)
        self._price = price
        self.moves += 1
        print(f"best bid {best_bid:.2f}, quoting {price}")
        return True

    async def _replace(self, order: OrderPlaced, price: str) -> OrderPlaced | None:
        try:
            # Nothing is placed unless the old order is gone: there is never more than one.
            answer = await self._fb.spot.order_cancel_replace(
                cancelReplaceMode="STOP_ON_FAILURE",
                cancelOrigClientOrderId=order.client_order_id,
                price=price,
                **self._common,
            )
        except fastbinance.RequestRejected as error:
            if error.code not in (-2021, -2022):
                raise
            parts = CancelReplaced.from_error_data(error.data)
            print(f"not moved: {parts.cancel_refusal or parts.new_order_refusal}")
            return (
                None  # filled meanwhile, or the market ran into the new price: the next quote is a new order
            )
        return answer.new_order_response

    async def stop(self) -> None:
        """Take back what is in the book, also an order whose answer never came."""
        try:
            await self._fb.spot.open_orders_cancel_all(symbol=SYMBOL)
        except fastbinance.RequestRejected as error:
            print(f"nothing to cancel: {error.reason}")


async def main(given: Options) -> None:
    """Follow the market until the time is over."""
    async with fastbinance.AsyncClient(**given.account()) as fb:
        quoter = Quoter(fb)
        await quoter.prepare()
        try:
            # `latest`: whatever happened while a request was under way, the newest quote counts.
            async for batch in fb.book_ticker(SYMBOL).reader(latest=True):
                try:
                    moved = await quoter.follow(float(batch[-1]["bid_price"]))
                except fastbinance.RateLimited as error:
                    print(f"too many orders; on in {error.retry_after:.1f} s")
                    await asyncio.sleep(error.retry_after)
                    continue
                if given.over():
                    break
                if moved:
                    await asyncio.sleep(PACE)
        finally:
            await quoter.stop()
            print(f"quoted {quoter.moves} times")


with options(__doc__) as given:
    asyncio.run(main(given))
