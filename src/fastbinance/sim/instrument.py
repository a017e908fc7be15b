"""What a simulated symbol is: its price grid, its lot size and how Binance spells its numbers.

Prices and quantities are integers everywhere below the wire: a price counts ticks, a quantity counts lots.
Only the two ``*_text`` methods turn them into Binance's decimal strings.
"""

import math
import zlib
from typing import Final

from fastbinance.keys import Market
from fastbinance.sim.contracts import OptionName, parse_option
from fastbinance.sim.greeks import fair_value

__all__ = ["LISTED", "Instrument", "decimal_text", "is_listable", "start_price"]

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
        "TSLAUSDT",
        "XAUUSDT",
    ),
    "coinm": ("BTCUSD_PERP", "ETHUSD_PERP", "BNBUSD_PERP", "SOLUSD_PERP", "BTCUSD_261225"),
    # Underlyings: which of their options are listed depends on the date and the price.
    "options": ("BTCUSDT", "ETHUSDT"),
    "alpha": ("ALPHA_118USDT", "ALPHA_175USDT", "ALPHA_382USDT", "ALPHA_474USDT"),
}

# Dollar prices that make a screen look right. Every other asset gets one from a hash of its name.
_DOLLARS: Final = {
    "BTC": 91234.56, "ETH": 3012.40, "BNB": 884.10, "SOL": 141.25, "XRP": 2.21, "DOGE": 0.1532, "ADA": 0.4471,
    "TRX": 0.2765, "AVAX": 14.62, "LINK": 13.05, "DOT": 2.411, "LTC": 86.30, "BCH": 512.7, "XLM": 0.2533,
    "PEPE": 0.00000462, "SHIB": 0.00000861, "USDT": 1.0, "USDC": 1.0, "FDUSD": 1.0, "TUSD": 1.0, "USD": 1.0,
    "EUR": 1.16, "TRY": 0.0236, "BRL": 0.187, "XAU": 4071.3, "XAG": 50.1, "TSLA": 391.1,
}  # fmt: skip
_QUOTES: Final = ("FDUSD", "USDT", "USDC", "TUSD", "USD", "EUR", "TRY", "BRL", "BTC", "ETH", "BNB")

_SPOT_DECIMALS: Final = 8
_LEVEL_DOLLARS: Final = 3000.0
_FEWEST_TICKS: Final = 2000
_TEXTS_KEPT: Final = 50_000
_THIRTY_DAYS_IN_YEARS: Final = 30 / 365
_VOLATILITY: Final = 0.6
_CHEAPEST_OPTION: Final = 1e-4


def is_listable(symbol: str, market: Market) -> bool:
    """Tell whether a symbol could trade on this market: COIN-M names end in a contract, spot names do not."""
    if not symbol:
        return False
    if market == "options":
        return parse_option(symbol) is not None
    if market == "alpha":
        return True
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
        ``spot``, ``usdm``, ``coinm``, ``options`` or ``alpha``.
    """

    __slots__ = (
        "_price_pad", "_price_scale", "_price_texts", "_price_unit", "_qty_pad", "_qty_scale", "_qty_texts",
        "base_asset", "contract_dollars", "market", "option", "pair", "price_decimals", "qty_decimals",
        "quote_asset", "start_ticks", "symbol", "typical_lots",
    )  # fmt: skip

    def __init__(self, symbol: str, market: Market) -> None:
        self.symbol = symbol
        self.market: Market = market
        #: Strike, expiry and side; None for everything but options.
        self.option: OptionName | None = parse_option(symbol) if market == "options" else None
        #: Pair of a futures contract and underlying of an option; elsewhere the symbol itself.
        self.pair = symbol.partition("_")[0] if market in ("usdm", "coinm") else symbol
        if self.option is not None:
            self.pair = f"{self.option.asset}USDT"
        #: What is bought and sold, and what it is paid in.
        self.base_asset, self.quote_asset = base, quote = _split(self.pair)
        base_dollars = _dollars(base)
        price = base_dollars / _dollars(quote)
        if self.option is not None:
            price = _option_price(price, self.option)
        magnitude = math.floor(math.log10(price))
        # Binance quotes about five figures, and never fewer than two decimals but on COIN-M's dearest
        # contracts.
        fewest = 1 if market == "options" or (market == "coinm" and magnitude >= 4) else 2
        self.price_decimals = min(8, max(fewest, 4 - magnitude))
        # BTCUSDT on USD-M moves in dimes and is spelled in cents.
        self._price_unit = 10 if market == "usdm" and magnitude >= 4 else 1
        self._price_scale: int = 10**self.price_decimals
        self.start_ticks = max(_FEWEST_TICKS, round(price * self._price_scale / self._price_unit))
        digits = math.ceil(math.log10(base_dollars))
        if market == "spot":
            self.qty_decimals = min(5, max(0, digits))
        elif market == "options":
            self.qty_decimals = 2
        elif market == "alpha":
            self.qty_decimals = 2 if digits > 0 else 0
        else:
            self.qty_decimals = min(3, max(0, digits - 1)) if market == "usdm" else 0
        self._qty_scale: int = 10**self.qty_decimals
        #: What one contract of COIN-M is worth.
        self.contract_dollars = 100 if base == "BTC" else 10
        lot_dollars = self.contract_dollars if market == "coinm" else base_dollars
        self.typical_lots = max(5, round(_LEVEL_DOLLARS / lot_dollars * self._qty_scale))
        self._price_pad = "0" * (_SPOT_DECIMALS - self.price_decimals) if market == "spot" else ""
        self._qty_pad = "0" * (_SPOT_DECIMALS - self.qty_decimals) if market == "spot" else ""
        self._price_texts: dict[int, str] = {}
        self._qty_texts: dict[int, str] = {}

    def tick_size(self, decimals: int = 8) -> int:
        """Give the distance of two prices, counted in units of the ``decimals``-th decimal."""
        return int(self._price_unit * 10 ** (decimals - self.price_decimals))

    def lot_size(self, decimals: int = 8) -> int:
        """Give the smallest quantity, counted in units of the ``decimals``-th decimal."""
        return int(10 ** (decimals - self.qty_decimals))

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

    def price_change_text(self, ticks: int) -> str:
        """Spell a difference of prices."""
        return self.price_text(ticks) if ticks >= 0 else f"-{self.price_text(-ticks)}"

    def price(self, ticks: float) -> float:
        """Give a price as a number, for what is calculated rather than traded."""
        return ticks * self._price_unit / self._price_scale

    def turnover(self, price: int, qty: int) -> int:
        """Give what was paid: ticks times lots, or on COIN-M hundred millionths of the base asset."""
        if self.market != "coinm":
            return price * qty
        return qty * self.contract_dollars * self._price_scale * 10**_SPOT_DECIMALS // price

    def turnover_text(self, turnover: int) -> str:
        """Spell a sum of `turnover`."""
        if self.market == "coinm":
            return decimal_text(turnover, _SPOT_DECIMALS)
        decimals = self.price_decimals + self.qty_decimals
        if self.market != "spot":
            return decimal_text(turnover * self._price_unit, decimals)
        if decimals > _SPOT_DECIMALS:
            return decimal_text(turnover // 10 ** (decimals - _SPOT_DECIMALS), _SPOT_DECIMALS)
        return decimal_text(turnover * 10 ** (_SPOT_DECIMALS - decimals), _SPOT_DECIMALS)

    def average_price(self, turnover: int, qty: int) -> int:
        """Give the mean price of a turnover, in ticks."""
        if self.market != "coinm":
            return round(turnover / qty)
        return round(qty * self.contract_dollars * self._price_scale * 10**_SPOT_DECIMALS / turnover)


def decimal_text(number: int, decimals: int) -> str:
    """Spell an integer that counts units of the last decimal."""
    sign, number = ("-", -number) if number < 0 else ("", number)
    if not decimals:
        return f"{sign}{number}"
    whole, part = divmod(number, 10**decimals)
    return f"{sign}{whole}.{part:0{decimals}d}"


def start_price(pair: str) -> float:
    """Give the price that a pair's markets begin at, and return to."""
    base, quote = _split(pair)
    return _dollars(base) / _dollars(quote)


def _option_price(underlying: float, option: OptionName) -> float:
    # A name has no time in it: every option begins as one of thirty days, and no cheaper than a tick.
    value = fair_value(underlying, option.strike, _THIRTY_DAYS_IN_YEARS, _VOLATILITY, option.is_call)
    return max(value, underlying * _CHEAPEST_OPTION)


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
