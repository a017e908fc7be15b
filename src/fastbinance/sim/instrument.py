"""What a simulated symbol is: its price grid, its lot size and how Binance spells its numbers.

Prices and quantities are integers everywhere below the wire: a price counts ticks, a quantity counts lots.
Only the two ``*_text`` methods turn them into Binance's decimal strings.
"""

import math
import zlib
from typing import Final

from fastbinance.keys import Market

__all__ = ["LISTED", "Instrument", "is_listable"]

#: Symbols that an all-market stream carries before anybody asks for more.
LISTED: Final[dict[Market, tuple[str, ...]]] = {
    "spot": ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "BNBBTC", "ETHBTC"),
    "usdm": (
        "BTCUSDT",
        "ETHUSDT",
        "BNBUSDT",
        "SOLUSDT",
        "XRPUSDT",
        "DOGEUSDT",
        "1000PEPEUSDT",
        "BTCUSDT_261225",
    ),
    "coinm": ("BTCUSD_PERP", "ETHUSD_PERP", "BNBUSD_PERP", "SOLUSD_PERP", "BTCUSD_261225"),
}

# Dollar prices that make a screen look right. Every other asset gets one from a hash of its name.
_DOLLARS: Final = {
    "BTC": 91234.56, "ETH": 3012.40, "BNB": 884.10, "SOL": 141.25, "XRP": 2.21, "DOGE": 0.1532, "ADA": 0.4471,
    "TRX": 0.2765, "AVAX": 14.62, "LINK": 13.05, "DOT": 2.411, "LTC": 86.30, "BCH": 512.7, "XLM": 0.2533,
    "PEPE": 0.00000462, "SHIB": 0.00000861, "USDT": 1.0, "USDC": 1.0, "FDUSD": 1.0, "TUSD": 1.0, "USD": 1.0,
    "EUR": 1.16, "TRY": 0.0236, "BRL": 0.187,
}  # fmt: skip
_QUOTES: Final = ("FDUSD", "USDT", "USDC", "TUSD", "USD", "EUR", "TRY", "BRL", "BTC", "ETH", "BNB")

_SPOT_DECIMALS: Final = 8
_LEVEL_DOLLARS: Final = 3000.0
_FEWEST_TICKS: Final = 2000
_TEXTS_KEPT: Final = 50_000


def is_listable(symbol: str, market: Market) -> bool:
    """Tell whether a symbol could trade on this market: COIN-M names end in a contract, spot names do not."""
    if not symbol:
        return False
    if market == "coinm":
        pair, _, contract = symbol.partition("_")
        return bool(pair and contract)
    return market == "usdm" or "_" not in symbol


class Instrument:
    """One symbol of one market: grid, lot and spelling.

    Parameters
    ----------
    symbol
        Binance's upper-case symbol.
    market
        ``spot``, ``usdm`` or ``coinm``.
    """

    __slots__ = (
        "_price_pad", "_price_scale", "_price_texts", "_price_unit", "_qty_pad", "_qty_scale", "_qty_texts",
        "market", "pair", "price_decimals", "qty_decimals", "start_ticks", "symbol", "typical_lots",
    )  # fmt: skip

    def __init__(self, symbol: str, market: Market) -> None:
        self.symbol = symbol
        self.market: Market = market
        self.pair = symbol.partition("_")[0] if market != "spot" else symbol
        base, quote = _split(self.pair)
        base_dollars = _dollars(base)
        price = base_dollars / _dollars(quote)
        magnitude = math.floor(math.log10(price))
        # Binance quotes about five figures, and never fewer than two decimals but on COIN-M's dearest
        # contracts.
        self.price_decimals = 1 if market == "coinm" and magnitude >= 4 else min(8, max(2, 4 - magnitude))
        # BTCUSDT on USD-M moves in dimes and is spelled in cents.
        self._price_unit = 10 if market == "usdm" and magnitude >= 4 else 1
        self._price_scale: int = 10**self.price_decimals
        self.start_ticks = max(_FEWEST_TICKS, round(price * self._price_scale / self._price_unit))
        digits = math.ceil(math.log10(base_dollars))
        if market == "spot":
            self.qty_decimals = min(5, max(0, digits))
        else:
            self.qty_decimals = min(3, max(0, digits - 1)) if market == "usdm" else 0
        self._qty_scale: int = 10**self.qty_decimals
        contract_dollars = (100.0 if base == "BTC" else 10.0) if market == "coinm" else base_dollars
        self.typical_lots = max(5, round(_LEVEL_DOLLARS / contract_dollars * self._qty_scale))
        self._price_pad = "0" * (_SPOT_DECIMALS - self.price_decimals) if market == "spot" else ""
        self._qty_pad = "0" * (_SPOT_DECIMALS - self.qty_decimals) if market == "spot" else ""
        self._price_texts: dict[int, str] = {}
        self._qty_texts: dict[int, str] = {}

    def price_text(self, ticks: int) -> str:
        """Spell a price as Binance does on this market."""
        text = self._price_texts.get(ticks)
        if text is None:
            whole, part = divmod(ticks * self._price_unit, self._price_scale)
            text = f"{whole}.{part:0{self.price_decimals}d}{self._price_pad}"
            _keep(self._price_texts, ticks, text)
        return text

    def qty_text(self, lots: int) -> str:
        """Spell a quantity as Binance does on this market."""
        text = self._qty_texts.get(lots)
        if text is None:
            whole, part = divmod(lots, self._qty_scale)
            if self.qty_decimals:
                text = f"{whole}.{part:0{self.qty_decimals}d}{self._qty_pad}"
            else:
                text = f"{whole}.{self._qty_pad}" if self._qty_pad else str(whole)
            _keep(self._qty_texts, lots, text)
        return text


def _keep(texts: dict[int, str], number: int, text: str) -> None:
    # Levels come back again and again, so spelling them once pays; a long run must not keep them all.
    if len(texts) >= _TEXTS_KEPT:
        texts.clear()
    texts[number] = text


def _split(pair: str) -> tuple[str, str]:
    for quote in _QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair[: -len(quote)], quote
    return pair, "USDT"


def _dollars(asset: str) -> float:
    known = _DOLLARS.get(asset)
    if known is not None:
        return known
    # "1000PEPE" is a thousand of them.
    stripped = asset.lstrip("0123456789")
    multiple = asset[: len(asset) - len(stripped)]
    if stripped in _DOLLARS and multiple:
        return _DOLLARS[stripped] * int(multiple)
    # Between a cent and five hundred dollars, evenly over the magnitudes; hash() is salted per process, a CRC
    # is not.
    share: float = zlib.crc32(asset.encode()) / 0xFFFFFFFF
    return float(0.01 * 50_000.0**share)
