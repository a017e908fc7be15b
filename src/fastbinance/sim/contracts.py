"""What a contract's name says: pair, kind, expiry, strike; and which contracts a date has."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from fastbinance.keys import Market

__all__ = [
    "NO_DELIVERY_MS",
    "TRADIFI",
    "OptionName",
    "contract_symbol",
    "contract_type",
    "expiry_ms",
    "option_expiries",
    "parse_option",
    "quarter",
    "strikes",
]

#: Pairs whose perpetual contract is on a share or a metal.
TRADIFI: Final = frozenset({"TSLAUSDT", "XAUUSDT", "XAGUSDT"})
#: Delivery time that Binance gives contracts without one: Christmas 2100.
NO_DELIVERY_MS: Final = 4_133_404_800_000

_OPTION: Final = re.compile(r"([^-]+)-(\d{6})-(\d+(?:\.\d+)?)-([CP])")
_SETTLES_AT_HOUR: Final = 8
_STRIKES_A_SIDE: Final = 2


class OptionName(NamedTuple):
    """Parts of an option's symbol."""

    asset: str
    expiry: str
    strike: float
    is_call: bool


def parse_option(symbol: str) -> OptionName | None:
    """Read an option's symbol, such as ``BTC-261225-126000-C``; None where it is none."""
    found = _OPTION.fullmatch(symbol)
    if found is None or _date(found[2]) is None or float(found[3]) <= 0:
        return None
    return OptionName(found[1], found[2], float(found[3]), found[4] == "C")


def expiry_ms(yymmdd: str) -> int:
    """Give the time at which a contract of this date is settled; no date, no delivery."""
    date = _date(yymmdd)
    return NO_DELIVERY_MS if date is None else int(date.timestamp() * 1000)


def quarter(now_ms: int, ahead: int = 0) -> str:
    """Give the date of the quarterly contract that is current, or of a later one: a last Friday."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, month = now.year, (now.month + 2) // 3 * 3
    if _last_friday(year, month) <= now:
        ahead += 1
    year, index = divmod(year * 12 + month - 1 + 3 * ahead, 12)
    return f"{_last_friday(year, index + 1):%y%m%d}"


def contract_symbol(pair: str, kind: str, market: Market, now_ms: int) -> str:
    """Give the symbol that is a pair's contract of a kind, such as ``CURRENT_QUARTER``, at this time."""
    if kind in ("CURRENT_QUARTER", "NEXT_QUARTER"):
        return f"{pair}_{quarter(now_ms, 0 if kind == 'CURRENT_QUARTER' else 1)}"
    return f"{pair}_PERP" if market == "coinm" else pair


def contract_type(symbol: str, now_ms: int) -> str:
    """Give the kind of a futures contract."""
    pair, _, date = symbol.partition("_")
    if date and date != "PERP":
        return "CURRENT_QUARTER" if date == quarter(now_ms) else "NEXT_QUARTER"
    return "TRADIFI_PERPETUAL" if pair in TRADIFI else "PERPETUAL"


def option_expiries(now_ms: int) -> tuple[str, str]:
    """Give the expiries that are listed before anybody asks for more: a near Friday and the quarter's."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    near = now + timedelta(days=7 + (4 - now.weekday()) % 7)
    far = quarter(now_ms)
    if f"{near:%y%m%d}" == far:
        far = quarter(now_ms, 1)
    return f"{near:%y%m%d}", far


def strikes(price: float) -> list[int]:
    """Give the strikes around a price, evenly apart."""
    step = max(1, 10 ** (math.floor(math.log10(price)) - 1)) * 2
    middle = round(price / step)
    return [
        step * (middle + index)
        for index in range(-_STRIKES_A_SIDE, _STRIKES_A_SIDE + 1)
        if middle + index > 0
    ]


def _date(yymmdd: str) -> datetime | None:
    try:
        return datetime.strptime(yymmdd, "%y%m%d").replace(hour=_SETTLES_AT_HOUR, tzinfo=UTC)
    except ValueError:
        return None


def _last_friday(year: int, month: int) -> datetime:
    after = datetime(year + month // 12, month % 12 + 1, 1, _SETTLES_AT_HOUR, tzinfo=UTC)
    last = after - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - 4) % 7)
