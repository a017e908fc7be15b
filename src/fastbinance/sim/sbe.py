"""Events as Binance spells them in SBE: schema ``spot_stream``, id 1, version 0, little endian.

Written with `struct` from the schema alone, as the JSON of `payload` is from the documentation: nothing here
comes from the decoder that is tested against it. A price counts the last decimal of its symbol and so does a
quantity, which is what mantissa and exponent say; every time is in microseconds.
"""

import struct
from collections.abc import Sequence
from typing import Final

from fastbinance.sim.book import Level
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.events import BookTickerEvent, DepthEvent, TradeEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.timeunit import micros

__all__ = ["BinaryEvent", "best_bid_ask", "binary_payload", "depth", "trades"]

#: Events that have a template.
BinaryEvent = BookTickerEvent | TradeEvent | DepthEvent

_HEADER: Final = struct.Struct("<HHHH")
_SCHEMA_ID: Final = 1
_VERSION: Final = 0
_TRADES, _BEST_BID_ASK, _DEPTH_SNAPSHOT, _DEPTH_DIFF = 10000, 10001, 10002, 10003

_TRADES_ROOT: Final = struct.Struct("<qqbb")
_TRADE: Final = struct.Struct("<qqqB")
_BEST_BID_ASK_ROOT: Final = struct.Struct("<qqbbqqqq")
_SNAPSHOT_ROOT: Final = struct.Struct("<qqbb")
_DIFF_ROOT: Final = struct.Struct("<qqqbb")
_LEVEL: Final = struct.Struct("<qq")
# Block length and count: levels are counted in 16 bits, trades in 32.
_GROUP: Final = struct.Struct("<HI")
_GROUP_16: Final = struct.Struct("<HH")


def binary_payload(instrument: Instrument, channel: Channel, events: Sequence[BinaryEvent]) -> bytes:
    """Spell events as one binary message.

    Parameters
    ----------
    instrument
        Whose events they are; a symbol of spot.
    channel
        The stream, which decides whether a depth is a snapshot or a diff.
    events
        Trades of one moment, or one event of another type.
    """
    executions = [event for event in events if isinstance(event, TradeEvent)]
    if executions:
        return trades(instrument, executions)
    (event,) = events
    if isinstance(event, BookTickerEvent):
        return best_bid_ask(instrument, event)
    assert isinstance(event, DepthEvent)
    return depth(instrument, event, is_snapshot=channel.topic == Topic.PARTIAL_DEPTH)


def trades(instrument: Instrument, events: Sequence[TradeEvent]) -> bytes:
    """Spell the trades of one moment: TradesStreamEvent."""
    time_us = micros(events[0].time_ms)
    return b"".join(
        (
            _HEADER.pack(_TRADES_ROOT.size, _TRADES, _SCHEMA_ID, _VERSION),
            _TRADES_ROOT.pack(time_us, time_us, *_exponents(instrument)),
            _GROUP.pack(_TRADE.size, len(events)),
            *(_TRADE.pack(one.trade_id, one.price, one.qty, one.is_buyer_maker) for one in events),
            _symbol(instrument),
        )
    )


def best_bid_ask(instrument: Instrument, event: BookTickerEvent) -> bytes:
    """Spell the top of the book: BestBidAskStreamEvent."""
    root = _BEST_BID_ASK_ROOT.pack(
        micros(event.time_ms), event.update_id, *_exponents(instrument), *event.bid, *event.ask
    )
    return _HEADER.pack(len(root), _BEST_BID_ASK, _SCHEMA_ID, _VERSION) + root + _symbol(instrument)


def depth(instrument: Instrument, event: DepthEvent, *, is_snapshot: bool) -> bytes:
    """Spell a depth: DepthSnapshotStreamEvent or DepthDiffStreamEvent."""
    time_us, exponents = micros(event.event_ms), _exponents(instrument)
    if is_snapshot:
        template, root = _DEPTH_SNAPSHOT, _SNAPSHOT_ROOT.pack(time_us, event.update_id, *exponents)
    else:
        template = _DEPTH_DIFF
        root = _DIFF_ROOT.pack(time_us, event.first_update_id, event.update_id, *exponents)
    head = _HEADER.pack(len(root), template, _SCHEMA_ID, _VERSION)
    return head + root + _levels(event.bids) + _levels(event.asks) + _symbol(instrument)


def _levels(levels: Sequence[Level]) -> bytes:
    return _GROUP_16.pack(_LEVEL.size, len(levels)) + b"".join([_LEVEL.pack(*level) for level in levels])


def _exponents(instrument: Instrument) -> tuple[int, int]:
    # On spot a tick and a lot are one of the last decimal.
    return -instrument.price_decimals, -instrument.qty_decimals


def _symbol(instrument: Instrument) -> bytes:
    text = instrument.symbol.encode()
    return bytes((len(text),)) + text
