"""In any order of events the ledger answers like a model that keeps every nanosecond."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.ledger import Ledger

LAST = 16  # few enough for events to meet at the same nanosecond
times = st.integers(0, LAST)
spans = st.tuples(times, times).map(sorted)
events = st.one_of(
    st.tuples(st.sampled_from(["began", "lost", "restored", "stale", "fresh"]), times),
    st.tuples(st.just("joined"), spans),
    st.tuples(st.just("missing"), spans),
)


class NaiveLedger:
    """The nanoseconds of which something may be missing, one by one."""

    def __init__(self, contiguous):
        self.contiguous = contiguous
        self.begun = None
        self.unknown, self.missing = set(), set()
        self.open, self.down = None, False

    def tell(self, event, when):
        if event in ("joined", "missing"):
            inside = set(range(when[0], when[1] + 1))
            if event == "missing":
                self.missing |= inside
            if self.contiguous:
                if self.open is not None and self.open <= when[1]:
                    self.close(when[1])
                self.unknown -= inside
        elif event in ("began", "restored"):
            if self.begun is None:
                self.begun = when
            elif self.down:
                self.close(when)
        elif self.begun is None:
            pass
        elif event == "lost":
            if not self.down:
                self.open, self.down = when if self.open is None else min(when, self.open), True
        elif event == "stale":
            self.open = when if self.open is None else min(when, self.open)
        elif self.open is not None and not self.down:
            self.close(when)

    def close(self, when):
        self.unknown |= set(range(min(self.open, when), max(self.open, when) + 1))
        self.open, self.down = None, False

    def whole(self, from_ns, to_ns, now_ns):
        bad = self.unknown | self.missing
        return (
            self.begun is not None
            and self.begun <= from_ns
            and to_ns <= now_ns
            and (self.open is None or to_ns < self.open)
            and not any(at in bad for at in range(from_ns, to_ns + 1))
        )


def replay(story, contiguous, capacity):
    ledger, model = Ledger(contiguous, capacity), NaiveLedger(contiguous)
    for event, when in story:
        if event == "joined":
            if not contiguous:
                continue
            ledger.joined(*when)
        elif event == "missing":
            ledger.hole("BTCUSDT", 1, 2, *when, "missing ids")
        elif event == "lost":
            ledger.lost(when, "connection lost")
        else:
            getattr(ledger, event)(when)
        model.tell(event, when)
    return ledger, model


@given(story=st.lists(events, max_size=25), contiguous=st.booleans(), now=times)
def test_any_order_of_events_is_answered_as_if_every_nanosecond_were_kept(story, contiguous, now):
    ledger, model = replay(story, contiguous, 1024)
    for start in range(LAST + 1):
        for end in range(start, LAST + 1):
            answer = ledger.complete(start, end, now)
            assert answer == model.whole(start, end, now), (start, end)
            assert (ledger.why_not(start, end, now) is None) == answer


@given(story=st.lists(events, max_size=25), contiguous=st.booleans())
def test_holes_tell_all_that_is_missing_and_outages_never_overlap(story, contiguous):
    ledger, model = replay(story, contiguous, 1024)
    gaps = ledger.holes()
    assert [gap.from_ns for gap in gaps] == sorted(gap.from_ns for gap in gaps)
    told = {at for gap in gaps if gap.to_ns is not None for at in range(gap.from_ns, gap.to_ns + 1)}
    assert told == model.unknown | model.missing
    assert [gap.from_ns for gap in gaps if gap.to_ns is None] == [] if model.open is None else [model.open]
    outages = [gap for gap in gaps if not gap.symbol and gap.to_ns is not None]
    assert all(a.to_ns < b.from_ns for a, b in pairwise(outages))


@given(
    story=st.lists(events, max_size=40),
    contiguous=st.booleans(),
    capacity=st.integers(1, 4),
)
def test_a_small_memory_forgets_holes_but_never_calls_them_complete(story, contiguous, capacity):
    ledger, model = replay(story, contiguous, capacity)
    assert sum(gap.to_ns is not None for gap in ledger.holes()) <= capacity
    for start in range(LAST + 1):
        for end in range(start, LAST + 1):
            if ledger.complete(start, end, LAST):
                assert model.whole(start, end, LAST), (start, end)
