"""Spelling of what happens now and then: liquidations and news of contracts."""

from fastbinance.sim.channels import Channel
from fastbinance.sim.events import ContractInfoEvent, ForceOrderEvent, OptionSymbolEvent
from fastbinance.sim.instrument import Instrument
from fastbinance.sim.payload.books import PRODUCT
from fastbinance.sim.timeunit import TimeUnit

__all__ = ["contract_info", "force_order", "option_symbol"]


def force_order(instrument: Instrument, channel: Channel, event: ForceOrderEvent, unit: TimeUnit) -> str:
    """Spell a liquidation of futures. ``ps`` and ``st`` are where they are seen on the wire."""
    qty, side = instrument.qty_text(event.qty), "SELL" if event.is_sell else "BUY"
    price, average = instrument.price_text(event.price), instrument.price_text(event.average)
    end = f'"X":"FILLED","l":"{qty}","z":"{qty}","T":{event.time_ms}'
    if instrument.market == "coinm":
        return (
            f'{{"e":"forceOrder","E":{event.event_ms},"o":{{"s":"{instrument.symbol}","ps":"{instrument.pair}",'
            f'"S":"{side}","o":"LIMIT","f":"IOC","q":"{qty}","p":"{price}","ap":"{average}",{end}}},"st":2}}'
        )
    return (
        f'{{"e":"forceOrder","E":{event.event_ms},"o":{{"s":"{instrument.symbol}","S":"{side}","o":"LIMIT",'
        f'"f":"IOC","q":"{qty}","p":"{price}","ap":"{average}",{end},"ps":"{instrument.pair}","st":1}}}}'
    )


def contract_info(instrument: Instrument, channel: Channel, event: ContractInfoEvent, unit: TimeUnit) -> str:
    """Spell news of a futures contract; its brackets hold the only JSON number with a point."""
    brackets = ",".join(
        f'{{"bs":{bracket.number},"bnf":{bracket.floor},"bnc":{bracket.cap},"mmr":{bracket.maintenance},'
        f'"cf":{bracket.auxiliary},"mi":{bracket.min_leverage},"ma":{bracket.max_leverage}}}'
        for bracket in event.brackets
    )
    bks = f'"bks":[{brackets}],' if brackets else ""
    return (
        f'{{"e":"contractInfo","E":{event.event_ms},"s":"{instrument.symbol}","ps":"{instrument.pair}",'
        f'"ct":"{event.contract_type}","dt":{event.delivery_ms},"ot":{event.onboard_ms},"cs":"{event.status}",'
        f'{bks}"st":{PRODUCT[instrument.market]}}}'
    )


def option_symbol(instrument: Instrument, channel: Channel, event: OptionSymbolEvent, unit: TimeUnit) -> str:
    """Spell the listing of an option."""
    option = instrument.option
    if option is None:
        raise AssertionError(f"{instrument.symbol} is no option; only options are listed like this")
    return (
        f'{{"e":"optionSymbol","E":{event.event_ms},"s":"{instrument.symbol}","ps":"{instrument.pair}",'
        f'"qa":"USDT","d":"{"CALL" if option.is_call else "PUT"}","sp":"{option.strike:.2f}",'
        f'"dt":{event.expiry_ms},"u":1,"ot":{event.onboard_ms},"cs":"TRADING"}}'
    )
