"""Events in Binance's words: the JSON text of each payload, digit for digit as on the wire in 2026.

Built by f-strings, since a payload is a fixed sentence with numbers in it; `json.dumps` costs ten times as
much.
"""

from typing import Final

from fastbinance.keys import Market
from fastbinance.sim.book import Level, Snapshot
from fastbinance.sim.channels import Channel
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.market import AggTradeEvent, BookTickerEvent, DepthEvent, Event, TradeEvent
from fastbinance.streams import Kind

__all__ = ["event_payload", "snapshot_body"]

_PRODUCT: Final[dict[Market, int]] = {"usdm": 1, "coinm": 2}


def event_payload(instrument: Instrument, channel: Channel, event: Event) -> bytes:
    """Spell one event as the payload of its stream."""
    if isinstance(event, BookTickerEvent):
        text = _book_ticker(instrument, event)
    elif isinstance(event, TradeEvent):
        text = _trade(instrument, event)
    elif isinstance(event, AggTradeEvent):
        text = _agg_trade(instrument, event)
    elif channel.kind == Kind.PARTIAL_DEPTH and instrument.market == "spot":
        text = _spot_partial_depth(instrument, event)
    else:
        # On futures a partial depth calls itself depthUpdate too; only the stream name tells them apart.
        text = _depth(instrument, event)
    return text.encode()


def snapshot_body(instrument: Instrument, snapshot: Snapshot, *, time_ms: int, event_ms: int) -> bytes:
    """Spell the book as the body of a REST depth request."""
    bids, asks = _levels(instrument, snapshot.bids), _levels(instrument, snapshot.asks)
    head = f'{{"lastUpdateId":{snapshot.update_id}'
    if instrument.market != "spot":
        head += f',"E":{event_ms},"T":{time_ms}'
    if instrument.market == "coinm":
        head += f',"symbol":"{instrument.symbol}","pair":"{instrument.pair}"'
    return f'{head},"bids":[{bids}],"asks":[{asks}]}}'.encode()


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _levels(instrument: Instrument, levels: list[Level]) -> str:
    price_text, qty_text = instrument.price_text, instrument.qty_text
    return ",".join([f'["{price_text(price)}","{qty_text(qty)}"]' for price, qty in levels])


def _book_ticker(instrument: Instrument, event: BookTickerEvent) -> str:
    update_id, (bid, bid_qty), (ask, ask_qty), time_ms = event
    price_text, qty_text = instrument.price_text, instrument.qty_text
    quote = (
        f'"b":"{price_text(bid)}","B":"{qty_text(bid_qty)}","a":"{price_text(ask)}","A":"{qty_text(ask_qty)}"'
    )
    if instrument.market == "spot":
        return f'{{"u":{update_id},"s":"{instrument.symbol}",{quote}}}'
    return (
        f'{{"e":"bookTicker","u":{update_id},"s":"{instrument.symbol}","ps":"{instrument.pair}",{quote},'
        f'"T":{time_ms},"E":{time_ms},"st":{_PRODUCT[instrument.market]}}}'
    )


def _trade(instrument: Instrument, event: TradeEvent) -> str:
    trade_id, price, qty, trade_type, is_buyer_maker, time_ms = event
    symbol, maker = instrument.symbol, _bool(is_buyer_maker)
    # The filler's zeros are spelled bare, not on the symbol's grid.
    price_text = instrument.price_text(price) if price else "0"
    qty_text = instrument.qty_text(qty) if qty else "0"
    if instrument.market == "spot":
        return (
            f'{{"e":"trade","E":{time_ms},"s":"{symbol}","t":{trade_id},"p":"{price_text}","q":"{qty_text}",'
            f'"T":{time_ms},"m":{maker},"M":true}}'
        )
    return (
        f'{{"e":"trade","E":{time_ms},"T":{time_ms},"s":"{symbol}","t":{trade_id},"p":"{price_text}",'
        f'"q":"{qty_text}","X":"{trade_type}","m":{maker},"st":{_PRODUCT[instrument.market]}}}'
    )


def _agg_trade(instrument: Instrument, event: AggTradeEvent) -> str:
    symbol, price, qty = instrument.symbol, instrument.price_text(event.price), instrument.qty_text(event.qty)
    ids = f'"f":{event.first_trade_id},"l":{event.last_trade_id},"T":{event.time_ms}'
    maker = _bool(event.is_buyer_maker)
    if instrument.market == "spot":
        return (
            f'{{"e":"aggTrade","E":{event.event_ms},"s":"{symbol}","a":{event.agg_trade_id},"p":"{price}",'
            f'"q":"{qty}",{ids},"m":{maker},"M":true}}'
        )
    normal = f'"nq":"{instrument.qty_text(event.normal_qty)}",' if instrument.market == "usdm" else ""
    return (
        f'{{"e":"aggTrade","E":{event.event_ms},"a":{event.agg_trade_id},"s":"{symbol}","p":"{price}",'
        f'"q":"{qty}",{normal}{ids},"m":{maker},"st":{_PRODUCT[instrument.market]}}}'
    )


def _spot_partial_depth(instrument: Instrument, event: DepthEvent) -> str:
    bids, asks = _levels(instrument, event.bids), _levels(instrument, event.asks)
    return f'{{"lastUpdateId":{event.update_id},"bids":[{bids}],"asks":[{asks}]}}'


def _depth(instrument: Instrument, event: DepthEvent) -> str:
    bids, asks = _levels(instrument, event.bids), _levels(instrument, event.asks)
    ids = f'"U":{event.first_update_id},"u":{event.update_id}'
    if instrument.market == "spot":
        head = f'{{"e":"depthUpdate","E":{event.event_ms},"s":"{instrument.symbol}"'
        return f'{head},{ids},"b":[{bids}],"a":[{asks}]}}'
    return (
        f'{{"e":"depthUpdate","E":{event.event_ms},"T":{event.time_ms},"s":"{instrument.symbol}",'
        f'"ps":"{instrument.pair}",{ids},"pu":{event.previous_update_id},"b":[{bids}],"a":[{asks}],'
        f'"st":{_PRODUCT[instrument.market]}}}'
    )
