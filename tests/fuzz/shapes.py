"""What each kind of message has: its keys, how their values are read, and the record they fill.

Typed from Binance's documentation and from what has been captured, apart from the library's own tables.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fuzz.readers import READERS, groups, inside, table


@dataclass(frozen=True)
class Shape:
    """What a kind's payload has: key to how its value is read and where it goes."""

    kind: int
    events: tuple[str, ...]
    fields: tuple[str, ...]
    layout: struct.Struct
    keys: dict[str, tuple[Callable[..., None], str]]
    required: tuple[frozenset[str], ...]
    blank: dict[str, Any]
    has_levels: bool = False


HEAD: Final = "flags:I symbol_id:I event_ns:q transaction_ns:q recv_ns:q"
SHAPES: Final[dict[int, Shape]] = {}


def _shape(kind: int, events: str, fields: str, keys: str, required: str, levels: bool = False) -> None:
    names, codes, blank = ["sequence"], "<q", {"sequence": 0}
    for word in f"{HEAD} {fields}".split():
        name, _, code = word.partition(":")
        names.append(name)
        codes += code
        blank[name] = {"d": math.nan, "?": False}.get(code, 0)
    SHAPES[kind] = Shape(
        kind,
        tuple(events.split()),
        tuple(names),
        struct.Struct(codes),
        table(keys),
        groups(required),
        blank,
        levels,
    )


_TIMES = "e:event E:time>event_ns T:time>transaction_ns"
_TRADE_FIELDS = "trade_id:q price:d qty:d is_buyer_maker:? trade_type:B"
_DEPTH_FIELDS = "first_update_id:q update_id:q prev_update_id:q levels_begin:q bid_count:I ask_count:I"
_KLINE_FIELDS = (
    "open_time_ns:q close_time_ns:q open_price:d high_price:d low_price:d close_price:d volume:d"
    " quote_volume:d"
    " taker_buy_volume:d taker_buy_quote_volume:d first_trade_id:q last_trade_id:q trade_count:q is_closed:?"
)
_CANDLE = (
    "t:time>open_time_ns T:time>close_time_ns i:skip f:int>first_trade_id L:int>last_trade_id"
    " o:dec>open_price"
    " c:dec>close_price h:dec>high_price l:dec>low_price v:dec>volume n:int>trade_count x:bool>is_closed"
    " q:dec>quote_volume V:dec>taker_buy_volume Q:dec>taker_buy_quote_volume B:skip"
)
_CANDLE_REQUIRED = "t T f L o c h l v n x q V Q"
_TICKER_FIELDS = (
    "open_time_ns:q close_time_ns:q first_trade_id:q last_trade_id:q trade_count:q price_change:d"
    " price_change_percent:d weighted_average_price:d previous_close_price:d last_price:d last_qty:d"
    " bid_price:d"
    " bid_qty:d ask_price:d ask_qty:d open_price:d high_price:d low_price:d volume:d quote_volume:d"
)
_TICKER = (
    "e:event E:time>event_ns s:symbol p:dec>price_change P:dec>price_change_percent"
    " w:dec>weighted_average_price"
    " c:dec>last_price o:dec>open_price h:dec>high_price l:dec>low_price v:dec>volume q:dec>quote_volume"
    " O:time>open_time_ns C:time>close_time_ns F:int>first_trade_id L:int>last_trade_id n:int>trade_count"
)
_TICKER_REQUIRED = "e E s p P w c o h l v q O C F L n"

_shape(
    1,
    "bookTicker",
    "update_id:q bid_price:d bid_qty:d ask_price:d ask_qty:d",
    f"{_TIMES} u:int>update_id s:symbol ps:skip b:dec>bid_price B:dec>bid_qty a:dec>ask_price"
    " A:dec>ask_qty st:product",
    "u s b B a A",
)
_shape(
    2,
    "trade",
    _TRADE_FIELDS,
    f"{_TIMES} s:symbol t:int>trade_id p:dec>price q:dec>qty m:bool>is_buyer_maker X:trade_type st:product"
    " M:skip S:skip ps:skip b:skip a:skip",
    "e E T s t p q m",
)
_shape(
    3,
    "aggTrade",
    "agg_trade_id:q first_trade_id:q last_trade_id:q price:d qty:d is_buyer_maker:?",
    f"{_TIMES} s:symbol a:int>agg_trade_id f:int>first_trade_id l:int>last_trade_id p:dec>price q:dec>qty"
    " m:bool>is_buyer_maker st:product nq:skip M:skip ps:skip",
    "e E T s a f l p q m",
)
_shape(
    4,
    "depthUpdate",
    _DEPTH_FIELDS,
    f"{_TIMES} s:symbol ps:skip U:int>first_update_id u:int>update_id pu:int>prev_update_id b:levels>bids"
    " a:levels>asks st:product",
    "e E s U u b a",
    levels=True,
)
_shape(
    5,
    "depthUpdate",
    _DEPTH_FIELDS,
    f"{_TIMES} s:symbol ps:skip U:int>first_update_id u:int>update_id lastUpdateId:int>update_id"
    " pu:int>prev_update_id b:levels>bids bids:levels>bids a:levels>asks asks:levels>asks st:product",
    "u|lastUpdateId b|bids a|asks",
    levels=True,
)
_shape(
    6,
    "blockTrade",
    _TRADE_FIELDS,
    f"{_TIMES} s:symbol t:int>trade_id p:dec>price q:dec>qty m:bool>is_buyer_maker M:skip",
    "e E T s t p q m",
)
READERS["candle"] = inside(f"{_CANDLE} s:skip", _CANDLE_REQUIRED)
READERS["candle_of_symbol"] = inside(f"{_CANDLE} s:symbol", f"{_CANDLE_REQUIRED} s")
READERS["contract_candle"] = inside(
    "ot:time>open_time_ns ct:time>close_time_ns i:skip o:dec>open_price c:dec>close_price h:dec>high_price"
    " l:dec>low_price v:dec>volume",
    "ot ct o c h l v",
)
_shape(
    7,
    "kline",
    _KLINE_FIELDS,
    "e:event E:time>event_ns s:symbol k:candle ps:skip st:product",
    "e E s k",
)
_shape(
    8,
    "continuous_kline",
    _KLINE_FIELDS,
    "e:event E:time>event_ns ps:pair ct:contract_type k:candle st:product",
    "e E ps ct k",
)
_shape(
    9,
    "indexPrice_kline",
    _KLINE_FIELDS,
    "e:event E:time>event_ns ps:symbol k:candle st:product",
    "e E ps k",
)
_shape(
    10,
    "markPrice_kline",
    _KLINE_FIELDS,
    "e:event E:time>event_ns ps:skip k:candle_of_symbol st:product",
    "e E k",
)
_shape(
    11,
    "kline",
    _KLINE_FIELDS,
    "e:event ca:contract>symbol E:time>event_ns k:contract_candle",
    "e ca k",
)
_shape(
    12,
    "24hrTicker",
    _TICKER_FIELDS,
    f"{_TICKER} ps:skip x:dec>previous_close_price Q:dec>last_qty b:dec>bid_price B:dec>bid_qty"
    " a:dec>ask_price"
    " A:dec>ask_qty st:product",
    f"{_TICKER_REQUIRED} Q",
)
_shape(13, "1hTicker 4hTicker 1dTicker", _TICKER_FIELDS, _TICKER, _TICKER_REQUIRED)
_shape(
    14,
    "24hrMiniTicker",
    "last_price:d open_price:d high_price:d low_price:d volume:d quote_volume:d",
    "e:event E:time>event_ns s:symbol ps:skip c:dec>last_price o:dec>open_price h:dec>high_price"
    " l:dec>low_price"
    " v:dec>volume q:dec>quote_volume st:product",
    "e E s c o h l v q",
)
_shape(
    15,
    "avgPrice",
    "average_price:d interval_ns:q",
    f"{_TIMES} s:symbol i:interval>interval_ns w:dec>average_price",
    "e E T s i w",
)
_shape(
    16,
    "referencePrice",
    "price:d",
    "e:event s:symbol r:maybe>price t:time>transaction_ns E:time>event_ns",
    "e s r t",
)
_shape(
    17,
    "markPriceUpdate",
    "mark_price:d mark_price_average:d index_price:d estimated_settle_price:d funding_rate:d"
    " next_funding_ns:q",
    "e:event E:time>event_ns s:symbol p:dec>mark_price ap:dec>mark_price_average"
    " P:maybe>estimated_settle_price"
    " i:maybe>index_price r:maybe>funding_rate T:time>next_funding_ns st:product ps:skip",
    "e E s p",
)
_shape(
    18,
    "markPrice",
    "mark_price:d index_price:d estimated_settle_price:d bid_price:d ask_price:d bid_qty:d ask_qty:d"
    " bid_iv:d ask_iv:d"
    " high_price_limit:d low_price_limit:d mark_iv:d risk_free_rate:d delta:d theta:d gamma:d vega:d",
    "e:event E:time>event_ns s:symbol mp:dec>mark_price i:dec>index_price P:dec>estimated_settle_price"
    " bo:dec>bid_price"
    " ao:dec>ask_price bq:dec>bid_qty aq:dec>ask_qty b:dec>bid_iv a:dec>ask_iv hl:dec>high_price_limit"
    " ll:dec>low_price_limit vo:dec>mark_iv rf:dec>risk_free_rate d:dec>delta t:dec>theta g:dec>gamma"
    " v:dec>vega",
    "e E s mp i P bo ao bq aq b a hl ll vo rf d t g v",
)
_shape(
    19,
    "indexPriceUpdate indexPrice",
    "price:d",
    "e:event E:time>event_ns i:symbol s:symbol p:dec>price st:product",
    "e E i|s p",
)
READERS["order"] = inside(
    "s:symbol S:side o:order_type f:time_in_force q:dec>qty p:dec>price ap:dec>average_price X:order_status"
    " l:dec>last_filled_qty z:dec>cumulative_filled_qty T:time>transaction_ns ps:skip st:product",
    "s S o f q p ap X l z T",
)
_shape(
    20,
    "forceOrder",
    "price:d average_price:d qty:d last_filled_qty:d cumulative_filled_qty:d side:B order_type:B"
    " time_in_force:B"
    " order_status:B",
    "e:event E:time>event_ns o:order ps:skip st:product",
    "e E o",
)
_shape(
    21,
    "openInterest",
    "open_interest:d open_interest_value:d",
    "e:event E:time>event_ns s:symbol o:dec>open_interest h:dec>open_interest_value",
    "e E s o h",
)
_shape(
    22, "assetIndexUpdate",
    "index_price:d bid_buffer:d ask_buffer:d bid_rate:d ask_rate:d auto_exchange_bid_buffer:d"
    " auto_exchange_ask_buffer:d auto_exchange_bid_rate:d auto_exchange_ask_rate:d",
    "e:event E:time>event_ns s:symbol i:dec>index_price b:dec>bid_buffer a:dec>ask_buffer B:dec>bid_rate"
    " A:dec>ask_rate"
    " q:dec>auto_exchange_bid_buffer g:dec>auto_exchange_ask_buffer Q:dec>auto_exchange_bid_rate"
    " G:dec>auto_exchange_ask_rate",
    "e E s i b a B A q g Q G",
)  # fmt: skip
