"""From an event to its payload, by the type of the event."""

from collections.abc import Callable
from typing import Any, Final

from fastbinance.sim import events
from fastbinance.sim.channels import Channel, Topic
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.payload import books, indexes, klines, notices, prices, tickers, trades
from fastbinance.sim.timeunit import MILLISECONDS, TimeUnit

__all__ = ["event_payload"]


def event_payload(
    instrument: Instrument | None,
    channel: Channel,
    event: events.Event | events.Reported,
    unit: TimeUnit = MILLISECONDS,
) -> bytes:
    """Spell one event as the payload of its stream.

    Parameters
    ----------
    instrument
        Whose event it is; None for one that is of no single symbol.
    channel
        The stream, which decides where one event has several spellings.
    event
        What happened.
    unit
        How times are spelled. Only spot's are spelled in anything but milliseconds.
    """
    return _SPELL[type(event)](instrument, channel, event, unit).encode()


def _market_array(instrument: None, channel: Channel, event: events.MarketArray, unit: TimeUnit) -> str:
    parts = [_SPELL[type(item)](owner, channel, item, unit) for owner, item in event.items]
    return f"[{','.join(parts)}]"


def _index_array(instrument: None, channel: Channel, event: events.IndexArray, unit: TimeUnit) -> str:
    parts = ",".join(_SPELL[type(item)](None, channel, item, unit) for item in event.items)
    if channel.topic == Topic.ALL_TOKENS:
        return f'{{"e":"tickerList","d":[{parts}]}}'
    return f"[{parts}]"


# Each function takes the type of event it stands beside, and an instrument or None; a table cannot say so.
_SPELL: Final[dict[type, Callable[[Any, Channel, Any, TimeUnit], str]]] = {
    events.BookTickerEvent: books.book_ticker,
    events.TradeEvent: trades.trade,
    events.AggTradeEvent: trades.agg_trade,
    events.DepthEvent: books.depth,
    events.BlockTradeEvent: trades.block_trade,
    events.KlineEvent: klines.kline,
    events.PriceKlineEvent: klines.price_kline,
    events.TickerEvent: tickers.ticker,
    events.MiniTickerEvent: tickers.mini_ticker,
    events.AveragePriceEvent: tickers.average_price,
    events.ReferencePriceEvent: prices.reference_price,
    events.MarkPriceEvent: prices.mark_price,
    events.OptionMarkPriceEvent: prices.option_mark_price,
    events.OpenInterestEvent: prices.open_interest,
    events.ForceOrderEvent: notices.force_order,
    events.ContractInfoEvent: notices.contract_info,
    events.OptionSymbolEvent: notices.option_symbol,
    events.IndexPriceEvent: indexes.index_price,
    events.CompositeIndexEvent: indexes.composite_index,
    events.AssetIndexEvent: indexes.asset_index,
    events.TradingSessionEvent: indexes.trading_session,
    events.TokenEvent: indexes.token,
    events.MarketArray: _market_array,
    events.IndexArray: _index_array,
}
