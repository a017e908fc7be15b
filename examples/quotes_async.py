"""Quotes and trades of two futures on one event loop."""

import asyncio

from _options import Options, options

import fastbinance


async def show_quotes(fb: fastbinance.AsyncClient, symbol: str, given: Options) -> None:
    """Print the newest quote of each batch."""
    async for batch in fb.book_ticker(symbol, market="usdm").reader(latest=True):
        print(f"{symbol:8} {batch[-1]['bid_price']:12.2f} / {batch[-1]['ask_price']:.2f}")
        if given.over():
            break


async def show_trades(fb: fastbinance.AsyncClient, symbol: str, given: Options) -> None:
    """Print each trade with the side of its aggressor."""
    async for batch in fb.trades(symbol, market="usdm").reader():
        for trade in batch:
            side = "sold" if trade["is_buyer_maker"] else "bought"
            print(f"{symbol:8} {side} {trade['qty']} at {trade['price']}")
        if given.over():
            break


async def main(given: Options) -> None:
    """Run everything until it is over."""
    async with fastbinance.AsyncClient(urls=given.urls) as fb, asyncio.TaskGroup() as tasks:
        for symbol in ("btcusdt", "ethusdt"):
            tasks.create_task(show_quotes(fb, symbol, given))
            tasks.create_task(show_trades(fb, symbol, given))


with options(__doc__) as given:
    asyncio.run(main(given))
