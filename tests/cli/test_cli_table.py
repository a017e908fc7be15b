import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fastbinance import RingState
from fastbinance.cli.lines import row_line, row_lines, totals_line
from fastbinance.cli.row import Extra, Percentiles, Row, Totals
from fastbinance.cli.table import TableView

BTC = Row(
    symbol="BTCUSDT", state=RingState.LIVE, bid=91234.4, bid_qty=0.0329, ask=91234.47, ask_qty=1.5,
    last=91234.47, last_qty=0.00124, last_age_seconds=0.31, last_sold=False, depth_bid_qty=3.0,
    depth_ask_qty=1.0, messages_per_second=41.6,
    lag=Percentiles(148e3, 633e3), wire=Percentiles(1.1e6, 3.3e6), price_places=2, qty_places=5, tick=0.01,
)  # fmt: skip
DOGE = Row(
    symbol="DOGEUSDT", state=RingState.QUIET, bid=0.1532, bid_qty=90389.0, ask=0.15321, ask_qty=4024.0,
    last=0.1532, last_qty=7872.0, last_age_seconds=12.0, last_sold=True, depth_bid_qty=1.24e6,
    depth_ask_qty=731_635.0, messages_per_second=0.5, lag=Percentiles(148e3, 4.1e6),
    price_places=5, qty_places=0, tick=1e-5,
)  # fmt: skip
NEW = Row(symbol="XRPUSDT")
PERPETUAL = replace(BTC, mark=91234.46123, funding_rate=-0.000075, funding_seconds=11_579.0)
OPTION = replace(
    BTC, symbol="BTC-261225-126000-C", bid=6848.6, ask=6848.7, last=6848.7, mark=6848.8,
    mark_volatility=0.5558, price_places=1, qty_places=2, tick=0.1,
)  # fmt: skip
REFUSED = Row(symbol="BTC$USDT", trouble="REFUSED", note="Binance refused it: invalid stream")
ROWS = [BTC, DOGE, NEW]
TOTALS = Totals(
    messages=12_345, rejected=0, lost=7, connections=2, live=2, reconnects=1,
    scanner="avx2", fallback="haswell",
)  # fmt: skip


def draw(
    rows: list[Row],
    width: int,
    height: int | None = None,
    *,
    view: TableView | None = None,
    totals: Totals = TOTALS,
    no_color: bool = False,
) -> str:
    """Draw for a terminal, escape sequences included."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system="standard", no_color=no_color
    )
    view = view or TableView("a title", Extra.DEPTH)
    picture = view.render(rows, totals, elapsed_seconds=61.0, width=width, height=height)
    with console.capture() as captured:
        console.print(picture)
    return captured.get()


def lines_of(drawn: str) -> list[str]:
    return [Text.from_ansi(line).plain for line in drawn.splitlines()]


def line_with(drawn: str, word: str) -> str:
    return next(line for line in lines_of(drawn) if word in line)


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 81, 100, 120, 140, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = lines_of(draw(ROWS, width))
    assert all(cell_len(line) <= width for line in lines)
    # Nothing wraps either: title, blank, two lines of headings, three rows, blank.
    assert sum("USDT" in line for line in lines[:8]) == 3


def test_eighty_columns_show_the_quote_the_trade_the_rate_and_the_lag() -> None:
    drawn = draw(ROWS, 80)
    assert re.fullmatch(
        r"● BTCUSDT +0\.03290 +91234\.40 +91234\.47 +1\.50000 +7 +91234\.47▲ +42 +148µs +633µs",
        line_with(drawn, "BTCUSDT"),
    )
    assert re.fullmatch(
        r"○ DOGEUSDT +90389 +0\.15320 +0\.15321 +4024 +1 +0\.15320▼ +0\.5 +148µs +4\.1ms",
        line_with(drawn, "○ DOGEUSDT"),
    )


def test_a_hundred_and_forty_columns_show_sizes_depth_and_state_too() -> None:
    drawn = draw(ROWS, 140)
    heads = lines_of(drawn)[2:4]
    assert " ".join(heads[0].split()) == (
        "BID BID ASK ASK SPRD SPRD LAST LAST LAST DEPTH DEPTH DEPTH MSGS LAG LAG"
    )
    assert " ".join(heads[1].split()) == (
        "SYMBOL QTY PRICE PRICE QTY TICKS BPS PRICE QTY AGE BIDS ASKS IMB /S P50 P99 STATE"
    )
    btc = line_with(drawn, "BTCUSDT")
    assert "+50%" in btc
    assert "0.3s" in btc
    assert btc.endswith("LIVE")


def test_futures_show_mark_price_and_funding_in_eighty_columns() -> None:
    drawn = draw([PERPETUAL], 80, view=TableView("a title", Extra.MARK | Extra.FUNDING))
    heads = lines_of(drawn)[2:4]
    assert " ".join(heads[0].split()) == "BID ASK LAST MARK FUNDING FUNDING MSGS LAG LAG"
    assert " ".join(heads[1].split()) == "SYMBOL PRICE PRICE PRICE PRICE RATE IN /S P50 P99"
    assert re.search(r"91234\.47▲ +91234\.46 -0\.0075%  3h 12m ", line_with(drawn, "BTCUSDT"))
    assert "DEPTH" not in drawn


def test_options_show_mark_price_and_its_volatility() -> None:
    drawn = draw([OPTION], 80, view=TableView("a title", Extra.MARK | Extra.VOLATILITY))
    assert re.search(r"6848\.7▲ +6848\.8 55\.6%", line_with(drawn, "BTC-261225-126000-C"))


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (30, "? BTC$USDT Binance refused it:"),
        (80, "? BTC$USDT Binance refused it: invalid stream"),
        (140, "? BTC$USDT  Binance refused it: invalid stream"),
    ],
)
def test_a_symbol_without_figures_says_why_across_the_columns(width: int, line: str) -> None:
    lines = lines_of(draw([BTC, REFUSED], width))
    assert lines[5] == line
    assert "BTC$USDT REFUSED" in lines


def test_why_a_connection_is_down_stands_below() -> None:
    trouble = "main: no connection after 3 attempts: refused"
    assert trouble in lines_of(draw([NEW], 80, totals=replace(TOTALS, trouble=trouble)))


def test_what_has_not_come_yet_is_a_dash() -> None:
    assert set(line_with(draw([NEW], 200), "x XRPUSDT").split()[2:]) == {"-", "DOWN"}


def test_the_narrowest_terminal_keeps_symbol_bid_and_ask() -> None:
    assert lines_of(draw([BTC], 30))[3].split() == ["SYMBOL", "PRICE", "PRICE"]


def test_columns_stand_still_when_figures_shrink() -> None:
    view = TableView("a title", Extra.DEPTH)
    long = replace(BTC, bid=123_456.78, messages_per_second=12_345.0, lag=Percentiles(850e3, 850e3))
    before = line_with(draw([long], 140, view=view), "SYMBOL")
    assert line_with(draw([BTC], 140, view=view), "SYMBOL") == before
    assert line_with(draw([NEW], 140, view=view), "SYMBOL") == before


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = [replace(BTC, symbol=f"A{index}USDT") for index in range(30)]
    lines = lines_of(draw(rows, 80, 24))
    assert len(lines) <= 24
    shown = sum("USDT" in line for line in lines)
    assert f"… {30 - shown} more in a taller terminal" in lines


@pytest.mark.parametrize("height", [1, 5, 8, 10, 16, 24])
def test_a_low_terminal_still_shows_a_price(height: int) -> None:
    lines = lines_of(draw(ROWS, 80, height))
    # What is more than the terminal has is cut off below, so the first price stands high.
    assert "BTCUSDT" in "".join(lines[: max(height, 4)])
    assert len(lines) <= max(height, 8)


def test_sides_and_states_have_colours_and_signs() -> None:
    drawn = draw(ROWS, 140)
    assert "\x1b[32m91234.47▲" in drawn
    assert "\x1b[31m0.15320▼" in drawn
    assert "\x1b[33m○ DOGEUSDT" in drawn
    assert "\x1b[1;31mx XRPUSDT" in drawn


def test_without_colour_only_bold_and_dim_are_left() -> None:
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", draw(ROWS, 140, no_color=True))


def test_a_terminal_without_unicode_gets_ascii() -> None:
    for width in (80, 200):
        assert draw(ROWS, width, 24, view=TableView("a title", Extra.DEPTH, unicode=False)).isascii()


def test_symbols_in_wide_scripts_keep_the_columns_aligned() -> None:
    wide = replace(BTC, symbol="币安人生USDT")
    lines = lines_of(draw([wide, BTC], 100))
    assert cell_len(lines[4]) == cell_len(lines[5])


def test_totals_stand_below() -> None:
    lines = lines_of(draw(ROWS, 140))
    assert (
        "messages 12,345  rejected 0  lost 7  connections 2/2  reconnects 1  scanner avx2, simdjson haswell"
    ) in lines
    assert "DOGEUSDT QUIET, XRPUSDT DOWN" in lines
    assert "\x1b[1;31mlost 7" in draw(ROWS, 140)


def test_the_last_picture_does_not_ask_for_ctrl_c() -> None:
    assert "a title · 1:01" in lines_of(draw(ROWS, 80))
    assert "a title · 1:01 · Ctrl-C ends" in lines_of(draw(ROWS, 80, 24))


def test_spread_and_imbalance_follow_from_the_row() -> None:
    assert (BTC.spread_ticks, DOGE.spread_ticks) == (7, 1)
    assert BTC.spread_bps == pytest.approx(0.07 / 91234.435 * 1e4)
    assert BTC.imbalance == 0.5
    assert NEW.spread_ticks != NEW.spread_ticks


def test_plain_lines_name_every_value() -> None:
    assert row_line(BTC, Extra.DEPTH) == (
        "BTCUSDT bid=91234.40 bid_qty=0.03290 ask=91234.47 ask_qty=1.50000 spread_ticks=7 spread_bps=0.008 "
        "last=91234.47 last_qty=0.00124 last_side=buy last_age_s=0.31 imbalance=+0.500 msgs_per_s=41.6 "
        "lag_p50_us=148.0 lag_p99_us=633.0 wire_p50_us=1100.0 wire_p99_us=3300.0 state=LIVE"
    )
    line = row_line(PERPETUAL, Extra.MARK | Extra.FUNDING)
    assert " last_age_s=0.31 mark=91234.46 funding_pct=-0.0075 funding_in_s=11579 msgs_per_s=41.6 " in line
    assert " mark=6848.8 mark_iv_pct=55.6 msgs_per_s=" in row_line(OPTION, Extra.MARK | Extra.VOLATILITY)
    assert row_line(REFUSED, Extra.NONE).endswith(" state=REFUSED")
    assert row_lines([NEW], Extra.DEPTH, 0.0)[0].startswith("1970-01-01T00:00:00Z XRPUSDT bid=- bid_qty=- ")
    assert totals_line(TOTALS) == (
        "total messages=12345 rejected=0 lost=7 connections=2/2 reconnects=1 scanner=avx2 simdjson=haswell"
    )
