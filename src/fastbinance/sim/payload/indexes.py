"""Spelling of what does not trade: indexes, assets, sessions, tokens."""

from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import (
    AssetIndexEvent,
    CompositeIndexEvent,
    IndexPriceEvent,
    TokenEvent,
    TradingSessionEvent,
)
from fastbinance.sim.instrument import decimal_text
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["asset_index", "composite_index", "index_price", "token", "trading_session"]

_DECIMALS = 8


def index_price(instrument: None, channel: Channel, event: IndexPriceEvent, unit: TimeUnit) -> str:
    """Spell an index price of COIN-M or options."""
    price = _text(event.price_e8)
    if channel.topic == Topic.OPTION_INDEX:
        return f'{{"e":"indexPrice","E":{event.event_ms},"s":"{event.name}","p":"{price}"}}'
    return f'{{"e":"indexPriceUpdate","E":{event.event_ms},"i":"{event.name}","p":"{price}"}}'


def composite_index(instrument: None, channel: Channel, event: CompositeIndexEvent, unit: TimeUnit) -> str:
    """Spell a composite index with its components."""
    components = ",".join(
        f'{{"b":"{part.asset}","q":"{part.quote}","w":"{_text(part.weight_e8)}","W":"{_text(part.share_e8)}",'
        f'"i":"{_text(part.price_e8)}"}}'
        for part in event.components
    )
    return (
        f'{{"e":"compositeIndex","E":{event.event_ms},"s":"{event.name}","p":"{_text(event.price_e8)}",'
        f'"C":"baseAsset","c":[{components}]}}'
    )


def asset_index(instrument: None, channel: Channel, event: AssetIndexEvent, unit: TimeUnit) -> str:
    """Spell the index of a margin asset."""
    buffer, exchange_buffer = _text(event.buffer_e8), _text(event.exchange_buffer_e8)
    return (
        f'{{"e":"assetIndexUpdate","E":{event.event_ms},"s":"{event.name}","i":"{_text(event.price_e8)}",'
        f'"b":"{buffer}","a":"{buffer}","B":"{_text(event.bid_rate_e8)}","A":"{_text(event.ask_rate_e8)}",'
        f'"q":"{exchange_buffer}","g":"{exchange_buffer}","Q":"{_text(event.exchange_bid_rate_e8)}",'
        f'"G":"{_text(event.exchange_ask_rate_e8)}"}}'
    )


def trading_session(instrument: None, channel: Channel, event: TradingSessionEvent, unit: TimeUnit) -> str:
    """Spell the session of an underlying market, whose name is the event's."""
    return (
        f'{{"e":"{event.market}","E":{event.event_ms},"t":{event.start_ms},"T":{event.end_ms},'
        f'"S":"{event.session}"}}'
    )


def token(instrument: None, channel: Channel, event: TokenEvent, unit: TimeUnit) -> str:
    """Spell the figures of one Alpha token."""
    worth = event.price * event.supply
    return (
        f'{{"ca":"{event.contract}","cnt24":{event.trades},"fdv":"{worth:.2f}","hc":"{event.holders}",'
        f'"liq":"{event.liquidity:.2f}","mc":"{worth / 2:.2f}","p":"{event.price:.8f}",'
        f'"pc24":"{event.change_percent:.4f}","s":"{event.symbol}","t":{event.time_ms},'
        f'"vol24":"{event.volume:.2f}"}}'
    )


def _text(number: int) -> str:
    return decimal_text(number, _DECIMALS)
