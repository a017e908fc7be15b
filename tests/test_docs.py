"""What the documentation says is so: its code runs, its tables are the code's, its links lead somewhere."""

import functools
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import fastbinance
from fastbinance import Kind, _grammar, codes, errors, events, keys
from fastbinance._core import record as native_records
from fastbinance._io.stats import FeedCounters
from fastbinance._rest_endpoints import REST_PRODUCTS, rest_url
from fastbinance.sim import RunningSimulator, SimulatorOptions, run_in_thread

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_"))

# Enough that no block of code waits long for its next record.
MESSAGES_PER_SECOND = 500.0

Cells = list[str]


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_blocks(path: Path) -> list[tuple[int, str]]:
    """Line number and text of each Python block."""
    text = path.read_text()
    return [
        (text.count("\n", 0, found.start()) + 1, found[1])
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]


def section(path: Path, heading: str) -> str:
    """Text under a heading, up to the next one of its depth or above."""
    text = path.read_text()
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert start is not None, f"{page_id(path)} has no heading {heading!r}"
    end = re.search(rf"^#{{1,{len(start[1])}}} ", text[start.end() :], re.MULTILINE)
    return text[start.end() :][: end.start() if end else None]


def tables(text: str) -> list[list[Cells]]:
    """Rows of each table without its head; cells without code marks."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [
            [cell.strip().replace("\\|", "|").replace("`", "") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            for row in table.splitlines()
        ]
        found.append(rows[2:])
    return found


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def documentation() -> str:
    return "\n".join(path.read_text() for path in PAGES)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with run_in_thread(messages_per_second=MESSAGES_PER_SECOND) as running:
        yield running


# -- code


@pytest.mark.parametrize("path", [path for path in PAGES if code_blocks(path)], ids=page_id)
def test_python_blocks_of_a_page_run_in_order(
    path: Path, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Client", "AsyncClient"):
        whole = getattr(fastbinance, name)
        here = functools.partial(whole, urls=simulator.urls, rest_urls=simulator.rest_urls)
        monkeypatch.setattr(fastbinance, name, here)
    with fastbinance.Client() as fb:
        # What a page may use without having made it.
        names: dict[str, Any] = {"__name__": page_id(path), "fastbinance": fastbinance, "fb": fb}
        for line, text in code_blocks(path):
            exec(compile("\n" * line + text, str(path), "exec"), names)
    for name, test in names.items():
        if name.startswith("test_"):
            options = {
                key: value for mark in getattr(test, "pytestmark", ()) for key, value in mark.kwargs.items()
            }
            with run_in_thread(**{"messages_per_second": MESSAGES_PER_SECOND, **options}) as own:
                test(own)


@pytest.mark.parametrize("path", EXAMPLES, ids=page_id)
def test_example_runs_against_the_simulator(path: Path) -> None:
    command = [sys.executable, "-W", "error", str(path), "--sim", "--seconds", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") > 1


# -- links


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_relative_links_resolve(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", path.read_text()):
        name, _, anchor = target.partition("#")
        linked = path.parent / name if name else path
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
    assert broken == []


# -- names


@pytest.mark.parametrize(
    "kind",
    [
        fastbinance.Client,
        fastbinance.AsyncClient,
        fastbinance.Reader,
        fastbinance.AsyncReader,
        fastbinance.EventQueue,
        fastbinance.Window,
        RunningSimulator,
    ],
)
def test_every_public_member_is_documented(kind: type[Any]) -> None:
    text = documentation()
    members = [name for name in dir(kind) if not name.startswith("_")]
    assert [name for name in members if not re.search(rf"\b{name}\b", text)] == []


def test_every_public_member_of_a_ring_is_documented(simulator: RunningSimulator) -> None:
    text = documentation()
    with fastbinance.Client(urls=simulator.urls) as client:
        rings = [client.book_ticker("btcusdt"), client.diff_depth("btcusdt")]
        members = {name for ring in rings for name in dir(ring) if not name.startswith("_")}
    assert [name for name in sorted(members) if not re.search(rf"\b{name}\b", text)] == []


# -- tables


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("BookTicker", [Kind.BOOK_TICKER]),
        ("Trade", [Kind.TRADE, Kind.BLOCK_TRADE]),
        ("AggTrade", [Kind.AGG_TRADE]),
        ("Depth", [Kind.DIFF_DEPTH, Kind.PARTIAL_DEPTH]),
        (
            "Kline",
            [
                Kind.KLINE, Kind.CONTINUOUS_KLINE, Kind.INDEX_PRICE_KLINE, Kind.MARK_PRICE_KLINE,
                Kind.CONTRACT_KLINE,
            ],
        ),
        ("Ticker", [Kind.TICKER, Kind.ROLLING_TICKER]),
        ("MiniTicker", [Kind.MINI_TICKER]),
        ("AveragePrice", [Kind.AVERAGE_PRICE]),
        ("ReferencePrice", [Kind.REFERENCE_PRICE]),
        ("MarkPrice", [Kind.MARK_PRICE]),
        ("OptionMarkPrice", [Kind.OPTION_MARK_PRICE]),
        ("IndexPrice", [Kind.INDEX_PRICE]),
        ("ForceOrder", [Kind.FORCE_ORDER]),
        ("OpenInterest", [Kind.OPEN_INTEREST]),
        ("AssetIndex", [Kind.ASSET_INDEX]),
    ],
)  # fmt: skip
def test_record_table_is_the_native_layout(heading: str, kinds: list[Kind]) -> None:
    text = section(DOCS / "records.md", heading)
    documented = [tuple(row[:3]) for row in tables(text)[0]]
    for kind in kinds:
        layout = native_records.layouts[int(kind)]
        native = [
            (name, np.dtype(layout.dtype.fields[name][0]).name, str(offset))
            for name, (offset, _) in layout.fields.items()
        ]
        assert documented == native
        assert f"`{kind.name}`" in text
        assert f"{layout.record_bytes} bytes" in text


def test_every_ws_key_is_documented_with_its_urls() -> None:
    production, others, *_ = tables(section(DOCS / "streams-and-keys.md", "Keys"))
    endpoints = {key: keys.describe(key) for key in fastbinance.WsKey}
    assert production == [
        [key.name, key.value, one.product, keys.base_url(key), one.combined or "-", one.raw or "-"]
        for key, one in endpoints.items()
    ]

    def testnet(key: fastbinance.WsKey) -> str:
        if "testnet" not in keys.environments(key):
            return "-"
        return f"{keys.base_url(key, env='testnet')} as {keys.route(key, 'testnet')}"

    def demo(key: fastbinance.WsKey) -> str:
        return keys.base_url(key, env="demo") if "demo" in keys.environments(key) else "-"

    assert others == [
        [key.value, one.market_maker or "-", testnet(key), demo(key)] for key, one in endpoints.items()
    ]


@pytest.mark.parametrize(
    ("heading", "market"),
    [
        ("Spot", "spot"),
        ("USD-M", "usdm"),
        ("COIN-M", "coinm"),
        ("Options", "options"),
        ("Alpha", "alpha"),
        ("Spot as SBE", "spot"),
    ],
)
def test_every_stream_name_is_documented_with_its_record_and_route(heading: str, market: keys.Market) -> None:
    forms = _grammar.forms_of(market, "sbe" if heading.endswith("SBE") else "json")
    [rows] = tables(section(DOCS / "streams-and-keys.md", heading))
    assert rows == [[form.text, becomes(form), *([form.part] if form.part else [])] for form in forms]


def becomes(form: _grammar.Form) -> str:
    """Name the record or event that a stream becomes, as the page does."""
    if form.kind is None:
        return str(form.event)
    name: str = native_records.record_types[int(form.kind)].__name__
    which = {Kind.DIFF_DEPTH: " (diff)", Kind.PARTIAL_DEPTH: " (partial)"}
    return name + which.get(form.kind, "")


def test_every_code_is_documented() -> None:
    [rows] = tables(section(DOCS / "records.md", "Codes"))
    assert rows == [
        [name, rows[index][1], ", ".join(f"{one.value} {one.name}" for one in getattr(codes, name))]
        for index, name in enumerate(("TradeType", "Side", "OrderType", "TimeInForce", "OrderStatus"))
    ]


def test_every_field_of_a_typed_event_and_of_a_drift_is_documented() -> None:
    rows = tables(section(DOCS / "rings.md", "Typed events"))[0]
    assert {row[2]: row[3].split(", ") for row in rows} == {
        row[2]: list(getattr(events, row[2]).__struct_fields__) for row in rows
    }
    assert {row[1] for row in rows if row[1]} == set(get_args(_grammar.TypedEvent))
    documented = [name for row in tables((DOCS / "drift.md").read_text())[0] for name in row[0].split(", ")]
    assert documented == [*(one.name for one in fields(fastbinance.Drift)), "identity"]


def test_sizes_of_rings_are_those_documented(simulator: RunningSimulator) -> None:
    [rows] = tables(section(DOCS / "rings.md", "Sizes"))
    documented, real = [], []
    with fastbinance.Client(urls=simulator.urls) as client:
        for calls, *sizes in rows:
            for call in re.findall(r"\w+\([^)]*\)", calls):
                ring = eval(f"client.{call}", {"client": client})
                documented.append([call, *(int(size.replace(",", "").replace("-", "0")) for size in sizes)])
                real.append([call, ring.capacity, ring.level_capacity, ring.stats.memory_bytes])
    assert documented == real


def test_every_error_is_documented_with_its_attributes() -> None:
    rows = tables(section(DOCS / "errors.md", "What each means, and what to do"))[0]
    documented = {row[0]: re.findall(r"\w+", row[1]) for row in rows}
    real = {}
    for name in errors.__all__:
        constructor = getattr(errors, name).__init__
        facts = [] if constructor is Exception.__init__ else [*inspect.signature(constructor).parameters][1:]
        real[name] = [] if facts == ["args", "kwargs"] else facts
    del real["FastBinanceError"]  # the tree has it; nobody raises it
    assert {name: documented.get(name) for name in real} == real
    assert documented.keys() == real.keys()


def test_every_reject_code_is_documented() -> None:
    header = (ROOT / "src" / "fastbinance" / "_native" / "error.hpp").read_text()
    body = header.partition("enum class DecodeCode")[2].partition("};")[0]
    codes = re.findall(r"^  (\w+) = \d+,", body, re.MULTILINE)
    rows = tables(section(DOCS / "errors.md", "Rejects"))[1]
    assert ["ok", *(row[0] for row in rows)] == codes


def test_every_event_state_and_counter_is_documented() -> None:
    kinds = tables(section(DOCS / "rings.md", "Events"))[0]
    states, counters = tables(section(DOCS / "rings.md", "State and counters"))
    assert [kind for row in kinds for kind in row[0].split(", ")] == list(events.EVENT_KINDS)
    assert {row[0] for row in states} == {state.name for state in fastbinance.RingState}
    documented = {name for row in counters for name in row[0].split(", ")}
    assert documented == {counter.name for counter in fields(FeedCounters)}


def test_the_hosts_of_requests_are_the_ones_that_are_used() -> None:
    (rows,) = tables(section(DOCS / "streams-and-keys.md", "Requests over HTTP"))
    assert [row[0].partition(" ")[0] for row in rows] == list(REST_PRODUCTS)
    for product, (_, prod, market_maker, testnet, demo) in zip(REST_PRODUCTS, rows, strict=True):
        assert rest_url(product) == f"https://{prod}"
        assert rest_url(product, market_maker=True) == f"https://{market_maker or prod}"
        for env, host in (("testnet", testnet), ("demo", demo)):
            if host:
                assert rest_url(product, env=env) == f"https://{host}"
            else:
                with pytest.raises(fastbinance.ConfigurationError, match=f"does not exist in '{env}'"):
                    rest_url(product, env=env)


def test_every_option_of_the_simulator_is_documented() -> None:
    rows = tables(section(DOCS / "simulator.md", "Options"))[0]
    assert {name for row in rows for name in row[0].split(", ")} == set(SimulatorOptions.__annotations__)


@pytest.mark.parametrize("command", ["demo", "sim", "watch"])
def test_every_option_of_a_command_is_documented(command: str) -> None:
    pytest.importorskip("cyclopts")
    from fastbinance.cli.demo import demo
    from fastbinance.cli.sim import sim
    from fastbinance.cli.watch import watch

    demo_rows, sim_rows, watch_rows = tables(section(DOCS / "simulator.md", "On the command line"))
    rows, parameters = {
        "demo": (demo_rows, inspect.signature(demo).parameters),
        "sim": (sim_rows, inspect.signature(sim).parameters),
        "watch": (watch_rows, inspect.signature(watch).parameters),
    }[command]
    options = [
        "--" + one.name.replace("_", "-") for one in parameters.values() if one.kind is one.KEYWORD_ONLY
    ]
    assert sorted(name for row in rows for name in row[0].split(", ")) == sorted(options)
