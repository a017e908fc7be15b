"""Spelling of trades, aggregates and block trades."""

from fastbinance.sim.channels import Channel
from fastbinance.sim.events import AggTradeEvent, BlockTradeEvent, TradeEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.payload.books import PRODUCT
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["agg_trade", "block_trade", "trade"]


def trade(instrument: Instrument, channel: Channel, event: TradeEvent, unit: TimeUnit) -> str:
    """Spell one execution."""
    trade_id, price, qty, trade_type, is_buyer_maker, time_ms = event
    market, symbol, maker = instrument.market, instrument.symbol, _bool(is_buyer_maker)
    # The filler's zeros are spelled bare, not on the symbol's grid.
    price_text = instrument.price_text(price) if price else "0"
    qty_text = instrument.qty_text(qty) if qty else "0"
    numbers = f'"s":"{symbol}","t":{trade_id},"p":"{price_text}","q":"{qty_text}"'
    if market == "spot":
        time = unit.at(time_ms)
        return f'{{"e":"trade","E":{time},{numbers},"T":{time},"m":{maker},"M":true}}'
    head = f'{{"e":"trade","E":{time_ms},"T":{time_ms},{numbers}'
    if market == "alpha":
        return f'{head},"m":{maker}}}'
    if market == "options":
        side = "SELL" if is_buyer_maker else "BUY"
        return f'{head},"X":"{trade_type}","S":"{side}","m":{maker}}}'
    return f'{head},"X":"{trade_type}","m":{maker},"st":{PRODUCT[market]}}}'


def agg_trade(instrument: Instrument, channel: Channel, event: AggTradeEvent, unit: TimeUnit) -> str:
    """Spell executions of one side at one price."""
    market, symbol, maker = instrument.market, instrument.symbol, _bool(event.is_buyer_maker)
    price, qty = instrument.price_text(event.price), instrument.qty_text(event.qty)
    if market == "alpha":
        return (
            f'{{"e":"aggTrade","E":{event.event_ms},"T":{event.time_ms},"a":{event.agg_trade_id},'
            f'"f":{event.first_trade_id},"l":{event.last_trade_id},"m":{maker},"p":"{price}","q":"{qty}",'
            f'"s":"{symbol}"}}'
        )
    ids = f'"f":{event.first_trade_id},"l":{event.last_trade_id},"T":{unit.at(event.time_ms)}'
    if market == "spot":
        return (
            f'{{"e":"aggTrade","E":{unit.at(event.event_ms)},"s":"{symbol}","a":{event.agg_trade_id},'
            f'"p":"{price}","q":"{qty}",{ids},"m":{maker},"M":true}}'
        )
    normal = f'"nq":"{instrument.qty_text(event.normal_qty)}",' if market == "usdm" else ""
    return (
        f'{{"e":"aggTrade","E":{event.event_ms},"a":{event.agg_trade_id},"s":"{symbol}","p":"{price}",'
        f'"q":"{qty}",{normal}{ids},"m":{maker},"st":{PRODUCT[market]}}}'
    )


def block_trade(instrument: Instrument, channel: Channel, event: BlockTradeEvent, unit: TimeUnit) -> str:
    """Spell a block trade of spot."""
    return (
        f'{{"e":"blockTrade","E":{unit.at(event.event_ms)},"s":"{instrument.symbol}","t":{event.trade_id},'
        f'"p":"{instrument.price_text(event.price)}","q":"{instrument.qty_text(event.qty)}",'
        f'"T":{unit.at(event.time_ms)},"m":{_bool(event.is_buyer_maker)}}}'
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
