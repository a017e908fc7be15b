"""What happens on the exchange, in ticks and lots; how it is spelled is the business of `payload`.

Prices that do not trade (marks, indexes) have a finer grid than ticks: they count hundred millionths of the
quote asset, and their fields end in ``_e8``. So do rates, in hundred millionths of one.
"""

from typing import NamedTuple

from fastbinance.sim.bars import Bar
from fastbinance.sim.book import Level
from fastbinance.sim.instrument import Instrument

__all__ = [
    "AggTradeEvent",
    "AssetIndexEvent",
    "AveragePriceEvent",
    "BlockTradeEvent",
    "BookTickerEvent",
    "Bracket",
    "CompositeIndexEvent",
    "ContractInfoEvent",
    "DepthEvent",
    "Event",
    "ForceOrderEvent",
    "IndexArray",
    "IndexComponent",
    "IndexEvent",
    "IndexPriceEvent",
    "KlineEvent",
    "MarkPriceEvent",
    "MarketArray",
    "MiniTickerEvent",
    "OpenInterestEvent",
    "OptionMarkPriceEvent",
    "OptionSymbolEvent",
    "PriceKlineEvent",
    "ReferencePriceEvent",
    "Reported",
    "TickerEvent",
    "TokenEvent",
    "TradeEvent",
    "TradingSessionEvent",
]


class BookTickerEvent(NamedTuple):
    """Best bid and ask after one action."""

    update_id: int
    bid: Level
    ask: Level
    time_ms: int


class TradeEvent(NamedTuple):
    """One execution. ``trade_type`` is ``MARKET``, ``RPI`` or ``NA``, the filler that is no trade."""

    trade_id: int
    price: int
    qty: int
    trade_type: str
    is_buyer_maker: bool
    time_ms: int


class AggTradeEvent(NamedTuple):
    """Executions of one side at one price. ``normal_qty`` leaves out those against RPI orders."""

    agg_trade_id: int
    price: int
    qty: int
    normal_qty: int
    first_trade_id: int
    last_trade_id: int
    is_buyer_maker: bool
    time_ms: int
    event_ms: int


class DepthEvent(NamedTuple):
    """Changed levels since the previous event of the stream, or its top levels whole."""

    first_update_id: int
    update_id: int
    previous_update_id: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int
    event_ms: int


class BlockTradeEvent(NamedTuple):
    """A trade that was agreed upon outside the book."""

    trade_id: int
    price: int
    qty: int
    is_buyer_maker: bool
    time_ms: int
    event_ms: int


class KlineEvent(NamedTuple):
    """A kline of trades, at present or at its end. ``close_ms`` is its last millisecond."""

    bar: Bar
    close_ms: int
    is_closed: bool
    event_ms: int


class PriceKlineEvent(NamedTuple):
    """A kline of a price that does not trade: mark or index."""

    open_ms: int
    close_ms: int
    open_e8: int
    high_e8: int
    low_e8: int
    close_e8: int
    samples: int
    is_closed: bool
    event_ms: int


class TickerEvent(NamedTuple):
    """Trades of a window, and the top of the book at its end. ``bar`` is the whole window as one bar."""

    bar: Bar
    previous_close: int
    last_qty: int
    bid: Level
    ask: Level
    close_ms: int
    event_ms: int


class MiniTickerEvent(NamedTuple):
    """Trades of the last day, in short."""

    bar: Bar
    event_ms: int


class AveragePriceEvent(NamedTuple):
    """Mean price of the last minutes, in ticks."""

    minutes: int
    price: int
    last_trade_ms: int
    event_ms: int


class ReferencePriceEvent(NamedTuple):
    """Reference price, in ticks; None where there is none."""

    price: int | None
    time_ms: int


class MarkPriceEvent(NamedTuple):
    """Mark and index price; delivery contracts have neither a rate (None) nor a next funding (0)."""

    mark_e8: int
    average_e8: int
    settle_e8: int
    index_e8: int
    rate_e8: int | None
    next_funding_ms: int
    event_ms: int


class OptionMarkPriceEvent(NamedTuple):
    """Mark price of an option in ticks, its volatilities and greeks."""

    mark: int
    index_e8: int
    bid: Level
    ask: Level
    bid_volatility: float
    ask_volatility: float
    high_limit: int
    low_limit: int
    volatility: float
    delta: float
    theta: float
    gamma: float
    vega: float
    event_ms: int


class OpenInterestEvent(NamedTuple):
    """Open contracts of an option, in lots, and what they are worth."""

    lots: int
    value_e8: int
    event_ms: int


class ForceOrderEvent(NamedTuple):
    """A liquidation, filled at once."""

    is_sell: bool
    price: int
    average: int
    qty: int
    time_ms: int
    event_ms: int


class Bracket(NamedTuple):
    """One step of a contract's leverage table."""

    number: int
    floor: int
    cap: int
    maintenance: float
    auxiliary: float
    min_leverage: int
    max_leverage: int


class ContractInfoEvent(NamedTuple):
    """A futures contract was listed, changed or settled. Brackets come only when they changed."""

    contract_type: str
    delivery_ms: int
    onboard_ms: int
    status: str
    brackets: tuple[Bracket, ...]
    event_ms: int


class OptionSymbolEvent(NamedTuple):
    """An option was listed."""

    expiry_ms: int
    onboard_ms: int
    event_ms: int


Event = (
    BookTickerEvent
    | TradeEvent
    | AggTradeEvent
    | DepthEvent
    | BlockTradeEvent
    | KlineEvent
    | PriceKlineEvent
    | TickerEvent
    | MiniTickerEvent
    | AveragePriceEvent
    | ReferencePriceEvent
    | MarkPriceEvent
    | OptionMarkPriceEvent
    | OpenInterestEvent
    | ForceOrderEvent
    | ContractInfoEvent
    | OptionSymbolEvent
)


class IndexPriceEvent(NamedTuple):
    """Price of an index: a pair's on COIN-M, an underlying's on options."""

    name: str
    price_e8: int
    event_ms: int


class IndexComponent(NamedTuple):
    """A part of a composite index."""

    asset: str
    quote: str
    weight_e8: int
    share_e8: int
    price_e8: int


class CompositeIndexEvent(NamedTuple):
    """An index of several assets."""

    name: str
    price_e8: int
    components: tuple[IndexComponent, ...]
    event_ms: int


class AssetIndexEvent(NamedTuple):
    """What an asset is worth as margin: buffers and the rates that follow from them."""

    name: str
    price_e8: int
    buffer_e8: int
    bid_rate_e8: int
    ask_rate_e8: int
    exchange_buffer_e8: int
    exchange_bid_rate_e8: int
    exchange_ask_rate_e8: int
    event_ms: int


class TradingSessionEvent(NamedTuple):
    """Session of an underlying market, such as that of US shares."""

    market: str
    start_ms: int
    end_ms: int
    session: str
    event_ms: int


class TokenEvent(NamedTuple):
    """Figures of one Alpha token. Amounts are dollars."""

    contract: str
    symbol: str
    trades: int
    price: float
    change_percent: float
    volume: float
    liquidity: float
    supply: float
    holders: int
    time_ms: int


IndexEvent = IndexPriceEvent | CompositeIndexEvent | AssetIndexEvent | TradingSessionEvent | TokenEvent


class MarketArray(NamedTuple):
    """Events of several symbols that share a frame."""

    items: list[tuple[Instrument, Event]]


class IndexArray(NamedTuple):
    """Events of several indexes, assets or tokens that share a frame."""

    items: list[IndexEvent]


#: What a stream that is about no single symbol tells.
Reported = MarketArray | IndexArray | IndexEvent
