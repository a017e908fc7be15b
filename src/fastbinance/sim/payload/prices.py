"""Spelling of prices that do not trade, and of open interest."""

from fastbinance.sim.channels import Channel
from fastbinance.sim.events import (
    MarkPriceEvent,
    OpenInterestEvent,
    OptionMarkPriceEvent,
    ReferencePriceEvent,
)
from fastbinance.sim.instrument import Instrument, decimal_text
from fastbinance.sim.payload.books import PRODUCT
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["mark_price", "open_interest", "option_mark_price", "reference_price"]

_DECIMALS = 8


def reference_price(
    instrument: Instrument, channel: Channel, event: ReferencePriceEvent, unit: TimeUnit
) -> str:
    """Spell a reference price of spot, the one payload with a null."""
    price = "null" if event.price is None else f'"{instrument.price_text(event.price)}"'
    return f'{{"e":"referencePrice","s":"{instrument.symbol}","r":{price},"t":{unit.at(event.time_ms)}}}'


def mark_price(instrument: Instrument, channel: Channel, event: MarkPriceEvent, unit: TimeUnit) -> str:
    """Spell a mark price of futures."""
    mark, average, settle, index = (
        decimal_text(number, _DECIMALS)
        for number in (event.mark_e8, event.average_e8, event.settle_e8, event.index_e8)
    )
    rate = "" if event.rate_e8 is None else decimal_text(event.rate_e8, _DECIMALS)
    return (
        f'{{"e":"markPriceUpdate","E":{event.event_ms},"s":"{instrument.symbol}","p":"{mark}","ap":"{average}",'
        f'"P":"{settle}","i":"{index}","r":"{rate}","T":{event.next_funding_ms},'
        f'"st":{PRODUCT[instrument.market]}}}'
    )


def option_mark_price(
    instrument: Instrument, channel: Channel, event: OptionMarkPriceEvent, unit: TimeUnit
) -> str:
    """Spell an option's mark price, in which ``e`` comes fourth."""
    price, qty = instrument.price_text, instrument.qty_text
    (bid, bid_qty), (ask, ask_qty) = event.bid, event.ask
    return (
        f'{{"s":"{instrument.symbol}","mp":"{price(event.mark)}","E":{event.event_ms},"e":"markPrice",'
        f'"i":"{decimal_text(event.index_e8, _DECIMALS)}","P":"0.000","bo":"{price(bid)}",'
        f'"ao":"{price(ask)}","bq":"{qty(bid_qty)}","aq":"{qty(ask_qty)}","b":"{event.bid_volatility:.4f}",'
        f'"a":"{event.ask_volatility:.4f}","hl":"{price(event.high_limit)}","ll":"{price(event.low_limit)}",'
        f'"vo":"{event.volatility:.4f}","rf":"0.0","d":"{event.delta:.5f}","t":"{event.theta:.5f}",'
        f'"g":"{event.gamma:.8f}","v":"{event.vega:.5f}"}}'
    )


def open_interest(instrument: Instrument, channel: Channel, event: OpenInterestEvent, unit: TimeUnit) -> str:
    """Spell the open interest of an option."""
    return (
        f'{{"e":"openInterest","E":{event.event_ms},"s":"{instrument.symbol}",'
        f'"o":"{instrument.qty_text(event.lots)}","h":"{decimal_text(event.value_e8, _DECIMALS)}"}}'
    )
