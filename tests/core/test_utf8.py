"""Text that is not UTF-8 is told as such, wherever it stands and whatever else is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import CASES, IDS, book_ticker, feed_for, message_of, pack, ring_for, send

from fastbinance.streams import Kind


def where_python_stops(payload):
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


@pytest.mark.parametrize("byte", [b"\x80", b"\xc3", b"\xff"])
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_bad_byte_anywhere_is_seen_by_every_path(case, byte):
    feed = feed_for(ring := ring_for(*case))
    payload = message_of(*case)
    for at in range(len(payload)):
        send(feed, payload[:at] + byte + payload[at + 1 :])
        assert feed.rejects[-1][:2] == ("invalid_utf8", at)
    assert (feed.rejected, feed.published, ring.cursor) == (len(payload), 0, -1)


@given(text=st.binary(max_size=40), rest=st.binary(max_size=9))
def test_the_offset_is_where_python_stops_too(text, rest):
    # No JSON, so that it is refused whatever stands in it.
    payload = b"{" + text + "é€🐂".encode() + rest
    feed = feed_for(ring_for(Kind.BOOK_TICKER))
    send(feed, payload)
    (reject,) = feed.rejects
    at = where_python_stops(payload)
    assert (reject.code == "invalid_utf8") == (at is not None)
    assert at in (None, reject.offset)


def test_a_replay_goes_on_behind_it():
    feed = feed_for(ring := ring_for(Kind.BOOK_TICKER))
    assert feed.replay(*pack([book_ticker(1), b'{"stream":"\xff"}', book_ticker(2)])) == 2
    assert (feed.rejected, ring.cursor) == (1, 1)
