"""Order books of captured messages are those of the reference, bit for bit."""

import json
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.frames import Recorder, pack
from support.text_book import TextBook, levels_of, played, sessions

from fastbinance._core.book import BookBase
from fastbinance._core.feed import Feed
from fastbinance._core.ring import RingBase
from fastbinance.book_states import BookState
from fastbinance.streams import Kind

BOOKS = 21
LOADED = (0, 1)  # proven, or ahead of all diffs


def test_every_book_of_the_reference_is_tested(captures):
    assert len(sessions(captures)) == BOOKS


@pytest.fixture(params=range(BOOKS))
def session(request, captures):
    return sessions(captures)[request.param]


def play(
    captures: Any, session: tuple[str, dict[str, Any]], *, quotes: bool
) -> Iterator[tuple[BookBase, TextBook, str, dict[str, Any]]]:
    """Both books after each message from the snapshot on."""
    name, expected = session
    messages = played(captures, name, expected)
    futures = not name.startswith("spot")
    streams = {kind: json.loads(line)["stream"] for kind, line, _ in messages if kind != "snapshot"}
    feed = Feed(Recorder(), "main")
    diffs = RingBase(int(Kind.DIFF_DEPTH), streams["diff"], "main", expected["symbol"], capacity=512)
    feed.add_route(streams["diff"], diffs)
    tickers = None
    if quotes and "quote" in streams:
        tickers = RingBase(int(Kind.BOOK_TICKER), streams["quote"], "main", expected["symbol"], capacity=64)
        feed.add_route(streams["quote"], tickers)
    book = BookBase(diffs, tickers, rule=2 if futures else 1)
    book.attach_writer()
    text: TextBook | None = None
    waiting = []
    for kind, line, data in messages:
        if kind == "snapshot":
            text = TextBook(data, futures=futures)
            for diff in waiting:
                text.take(diff)
            levels = levels_of(data, "bids"), levels_of(data, "asks")
            assert book.load(data["lastUpdateId"], *levels, 1000) in LOADED
        elif kind == "diff":
            assert feed.replay(*pack([line])) == 1
            if text is None:
                waiting.append(data)
            else:
                text.take(data)
        elif tickers is not None:
            feed.replay(*pack([line]))
        if text is not None:
            yield book, text, kind, data


def test_the_book_is_that_of_the_reference(captures, session):
    _, expected = session
    for book, text, kind, _ in play(captures, session, quotes=False):
        assert book.update_id == text.update_id, kind
    assert text.sha256 == expected["bookSha256"]
    assert (text.update_id, text.applied, text.dropped) == (
        expected["finalUpdateId"],
        expected["applied"],
        expected["dropped"],
    )
    bids, asks = book.levels()
    assert bids.tobytes() == text.array("bids").tobytes()
    assert asks.tobytes() == text.array("asks").tobytes()
    assert (book.bid_count, book.ask_count) == (expected["bidLevels"], expected["askLevels"])
    assert np.array_equal(book.bids(10), [[float(p), float(q)] for p, q in expected["bidsTop10"]])
    assert np.array_equal(book.asks(10), [[float(p), float(q)] for p, q in expected["asksTop10"]])
    assert book.head()[0] == BookState.LIVE
    assert book.counters()[2] == expected["gaps"] == 0


def test_after_every_diff_the_best_levels_are_those_of_the_newest_quote_that_is_not_newer(captures, session):
    name, expected = session
    # Of the whole session, because a quote may arrive after a diff that is newer; and none older than the
    # snapshot, behind which others may have been.
    quotes = [data for kind, _, data in played(captures, name, expected) if kind == "quote"]
    quotes = [quote for quote in quotes if quote["u"] >= expected["lastUpdateId"]]
    ids = [quote["u"] for quote in quotes]
    assert ids == sorted(ids)
    compared = equal = 0
    for book, text, kind, _ in play(captures, session, quotes=False):
        at = bisect_right(ids, book.update_id)
        if kind == "quote" or not text.applied or at == 0:
            continue
        quote, top = quotes[at - 1], book.top()
        compared += 1
        equal += (top.bid_price, top.bid_qty, top.ask_price, top.ask_qty) == tuple(
            float(quote[key]) for key in "bBaA"
        )
    assert (compared, equal) == (expected["bboCompared"], expected["bboEqual"])


def test_with_its_quotes_the_top_is_the_newer_of_both_and_the_book_is_not_crossed(captures, session):
    newest: dict[str, Any] | None = None
    sources = set()
    for book, text, kind, data in play(captures, session, quotes=True):
        if kind == "quote":
            newest = data
        top = book.top()
        sources.add(top.source)
        if newest is not None and newest["u"] > text.update_id:
            assert (top.source, top.update_id) == ("book_ticker", newest["u"])
            assert (top.bid_price, top.ask_price) == (float(newest["b"]), float(newest["a"]))
        else:
            assert (top.source, top.update_id) == ("depth", text.update_id)
        bids, asks = book.levels(30)
        assert (bids[0, 0], bids[0, 1], asks[0, 0]) == (top.bid_price, top.bid_qty, top.ask_price)
        assert (np.diff(bids[:, 0]) < 0).all()
        assert (np.diff(asks[:, 0]) > 0).all()
        assert bids[0, 0] < asks[0, 0]
    assert sources
