"""Which symbols a stream about many of them is about."""

from typing import NamedTuple

from fastbinance.keys import Market
from fastbinance.sim.contracts import contract_symbol, option_expiries, strikes
from fastbinance.sim.instrument import LISTED, Instrument, start_price

__all__ = ["Universe"]


class Universe(NamedTuple):
    """Symbols of some markets.

    Attributes
    ----------
    markets
        Whose symbols they are.
    pair
        Only those of this pair or underlying. An underlying may be named by its asset alone.
    expiry
        Only options of this date.
    """

    markets: tuple[Market, ...]
    pair: str = ""
    expiry: str = ""

    def has(self, instrument: Instrument) -> bool:
        """Tell whether a symbol belongs here."""
        if instrument.market not in self.markets:
            return False
        if self.pair and self.pair not in (instrument.pair, instrument.pair.removesuffix("USDT")):
            return False
        return not self.expiry or (instrument.option is not None and instrument.option.expiry == self.expiry)

    def listed(self, now_ms: int) -> list[tuple[Market, str]]:
        """Give the symbols that are there before anybody asks for more."""
        return [(market, symbol) for market in self.markets for symbol in self._symbols(market, now_ms)]

    def _symbols(self, market: Market, now_ms: int) -> list[str]:
        if market == "options":
            underlyings = [self.pair] if self.pair else LISTED["options"]
            expiries = (self.expiry,) if self.expiry else option_expiries(now_ms)
            return [symbol for pair in underlyings for symbol in _options(pair, expiries)]
        if self.pair:
            kinds = ("PERPETUAL", "CURRENT_QUARTER")
            return [contract_symbol(self.pair, kind, market, now_ms) for kind in kinds]
        return list(LISTED[market])


def _options(pair: str, expiries: tuple[str, ...]) -> list[str]:
    asset = pair.removesuffix("USDT")
    return [
        f"{asset}-{expiry}-{strike}-{side}"
        for expiry in expiries
        for strike in strikes(start_price(f"{asset}USDT"))
        for side in "CP"
    ]
