"""The structs of typed events, as `fastbinance.events` shows them, and how a message becomes one.

Decimals are `Decimal`: exact, whether Binance writes text or a number. Times are UTC nanoseconds. Binance's
key of each field stands in its documentation.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias, get_args, get_type_hints

import msgspec

from fastbinance._grammar import TypedEvent
from fastbinance.drift import DriftWhat

__all__ = [
    "AllTokens", "AlphaToken", "CompositeIndex", "ContractBracket", "ContractInfo", "IndexComponent",
    "OptionSymbol", "ServerShutdown", "TradingSession", "Typed", "Unfit", "Unknown", "read_event",
]  # fmt: skip


class ContractBracket(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={
        "bracket": "bs", "notional_floor": "bnf", "notional_cap": "bnc", "maintenance_margin_rate": "mmr",
        "auxiliary_number": "cf", "min_leverage": "mi", "max_leverage": "ma",
    },
):  # fmt: skip
    """One leverage bracket of a contract.

    Attributes
    ----------
    bracket : int
        Its number (``bs``).
    notional_floor, notional_cap : Decimal
        Notional values that it is for (``bnf``, ``bnc``).
    maintenance_margin_rate : Decimal
        A fraction (``mmr``).
    auxiliary_number : Decimal
        For quick computation of the maintenance margin (``cf``).
    min_leverage, max_leverage : int
        Leverages that it is for (``mi``, ``ma``).
    """

    bracket: int
    notional_floor: Decimal
    notional_cap: Decimal
    maintenance_margin_rate: Decimal
    auxiliary_number: Decimal
    min_leverage: int
    max_leverage: int


class ContractInfo(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={
        "event_ns": "E", "symbol": "s", "pair": "ps", "contract_type": "ct", "delivery_ns": "dt",
        "onboard_ns": "ot", "status": "cs", "brackets": "bks", "product": "st",
    },
):  # fmt: skip
    """A contract that is listed, delivered, or has new brackets.

    Attributes
    ----------
    event_ns : int
        Event time (``E``), UTC nanoseconds.
    symbol : str
        Symbol (``s``).
    pair : str or None
        Its pair (``ps``); None where the message has none.
    contract_type : str
        ``"PERPETUAL"``, ``"CURRENT_QUARTER"``, ... (``ct``).
    delivery_ns, onboard_ns : int
        Delivery and listing (``dt``, ``ot``), UTC nanoseconds.
    status : str
        ``"TRADING"``, ... (``cs``).
    brackets : tuple of ContractBracket
        Leverage brackets (``bks``); empty unless they have changed.
    product : int or None
        1 for USD-M, 2 for COIN-M (``st``).

    Source: USD-M and COIN-M WebSocket Market Streams, "Contract Info Stream".
    """

    event_ns: int
    symbol: str
    contract_type: str
    delivery_ns: int
    onboard_ns: int
    status: str
    pair: str | None = None
    brackets: tuple[ContractBracket, ...] = ()
    product: int | None = None


class IndexComponent(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={
        "base_asset": "b", "quote_asset": "q", "weight": "w", "weight_percent": "W", "index_price": "i",
    },
):  # fmt: skip
    """One part of a composite index.

    Attributes
    ----------
    base_asset, quote_asset : str
        What it is the price of, and in what (``b``, ``q``).
    weight, weight_percent : Decimal
        Weight by quantity (``w``), and as a fraction of the whole (``W``).
    index_price : Decimal
        In its quote asset (``i``).
    """

    base_asset: str
    quote_asset: str
    weight: Decimal
    weight_percent: Decimal
    index_price: Decimal


class CompositeIndex(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={"event_ns": "E", "symbol": "s", "price": "p", "component_type": "C", "components": "c"},
):  # fmt: skip
    """What an index symbol is composed of.

    Attributes
    ----------
    event_ns : int
        Event time (``E``), UTC nanoseconds.
    symbol : str
        Symbol (``s``).
    price : Decimal
        The index, in quote asset (``p``).
    component_type : str
        What the components are, ``"baseAsset"`` (``C``).
    components : tuple of IndexComponent
        Its parts (``c``).

    Source: USD-M WebSocket Market Streams, "Composite Index Symbol Information Streams".
    """

    event_ns: int
    symbol: str
    price: Decimal
    component_type: str
    components: tuple[IndexComponent, ...]


class TradingSession(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={"event": "e", "event_ns": "E", "start_ns": "t", "end_ns": "T", "session": "S"},
):  # fmt: skip
    """The present session of a market that TradFi contracts follow.

    Attributes
    ----------
    event : str
        Which market (``e``): ``"EquityUpdate"``, ``"CommodityUpdate"``, ``"KR_EquityUpdate"``,
        ``"HK_EquityUpdate"``, ``"CN_EquityUpdate"`` or ``"FXUpdate"``.
    event_ns : int
        Event time (``E``), UTC nanoseconds.
    start_ns, end_ns : int
        Begin and end of the session (``t``, ``T``), UTC nanoseconds.
    session : str
        ``"PRE_MARKET"``, ``"REGULAR"``, ``"AFTER_MARKET"``, ``"OVERNIGHT"``, ``"NO_TRADING"``, ... (``S``).

    Source: USD-M WebSocket Market Streams, "Trading Session Stream".
    """

    event: str
    event_ns: int
    start_ns: int
    end_ns: int
    session: str


class OptionSymbol(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={
        "event_ns": "E", "symbol": "s", "underlying": "ps", "quote_asset": "qa", "option_type": "d",
        "strike_price": "sp", "expiry_ns": "dt", "unit": "u", "onboard_ns": "ot", "status": "cs",
    },
):  # fmt: skip
    """An option that is listed, or whose status changes.

    Attributes
    ----------
    event_ns : int
        Event time (``E``), UTC nanoseconds.
    symbol : str
        Symbol (``s``).
    underlying : str
        What it is an option on (``ps``).
    quote_asset : str
        In what it is quoted (``qa``).
    option_type : str
        ``"CALL"`` or ``"PUT"`` (``d``).
    strike_price : Decimal
        In quote asset (``sp``).
    expiry_ns, onboard_ns : int
        Expiry and listing (``dt``, ``ot``), UTC nanoseconds.
    unit : int
        Quantity of the underlying in one contract (``u``).
    status : str
        ``"TRADING"``, ... (``cs``).

    Source: Options WebSocket Market Streams, "New Symbol Info".
    """

    event_ns: int
    symbol: str
    underlying: str
    quote_asset: str
    option_type: str
    strike_price: Decimal
    expiry_ns: int
    unit: int
    onboard_ns: int
    status: str


class AlphaToken(
    msgspec.Struct, frozen=True, kw_only=True,
    rename={
        "contract": "ca", "trade_count": "cnt24", "fully_diluted_value": "fdv", "holder_count": "hc",
        "liquidity": "liq", "market_cap": "mc", "price": "p", "price_change_percent": "pc24", "symbol": "s",
        "time_ns": "t", "volume": "vol24",
    },
):  # fmt: skip
    """Statistics of 24 hours of one Alpha token. None is what its message lacks, or has no text for.

    Attributes
    ----------
    contract : str
        Contract address and chain, ``"0xabc...@56"`` (``ca``).
    symbol : str or None
        Symbol (``s``).
    price : Decimal or None
        In USD (``p``).
    price_change_percent : Decimal or None
        In percent (``pc24``).
    volume : Decimal or None
        In USD (``vol24``).
    trade_count : int or None
        Number of trades (``cnt24``).
    market_cap, fully_diluted_value, liquidity : Decimal or None
        In USD (``mc``, ``fdv``, ``liq``).
    holder_count : Decimal or None
        Number of holders (``hc``).
    time_ns : int or None
        Time of the figures (``t``, taken to be in milliseconds), UTC nanoseconds.
    """

    contract: str
    symbol: str | None = None
    price: Decimal | None = None
    price_change_percent: Decimal | None = None
    volume: Decimal | None = None
    trade_count: int | None = None
    market_cap: Decimal | None = None
    fully_diluted_value: Decimal | None = None
    liquidity: Decimal | None = None
    holder_count: Decimal | None = None
    time_ns: int | None = None


class AllTokens(msgspec.Struct, frozen=True, kw_only=True, rename={"tokens": "d"}):
    """Statistics of 24 hours of Alpha tokens.

    Attributes
    ----------
    tokens : tuple of AlphaToken
        One for each token (``d``).

    Source: Alpha WebSocket Streams, "All Tokens Ticker".
    """

    tokens: tuple[AlphaToken, ...]


class ServerShutdown(msgspec.Struct, frozen=True, kw_only=True, rename={"event_ns": "E"}):
    """A spot server that is about to stop, and will end its connections. Comes unasked.

    Attributes
    ----------
    event_ns : int
        Event time (``E``), UTC nanoseconds.

    Source: Spot WebSocket Streams, "WebSocket Shutdown Notice".
    """

    event_ns: int


#: What is unknown in a message: what it is, path and sample, as in `Drift`.
Unknown: TypeAlias = list[tuple[DriftWhat, str, str]]

Typed: TypeAlias = ContractInfo | CompositeIndex | TradingSession | OptionSymbol | AllTokens | ServerShutdown

_TYPES: Final[dict[TypedEvent, tuple[type[Typed], tuple[str, ...]]]] = {
    # The struct, and what its messages have in `e`; nothing where that is not known for sure.
    "contract_info": (ContractInfo, ("contractInfo",)),
    "composite_index": (CompositeIndex, ("compositeIndex",)),
    "trading_session": (
        TradingSession,
        ("EquityUpdate", "CommodityUpdate", "KR_EquityUpdate", "HK_EquityUpdate", "CN_EquityUpdate",
         "FXUpdate"),
    ),
    "option_symbol": (OptionSymbol, ("optionSymbol",)),
    "all_tokens": (AllTokens, ()),
    "server_shutdown": (ServerShutdown, ("serverShutdown",)),
}  # fmt: skip

# Binance's times are of 13 digits in milliseconds and of 16 in microseconds; this lies between, in the year
# 5138.
_MICROSECONDS_FROM: Final = 10**14
_SAMPLE_BYTES: Final = 48

# The numbers of records, and nothing else that Decimal() reads: "NaN", "1_000", " 1", other scripts' digits.
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

# Numbers as exact as text: `mmr` of a bracket is one.
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Unfit(ValueError):
    """A message is not what its typed event wants; `code` is one of those of rejects."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _keys_of(struct: type[Any]) -> dict[str, tuple[str, type[Any] | None, bool]]:
    """Binance's key to our name, to the struct of the list behind it, where there is one, and whether it is a
    decimal.
    """
    hints = get_type_hints(struct)
    found: dict[str, tuple[str, type[Any] | None, bool]] = {}
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        inner = [one for one in get_args(hint) if hasattr(one, "__struct_fields__")]
        is_decimal = Decimal in (hint, *get_args(hint))
        found[field.encode_name] = (field.name, inner[0] if inner else None, is_decimal)
    return found


_KEYS: Final = {
    struct: _keys_of(struct)
    for struct in (*(struct for struct, _ in _TYPES.values()), ContractBracket, IndexComponent, AlphaToken)
}


def read_event(kind: TypedEvent, payload: bytes) -> tuple[Typed, Unknown]:
    """Return the struct of a message, and what in it is unknown: ``"key"`` or ``"value"``, path, sample.

    Raises
    ------
    Unfit
        The message is not what the struct wants.
    """
    struct, events = _TYPES[kind]
    try:
        message = _JSON.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unfit("invalid_json", str(error)) from error
    except InvalidOperation as error:  # of Decimal: an exponent of some twenty digits
        raise Unfit("number_range", "a number that no Decimal holds") from error
    data = message.get("data") if isinstance(message, dict) and "stream" in message else message
    if not isinstance(data, dict):
        raise Unfit("wrong_type", "not an object")
    unknown: Unknown = []
    event = data.get("e")
    if events and event not in events:
        if kind != "trading_session" or not isinstance(event, str):
            raise Unfit("missing_key" if event is None else "wrong_event", f"e is {event!r}")
        # A market more: the rest of the message says what it always does.
        unknown.append(("value", "e", _sample(event)))
    shaped = _shaped(struct, data, "", unknown)
    try:
        return msgspec.convert(shaped, struct), unknown
    except msgspec.ValidationError as error:
        missing = "missing required field" in str(error)
        raise Unfit("missing_key" if missing else "wrong_type", str(error)) from error


def _shaped(struct: type[Any], data: dict[str, Any], path: str, unknown: Unknown) -> dict[str, Any]:
    """Return what the struct takes of an object, times in nanoseconds; note the keys it does not know."""
    keys = _KEYS[struct]
    shaped: dict[str, Any] = {}
    for key, value in data.items():
        if key not in keys:
            if key != "e" or path:
                unknown.append(("key", path + key, _sample(value)))
            continue
        name, inner, is_decimal = keys[key]
        if is_decimal and value == "" and struct is AlphaToken:
            continue  # as in records: a number that may be missing may be an empty text
        if is_decimal and isinstance(value, str) and not _NUMBER.fullmatch(value):
            raise Unfit("bad_number", f"{path}{key} is {value[:_SAMPLE_BYTES]!r}")
        if name.endswith("_ns") and type(value) is int:
            value = value * (1_000 if value >= _MICROSECONDS_FROM else 1_000_000)
        elif inner is not None and isinstance(value, list):
            below = f"{path}{key}."
            value = [_shaped(inner, one, below, unknown) if isinstance(one, dict) else one for one in value]
        shaped[key] = value
    return shaped


def _sample(value: Any) -> str:
    text = _ENCODER.encode(value)
    return text[:_SAMPLE_BYTES].decode("utf-8", "ignore")
