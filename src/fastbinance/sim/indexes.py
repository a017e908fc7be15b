"""Streams about things that do not trade: indexes, assets, sessions, tokens. Functions of the time alone."""

import zlib
from typing import Final

from fastbinance.sim.channels.topic import OfIndex, Topic
from fastbinance.sim.events import (
    AssetIndexEvent,
    CompositeIndexEvent,
    IndexComponent,
    IndexEvent,
    IndexPriceEvent,
    TokenEvent,
    TradingSessionEvent,
)
from fastbinance.sim.instrument import LISTED
from fastbinance.sim.prices import E8, index_e8

__all__ = ["observe_index"]

_ASSETS: Final = ("BTCUSD", "ETHUSD", "BNBUSD", "SOLUSD", "ADAUSD", "XRPUSD", "USDCUSD", "USDTUSD")
_COMPONENTS: Final = ("BTC", "ETH", "BNB", "SOL", "XRP")
_COMPOSITE_SCALE: Final = 1000
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_SATURDAY: Final = 2  # days after the Thursday that 1970 began on
# Event name, and the sessions of a weekday: hour (UTC) at which each ends, and its name.
_SESSIONS: Final = (
    (
        "EquityUpdate",
        ((1, "AFTER_MARKET"), (9, "OVERNIGHT"), (14, "PRE_MARKET"), (21, "REGULAR"), (24, "AFTER_MARKET")),
    ),
    ("CommodityUpdate", ((22, "REGULAR"), (23, "NO_TRADING"), (24, "REGULAR"))),
    ("KR_EquityUpdate", ((7, "REGULAR"), (24, "NO_TRADING"))),
    ("HK_EquityUpdate", ((1, "NO_TRADING"), (8, "REGULAR"), (24, "NO_TRADING"))),
    ("CN_EquityUpdate", ((1, "NO_TRADING"), (7, "REGULAR"), (24, "NO_TRADING"))),
    ("FXUpdate", ((24, "REGULAR"),)),
)


def observe_index(asked: OfIndex, now_ms: int) -> list[IndexEvent]:
    """Give what a stream says now; several events are told in one array or, of sessions, a frame each."""
    name, topic = asked.name, asked.channel.topic
    if topic == Topic.COMPOSITE_INDEX:
        return [_composite_index(name, now_ms)]
    if topic == Topic.ASSET_INDEX:
        return [_asset_index(asset, now_ms) for asset in ((name,) if name else _ASSETS)]
    if topic == Topic.TRADING_SESSION:
        return [_session(market, sessions, now_ms) for market, sessions in _SESSIONS]
    if topic == Topic.ALL_TOKENS:
        return [_token(symbol, now_ms) for symbol in LISTED["alpha"]]
    names = (name,) if name else LISTED["options"]
    return [IndexPriceEvent(pair, index_e8(pair, now_ms), now_ms) for pair in names]


def _composite_index(name: str, now_ms: int) -> CompositeIndexEvent:
    # Every component begins with the same share of a thousand.
    share = E8 // len(_COMPONENTS)
    prices = [index_e8(f"{asset}USDT", now_ms) for asset in _COMPONENTS]
    starts = [index_e8(f"{asset}USDT", 0) for asset in _COMPONENTS]
    weights = [_COMPOSITE_SCALE * share * E8 // start for start in starts]
    values = [weight * price // E8 for weight, price in zip(weights, prices, strict=True)]
    total = sum(values)
    components = [
        IndexComponent(asset, "USDT", weight, value * E8 // total, price)
        for asset, weight, value, price in zip(_COMPONENTS, weights, values, prices, strict=True)
    ]
    return CompositeIndexEvent(name, total, tuple(components), now_ms)


def _asset_index(name: str, now_ms: int) -> AssetIndexEvent:
    price = index_e8(name, now_ms)
    buffer = E8 // 1000 if name.startswith(("USDT", "USDC")) else E8 // 20
    exchange = buffer // 2
    return AssetIndexEvent(
        name, price, buffer, price * (E8 - buffer) // E8, price * (E8 + buffer) // E8, exchange,
        price * (E8 - exchange) // E8, price * (E8 + exchange) // E8, now_ms,
    )  # fmt: skip


def _session(market: str, sessions: tuple[tuple[int, str], ...], now_ms: int) -> TradingSessionEvent:
    day_ms = now_ms - now_ms % _DAY_MS
    if now_ms // _DAY_MS % 7 in (_SATURDAY, _SATURDAY + 1):
        return TradingSessionEvent(market, day_ms, day_ms + _DAY_MS, "NO_TRADING", now_ms)
    hour = (now_ms - day_ms) // _HOUR_MS
    start = 0
    for end, name in sessions:
        if hour < end:
            return TradingSessionEvent(
                market, day_ms + start * _HOUR_MS, day_ms + end * _HOUR_MS, name, now_ms
            )
        start = end
    raise AssertionError(f"the sessions of {market} end before the day does")


def _token(symbol: str, now_ms: int) -> TokenEvent:
    seed = zlib.crc32(symbol.encode())
    price = index_e8(symbol, now_ms) / E8
    change = 100 * (price * E8 / index_e8(symbol, now_ms - _DAY_MS) - 1)
    volume = float(50_000 + seed % 5_000_000)
    contract = f"0x{seed:08x}{seed ^ 0xFFFFFFFF:08x}{seed:024x}@56"
    return TokenEvent(
        contract, symbol.removesuffix("USDT"), 100 + seed % 9000, price, change,
        volume, volume * 3, 1e9, 1000 + seed % 50_000, now_ms,
    )  # fmt: skip
