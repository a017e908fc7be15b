"""What fuzzers have found stays found: every input that once broke something, by every decoder there is."""

from pathlib import Path

import pytest
from support.frames import pack

from fastbinance._core.feed import Feed
from fuzz import differential
from fuzz.differential import Payload
from fuzz.seeds import combined, messages
from fuzz.templates import KEYS

CORPUS = sorted((Path(__file__).parent / "corpus" / "fuzz_decode").iterdir())
IDS = [path.name for path in CORPUS]


class Counting:
    """A handler that only counts what is rejected."""

    def __init__(self):
        self.rejects = 0

    def on_reject(self, reject):
        self.rejects += 1


@pytest.mark.parametrize("path", CORPUS, ids=IDS)
@pytest.mark.parametrize("market", KEYS)
def test_a_past_finding_decodes_as_the_reference_says(path, market):
    assert differential.difference(Payload(market, path.read_bytes())) == ""


@pytest.mark.parametrize("path", CORPUS, ids=IDS)
def test_a_past_finding_cut_anywhere_is_rejected_whatever_lies_behind(path):
    payload = path.read_bytes()
    feed = Feed(handler := Counting(), "main")
    cuts = [(payload[:size], payload[size:]) for size in range(len(payload))]
    # One that has a brace too many is whole when it is cut before that.
    cuts = [
        (cut, rest) for cut, rest in cuts if differential.by_reference(Payload("spot", cut)) == "rejected"
    ]
    assert cuts
    for cut, rest in cuts:
        for behind in (rest, b",", b"}", b"]", b":1", b'"', b"\0"):
            padding = (behind * 64)[: max(64, len(behind))]
            assert feed.replay(*pack([cut], padding)) == 0
    assert handler.rejects == 7 * len(cuts)


def test_every_message_that_seeds_are_made_of_has_records():
    # A template with a slip of the pen would fuzz nothing but rejections.
    for market, stream, data in messages():
        outcome = differential.by_reference(Payload(market, combined(stream, data)))
        assert isinstance(outcome, list), (stream, data)
        assert outcome or b'"NA"' in data, (stream, data)


def test_the_library_agrees_with_the_reference_on_payloads_made_at_random():
    count, payload, text = differential.run(20_000, seed=20251125)
    assert (count, payload, text) == (20_000, None, "")


def test_a_difference_is_noticed_and_can_be_made_again(monkeypatch):
    def wrong(payload, scanner):
        outcome = differential.by_reference(payload)
        return (
            [(b"other", ()) for _ in outcome] if scanner == "fast" and isinstance(outcome, list) else outcome
        )

    monkeypatch.setattr(differential, "by_library", wrong)
    count, payload, text = differential.run(1000, seed=7)
    assert payload is not None
    assert text.startswith("fast says ")
    assert differential.run(1000, seed=7) == (count, payload, text)
