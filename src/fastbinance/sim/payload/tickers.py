"""Spelling of tickers, mini tickers and average prices."""

from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import AveragePriceEvent, MiniTickerEvent, TickerEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.payload.books import PRODUCT
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["average_price", "mini_ticker", "ticker"]


def ticker(instrument: Instrument, channel: Channel, event: TickerEvent, unit: TimeUnit) -> str:
    """Spell a ticker of a day, or of a rolling window."""
    bar, price, qty = event.bar, instrument.price_text, instrument.qty_text
    change = bar.close - bar.open
    percent = f"{100 * change / bar.open:.3f}"
    average = price(instrument.average_price(bar.turnover, bar.qty) if bar.qty else bar.close)
    moved = f'"p":"{instrument.price_change_text(change)}","P":"{percent}"'
    volumes = f'"v":"{qty(bar.qty)}","q":"{instrument.turnover_text(bar.turnover)}"'
    counts = (
        f'"O":{unit.opens(bar.open_ms)},"C":{unit.at(event.close_ms)},"F":{bar.first_trade_id},'
        f'"L":{bar.last_trade_id},"n":{bar.trades}'
    )
    span = f'"o":"{price(bar.open)}","h":"{price(bar.high)}","l":"{price(bar.low)}"'
    last = f'"c":"{price(bar.close)}"'
    if channel.topic == Topic.ROLLING_TICKER:
        return (
            f'{{"e":"{channel.interval}Ticker","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}",{moved},'
            f'{span},{last},"w":"{average}",{volumes},{counts}}}'
        )
    last += f',"Q":"{qty(event.last_qty)}"'
    if instrument.market == "spot":
        (bid, bid_qty), (ask, ask_qty) = event.bid, event.ask
        return (
            f'{{"e":"24hrTicker","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}",{moved},'
            f'"w":"{average}","x":"{price(event.previous_close)}",{last},"b":"{price(bid)}",'
            f'"B":"{qty(bid_qty)}","a":"{price(ask)}","A":"{qty(ask_qty)}",{span},{volumes},{counts}}}'
        )
    pair, product = _product(instrument)
    return (
        f'{{"e":"24hrTicker","E":{event.event_ms},"s":"{instrument.symbol}",{pair}{moved},"w":"{average}",{last},'
        f"{span},{volumes},{counts}{product}}}"
    )


def mini_ticker(instrument: Instrument, channel: Channel, event: MiniTickerEvent, unit: TimeUnit) -> str:
    """Spell a mini ticker."""
    bar, price = event.bar, instrument.price_text
    pair, product = _product(instrument)
    return (
        f'{{"e":"24hrMiniTicker","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}",{pair}'
        f'"c":"{price(bar.close)}","o":"{price(bar.open)}","h":"{price(bar.high)}","l":"{price(bar.low)}",'
        f'"v":"{instrument.qty_text(bar.qty)}","q":"{instrument.turnover_text(bar.turnover)}"{product}}}'
    )


def average_price(instrument: Instrument, channel: Channel, event: AveragePriceEvent, unit: TimeUnit) -> str:
    """Spell an average price of spot."""
    return (
        f'{{"e":"avgPrice","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}","i":"{event.minutes}m",'
        f'"w":"{instrument.price_text(event.price)}","T":{unit.at(event.last_trade_ms)}}}'
    )


def _product(instrument: Instrument) -> tuple[str, str]:
    # What only futures have: the pair in front of the numbers, the product behind them.
    product = PRODUCT.get(instrument.market)
    if product is None:
        return "", ""
    return f'"ps":"{instrument.pair}",', f',"st":{product}'
