"""Spelling of klines: of trades, of a contract type, of an address, of mark and index prices."""

from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import KlineEvent, PriceKlineEvent
from fastbinance.sim.instrument import Instrument, decimal_text
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["kline", "price_kline"]

_PRICE_DECIMALS = 8


def kline(instrument: Instrument, channel: Channel, event: KlineEvent, unit: TimeUnit) -> str:
    """Spell a kline of trades."""
    bar, price, qty = event.bar, instrument.price_text, instrument.qty_text
    opens, closes = unit.opens(bar.open_ms), unit.closes(event.close_ms)
    prices = (
        f'"o":"{price(bar.open)}","c":"{price(bar.close)}","h":"{price(bar.high)}","l":"{price(bar.low)}",'
        f'"v":"{qty(bar.qty)}"'
    )
    if channel.topic == Topic.CONTRACT_KLINE:
        return (
            f'{{"ca":"{instrument.symbol}","e":"kline","k":{{{prices},"ot":{opens},"ct":{closes},'
            f'"i":"{channel.interval}"}}}}'
        )
    is_continuous = channel.topic == Topic.CONTINUOUS_KLINE
    symbol = "" if is_continuous else f'"s":"{instrument.symbol}",'
    # Options have no B, the field that everybody is told to ignore.
    ignored = "" if instrument.market == "options" else ',"B":"0"'
    body = (
        f'"k":{{"t":{opens},"T":{closes},{symbol}"i":"{channel.interval}","f":{bar.first_trade_id},'
        f'"L":{bar.last_trade_id},{prices},"n":{bar.trades},"x":{_bool(event.is_closed)},'
        f'"q":"{instrument.turnover_text(bar.turnover)}","V":"{qty(bar.taker_buy_qty)}",'
        f'"Q":"{instrument.turnover_text(bar.taker_buy_turnover)}"{ignored}}}'
    )
    if is_continuous:
        return (
            f'{{"e":"continuous_kline","E":{event.event_ms},"ps":"{instrument.pair}",'
            f'"ct":"{channel.variant}",{body}}}'
        )
    return f'{{"e":"kline","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}",{body}}}'


def price_kline(instrument: Instrument, channel: Channel, event: PriceKlineEvent, unit: TimeUnit) -> str:
    """Spell a kline of a mark or index price, whose volumes mean nothing."""
    name, symbol = "markPrice_kline", instrument.symbol
    if channel.topic == Topic.INDEX_PRICE_KLINE:
        name, symbol = "indexPrice_kline", "0"
    opened, high, low, close = (
        decimal_text(number, _PRICE_DECIMALS)
        for number in (event.open_e8, event.high_e8, event.low_e8, event.close_e8)
    )
    return (
        f'{{"e":"{name}","E":{event.event_ms},"ps":"{instrument.pair}","k":{{"t":{event.open_ms},'
        f'"T":{event.close_ms},"s":"{symbol}","i":"{channel.interval}","f":0,"L":0,"o":"{opened}",'
        f'"c":"{close}","h":"{high}","l":"{low}","v":"0","n":{event.samples},"x":{_bool(event.is_closed)},'
        f'"q":"0","V":"0","Q":"0","B":"0"}}}}'
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
