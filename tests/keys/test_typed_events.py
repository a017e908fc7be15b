"""Messages without a fixed size become structs: decimals exact, times in nanoseconds, the unknown noted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._grammar import TypedEvent
from fastbinance._typed import Unfit, read_event
from fastbinance.events import (
    EVENT_KINDS,
    AllTokens,
    AlphaToken,
    CompositeIndex,
    ContractBracket,
    ContractInfo,
    IndexComponent,
    OptionSymbol,
    ServerShutdown,
    TradingSession,
)

MS = 1_000_000

# Payloads in Binance's shapes of 2026, figures our own; what each becomes.
READ: list[tuple[str, TypedEvent, str, Any]] = [
    (
        "contract info with brackets",
        "contract_info",
        '{"e":"contractInfo","E":1795340000500,"s":"IOTAUSDT","ps":"IOTAUSDT","ct":"PERPETUAL","dt":4133404800000,'
        '"ot":1569398400000,"cs":"TRADING","bks":[{"bs":1,"bnf":0,"bnc":5000,"mmr":0.0100,"cf":0,"mi":21,"ma":50}],'
        '"st":1}',
        ContractInfo(
            event_ns=1795340000500 * MS,
            symbol="IOTAUSDT",
            pair="IOTAUSDT",
            contract_type="PERPETUAL",
            delivery_ns=4133404800000 * MS,
            onboard_ns=1569398400000 * MS,
            status="TRADING",
            brackets=(
                ContractBracket(
                    bracket=1,
                    notional_floor=Decimal(0),
                    notional_cap=Decimal(5000),
                    maintenance_margin_rate=Decimal("0.0100"),
                    auxiliary_number=Decimal(0),
                    min_leverage=21,
                    max_leverage=50,
                ),
            ),
            product=1,
        ),
    ),
    (
        "contract info without pair, brackets and product",
        "contract_info",
        '{"e":"contractInfo","E":1795340000500,"s":"BTCUSD_261225","ct":"CURRENT_QUARTER","dt":1798185600000,'
        '"ot":1790000000000,"cs":"PENDING_TRADING"}',
        ContractInfo(
            event_ns=1795340000500 * MS,
            symbol="BTCUSD_261225",
            contract_type="CURRENT_QUARTER",
            delivery_ns=1798185600000 * MS,
            onboard_ns=1790000000000 * MS,
            status="PENDING_TRADING",
        ),
    ),
    (
        "composite index",
        "composite_index",
        '{"e":"compositeIndex","E":1795340001000,"s":"DEFIUSDT","p":"554.41","C":"baseAsset",'
        '"c":[{"b":"BAL","q":"USDT","w":"1.04884844","W":"0.01457800","i":"24.33521021"}]}',
        CompositeIndex(
            event_ns=1795340001000 * MS,
            symbol="DEFIUSDT",
            price=Decimal("554.41"),
            component_type="baseAsset",
            components=(
                IndexComponent(
                    base_asset="BAL",
                    quote_asset="USDT",
                    weight=Decimal("1.04884844"),
                    weight_percent=Decimal("0.01457800"),
                    index_price=Decimal("24.33521021"),
                ),
            ),
        ),
    ),
    (
        "option symbol",
        "option_symbol",
        '{"e":"optionSymbol","E":1795340000050,"s":"BTC-261225-130000-C","ps":"BTCUSDT","qa":"USDT","d":"CALL",'
        '"sp":"130000.00","dt":1798185600000,"u":1,"ot":1795340400000,"cs":"TRADING"}',
        OptionSymbol(
            event_ns=1795340000050 * MS,
            symbol="BTC-261225-130000-C",
            underlying="BTCUSDT",
            quote_asset="USDT",
            option_type="CALL",
            strike_price=Decimal("130000.00"),
            expiry_ns=1798185600000 * MS,
            unit=1,
            onboard_ns=1795340400000 * MS,
            status="TRADING",
        ),
    ),
    (
        "all tokens",
        "all_tokens",
        '{"e":"tickerList","d":[{"ca":"0xabc@56","cnt24":12,"fdv":"1000.5","hc":77,"liq":"9.1","mc":"500",'
        '"p":"0.0512","pc24":"-1.25","s":"ABC","t":1795340000000,"vol24":"123.456"},{"ca":"So1@CT_501"}]}',
        AllTokens(
            tokens=(
                AlphaToken(
                    contract="0xabc@56",
                    symbol="ABC",
                    price=Decimal("0.0512"),
                    price_change_percent=Decimal("-1.25"),
                    volume=Decimal("123.456"),
                    trade_count=12,
                    market_cap=Decimal(500),
                    fully_diluted_value=Decimal("1000.5"),
                    liquidity=Decimal("9.1"),
                    holder_count=Decimal(77),
                    time_ns=1795340000000 * MS,
                ),
                AlphaToken(contract="So1@CT_501"),
            )
        ),
    ),
    (
        "server shutdown",
        "server_shutdown",
        '{"e":"serverShutdown","E":1795340000123}',
        ServerShutdown(event_ns=1795340000123 * MS),
    ),
    (
        "server shutdown in microseconds",
        "server_shutdown",
        '{"e":"serverShutdown","E":1795340000123456}',
        ServerShutdown(event_ns=1795340000123456 * 1000),
    ),
    *(
        (
            f"trading session, {event}",
            "trading_session",
            f'{{"e":"{event}","E":1795340001000,"t":1795316400000,"T":1795345200000,"S":"REGULAR"}}',
            TradingSession(
                event=event,
                event_ns=1795340001000 * MS,
                start_ns=1795316400000 * MS,
                end_ns=1795345200000 * MS,
                session="REGULAR",
            ),
        )
        for event in (
            "EquityUpdate", "CommodityUpdate", "KR_EquityUpdate", "HK_EquityUpdate", "CN_EquityUpdate",
            "FXUpdate",
        )
    ),
]  # fmt: skip

each_row = pytest.mark.parametrize(
    ("kind", "payload", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ]
)


@each_row
def test_message_becomes_its_struct_with_exact_decimals(
    kind: TypedEvent, payload: str, expected: Any
) -> None:
    found, unknown = read_event(kind, payload.encode())
    assert found == expected
    assert unknown == []
    assert kind in EVENT_KINDS
    # Equality of decimals forgets zeros at the end; the text they came in has them.
    assert repr(found) == repr(expected)


@each_row
def test_the_wrapper_of_combined_streams_is_seen_through(
    kind: TypedEvent, payload: str, expected: Any
) -> None:
    assert read_event(kind, b'{"stream":"any","data":' + payload.encode() + b"}")[0] == expected


@each_row
def test_unknown_keys_pass_and_are_noted_with_their_path(
    kind: TypedEvent, payload: str, expected: Any
) -> None:
    message = json.loads(payload)
    message["zz"] = {"deep": [1, "two"]}
    nested = next((key for key, value in message.items() if isinstance(value, list)), None)
    if nested is not None:
        message[nested][0]["yy"] = "0.10"
    found, unknown = read_event(kind, json.dumps(message).encode())
    assert found == expected
    wanted = [("key", "zz", '{"deep":[1,"two"]}')]
    if nested is not None:
        wanted.append(("key", f"{nested}.yy", '"0.10"'))
    assert sorted(unknown) == sorted(wanted)


def test_a_long_unknown_value_is_noted_by_its_beginning() -> None:
    payload = json.dumps({"e": "serverShutdown", "E": 1, "zz": "é" * 100}).encode()
    _, [(_, _, sample)] = read_event("server_shutdown", payload)
    assert len(sample.encode()) <= 48
    assert sample.startswith('"éé')


def test_a_market_more_in_trading_sessions_is_an_unknown_value() -> None:
    found, unknown = read_event("trading_session", b'{"e":"JP_EquityUpdate","E":1,"t":2,"T":3,"S":"REGULAR"}')
    assert isinstance(found, TradingSession)
    assert found.event == "JP_EquityUpdate"
    assert unknown == [("value", "e", '"JP_EquityUpdate"')]


def test_an_empty_figure_of_a_token_is_missing_and_costs_no_other_token() -> None:
    payload = b'{"e":"tickerList","d":[{"ca":"0x1@56","p":"","mc":null},{"ca":"0x2@56","p":"1.5"}]}'
    found, unknown = read_event("all_tokens", payload)
    assert isinstance(found, AllTokens)
    assert [token.price for token in found.tokens] == [None, Decimal("1.5")]
    assert unknown == []


UNFIT: list[tuple[str, TypedEvent, bytes, str]] = [
    ("no JSON", "server_shutdown", b"{", "invalid_json"),
    ("an array", "server_shutdown", b"[]", "wrong_type"),
    ("a wrapped array", "server_shutdown", b'{"stream":"x","data":[]}', "wrong_type"),
    ("another event", "contract_info", b'{"e":"trade"}', "wrong_event"),
    ("no event", "contract_info", b'{"E":1}', "missing_key"),
    ("a session whose event is a number", "trading_session",
     b'{"e":1,"E":1,"t":2,"T":3,"S":""}', "wrong_event"),
    ("a key short", "server_shutdown", b'{"e":"serverShutdown"}', "missing_key"),
    ("time as text", "server_shutdown", b'{"e":"serverShutdown","E":"now"}', "wrong_type"),
    ("time as truth", "server_shutdown", b'{"e":"serverShutdown","E":true}', "wrong_type"),
    ("component as text", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"1","C":"a","c":["b"]}', "wrong_type"),
    ("decimal that is none", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"much","C":"a","c":[]}', "bad_number"),
    ("a number that is none", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"NaN","C":"a","c":[]}', "bad_number"),
    ("a number with an underscore", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"1_000","C":"a","c":[]}', "bad_number"),
    ("a number with a space", "all_tokens",
     b'{"e":"tickerList","d":[{"ca":"0x1@56","p":" 1"}]}', "bad_number"),
    ("digits of another script", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"\\u0661","C":"a","c":[]}', "bad_number"),
    ("a number that no Decimal holds", "server_shutdown",
     b'{"e":"serverShutdown","E":1,"new":1e999999999999999999999}', "number_range"),
    ("text that no Decimal holds", "composite_index",
     b'{"e":"compositeIndex","E":1,"s":"X","p":"1e999999999999999999999","C":"a","c":[]}', "wrong_type"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "payload", "code"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT]
)
def test_what_does_not_fit_is_refused_with_the_code_of_a_reject(
    kind: TypedEvent, payload: bytes, code: str
) -> None:
    with pytest.raises(Unfit) as caught:
        read_event(kind, payload)
    assert caught.value.code == code


@given(st.sampled_from([row[1:3] for row in READ]), st.data())
def test_a_value_of_any_type_is_read_or_refused(row: tuple[TypedEvent, str], data: st.DataObject) -> None:
    kind, payload = row
    message = json.loads(payload)
    key = data.draw(st.sampled_from(sorted(message)))
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    message[key] = data.draw(st.recursive(scalars, lambda inner: st.lists(inner, max_size=2), max_leaves=3))
    try:
        found, _ = read_event(kind, json.dumps(message).encode())
    except Unfit:
        return
    assert isinstance(found, msgspec.Struct)
