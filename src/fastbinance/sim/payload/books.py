"""Spelling of the book: its top, its levels, its snapshots."""

from typing import Final

from fastbinance.keys import Market
from fastbinance.sim.book import Level, Snapshot
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import BookTickerEvent, DepthEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["PRODUCT", "book_ticker", "depth", "snapshot_body"]

#: Integer that futures call a product, as ``st``.
PRODUCT: Final[dict[Market, int]] = {"usdm": 1, "coinm": 2}


def book_ticker(instrument: Instrument, channel: Channel, event: BookTickerEvent, unit: TimeUnit) -> str:
    """Spell a bookTicker."""
    update_id, (bid, bid_qty), (ask, ask_qty), time_ms = event
    price_text, qty_text = instrument.price_text, instrument.qty_text
    quote = (
        f'"b":"{price_text(bid)}","B":"{qty_text(bid_qty)}","a":"{price_text(ask)}","A":"{qty_text(ask_qty)}"'
    )
    market, symbol = instrument.market, instrument.symbol
    if market == "spot":
        return f'{{"u":{update_id},"s":"{symbol}",{quote}}}'
    if market == "options":
        return f'{{"e":"bookTicker","u":{update_id},"s":"{symbol}",{quote},"T":{time_ms},"E":{time_ms}}}'
    if market == "alpha":
        return f'{{"e":"bookTicker","E":{time_ms},"T":{time_ms},"u":{update_id},"s":"{symbol}",{quote}}}'
    return (
        f'{{"e":"bookTicker","u":{update_id},"s":"{symbol}","ps":"{instrument.pair}",{quote},'
        f'"T":{time_ms},"E":{time_ms},"st":{PRODUCT[market]}}}'
    )


def depth(instrument: Instrument, channel: Channel, event: DepthEvent, unit: TimeUnit) -> str:
    """Spell diff and partial depth. Only on spot do the payloads tell them apart."""
    bids, asks = _levels(instrument, event.bids), _levels(instrument, event.asks)
    market, symbol = instrument.market, instrument.symbol
    if market == "spot":
        if channel.topic == Topic.PARTIAL_DEPTH:
            return f'{{"lastUpdateId":{event.update_id},"bids":[{bids}],"asks":[{asks}]}}'
        head = f'{{"e":"depthUpdate","E":{unit.at(event.event_ms)},"s":"{symbol}"'
        return f'{head},"U":{event.first_update_id},"u":{event.update_id},"b":[{bids}],"a":[{asks}]}}'
    head = f'{{"e":"depthUpdate","E":{event.event_ms},"T":{event.time_ms}'
    ids = f'"U":{event.first_update_id},"u":{event.update_id},"pu":{event.previous_update_id}'
    if market == "alpha":
        return f'{head},{ids},"s":"{symbol}","b":[{bids}],"a":[{asks}]}}'
    if market == "options":
        return f'{head},"s":"{symbol}",{ids},"b":[{bids}],"a":[{asks}]}}'
    return (
        f'{head},"s":"{symbol}","ps":"{instrument.pair}",{ids},"b":[{bids}],"a":[{asks}],'
        f'"st":{PRODUCT[market]}}}'
    )


def snapshot_body(instrument: Instrument, snapshot: Snapshot, *, time_ms: int, event_ms: int) -> bytes:
    """Spell the book as the body of a REST depth request."""
    bids, asks = _levels(instrument, snapshot.bids), _levels(instrument, snapshot.asks)
    if instrument.market == "options":
        # As documented: the levels first, and one time.
        return (
            f'{{"bids":[{bids}],"asks":[{asks}],"T":{time_ms},"lastUpdateId":{snapshot.update_id}}}'
        ).encode()
    head = f'{{"lastUpdateId":{snapshot.update_id}'
    if instrument.market != "spot":
        head += f',"E":{event_ms},"T":{time_ms}'
    if instrument.market == "coinm":
        head += f',"symbol":"{instrument.symbol}","pair":"{instrument.pair}"'
    return f'{head},"bids":[{bids}],"asks":[{asks}]}}'.encode()


def _levels(instrument: Instrument, levels: list[Level]) -> str:
    price_text, qty_text = instrument.price_text, instrument.qty_text
    return ",".join([f'["{price_text(price)}","{qty_text(qty)}"]' for price, qty in levels])
