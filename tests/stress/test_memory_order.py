"""Rings and bells on machines that reorder as much as C++ lets them: every run of small models of them.

No sleeper is left asleep, and no torn record is taken for intact. Each fence and order is there for
something: without it there is a run that goes wrong. The models are held to the code by what they do to
shared words, in order.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.weak_memory import (
    ACQUIRE,
    RELAXED,
    RELEASE,
    SEQ_CST,
    Add,
    Check,
    Fence,
    Found,
    Jump,
    Load,
    Model,
    Operation,
    Set,
    Stop,
    Store,
    Wait,
    Wake,
)

NATIVE = Path(__file__).parents[2] / "src" / "fastbinance" / "_native"
Program = list[Operation]


def without(program: Sequence[Operation], *changes: tuple[int, Operation | None]) -> Program:
    """Return a program with some operations, by their places, changed or left out."""
    changed = dict(changes)
    left_out = Jump(0, lambda registers: False)  # so that the others keep their places
    return [changed.get(place, operation) or left_out for place, operation in enumerate(program)]


# -- the bell: see bell.hpp


def feed(records: int) -> Program:
    """Publish so many records, and after each ring the bell if somebody sleeps."""
    program: Program = []
    for record in range(records):
        program += [
            Store("cursor", record, RELEASE),
            Fence(SEQ_CST),
            Load(0, "sleeping", RELAXED),
            Jump(len(program) + 7, lambda registers: registers[0] == 0),
            Store("sleeping", 0, SEQ_CST),
            Add("bell", 1, SEQ_CST),
            Wake("bell"),
        ]
    return program


# Registers: the bell's number, the cursor that was seen, turns that are left; and the cursor that is no news.
SLEEPER: Program = [
    Load(0, "bell", ACQUIRE),
    Store("sleeping", 1, SEQ_CST),
    Fence(SEQ_CST),
    Load(1, "cursor", ACQUIRE),
    Jump(9, lambda registers: registers[1] > registers[3]),
    Wait("bell", 0),
    Set(2, lambda registers: registers[2] - 1),
    Jump(9, lambda registers: registers[2] == 0),  # woken so often is woken often enough
    Jump(0),
]
BELL_WORDS = {"cursor": -1, "sleeping": 0, "bell": 0}


def explore_bell(
    ringing: Program, sleeping: Program, afters: Sequence[int], turns: int, mortal: Sequence[int] = ()
) -> int:
    sleepers = [(sleeping, (-1, -1, turns, after)) for after in afters]
    return Model(
        BELL_WORDS,
        [(ringing, (-1,)), *sleepers],
        mortal=mortal,
        is_lost=lambda words, registers: words["cursor"] > registers[3],
    ).explore()


class TestBell:
    def test_one_sleeper_is_woken(self) -> None:
        assert explore_bell(feed(3), SLEEPER, [1], turns=3) > 1000

    def test_two_sleepers_are_woken(self) -> None:
        assert explore_bell(feed(1), SLEEPER, [-1, -1], turns=2) > 1000

    @pytest.mark.exhaustive
    def test_two_sleepers_who_wait_for_different_records_are_woken(self) -> None:
        assert explore_bell(feed(2), SLEEPER, [-1, 0], turns=2) > 1000

    def test_a_sleeper_that_is_killed_costs_others_nothing(self) -> None:
        assert explore_bell(feed(2), SLEEPER, [0, 0], turns=1, mortal=[1]) > 1000

    @pytest.mark.parametrize(
        ("change", "records"),
        [((1, None), 1), ((2, Set(0, 0)), 1), ((5, None), 1), ((6, None), 1)],
        ids=["no fence", "nobody is looked for", "the number stays", "nobody is woken"],
    )
    def test_each_step_of_the_feed_is_needed(
        self, change: tuple[int, Operation | None], records: int
    ) -> None:
        with pytest.raises(Found, match="sleeps for ever"):
            explore_bell(without(feed(records), change), SLEEPER, [-1], turns=2)

    @pytest.mark.parametrize(
        ("change", "records", "after"),
        [((2, None), 1, -1), ((1, None), 1, -1), ((0, Load(0, "bell", RELAXED)), 2, 0)],
        ids=["no fence", "it does not say that it sleeps", "the number is loaded too early"],
    )
    def test_each_step_of_a_sleeper_is_needed(
        self, change: tuple[int, Operation | None], records: int, after: int
    ) -> None:
        with pytest.raises(Found, match="sleeps for ever"):
            explore_bell(feed(records), without(SLEEPER, change), [after], turns=3)

    def test_the_word_is_taken_back_before_the_number_changes(self) -> None:
        late = feed(2)
        late[4:6] = [Add("bell", 1, SEQ_CST), Store("sleeping", 0, SEQ_CST)]
        with pytest.raises(Found, match="sleeps for ever"):
            explore_bell(late, SLEEPER, [0], turns=3)

    def test_the_number_is_taken_before_the_rings_are_looked_at(self) -> None:
        late: Program = [*SLEEPER[1:5], SLEEPER[0], *SLEEPER[5:]]
        with pytest.raises(Found, match="sleeps for ever"):
            explore_bell(feed(1), late, [-1], turns=2)


# -- a ring of two slots, and records of two words that are both their sequence: see ring.hpp and writer.hpp

CAPACITY = 2
RING_WORDS = {
    "claim": -1,
    "cursor": -1,
    **{f"slot{slot}{part}": -1 for slot in range(CAPACITY) for part in "ab"},
}


def writer(records: int) -> Program:
    """Publish so many records."""
    program: Program = []
    for record in range(records):
        slot = record % CAPACITY
        program += [
            Store("claim", record, RELAXED),
            Fence(RELEASE),
            Store(f"slot{slot}a", record, RELAXED),
            Store(f"slot{slot}b", record, RELAXED),
            Store("cursor", record, RELEASE),
        ]
    return program


def slot_word(part: str, register: int) -> "Load":
    return Load(1 if part == "a" else 2, lambda registers: f"slot{registers[register] % CAPACITY}{part}")


# Registers: the sequence, both words, the claim.
READER: Program = [
    Load(0, "cursor", ACQUIRE),
    Jump(8, lambda registers: registers[0] < 0),
    slot_word("a", 0),
    slot_word("b", 0),
    Fence(ACQUIRE),
    Load(3, "claim", RELAXED),
    Jump(8, lambda registers: registers[0] < registers[3] - CAPACITY + 1),
    Check(
        lambda registers: registers[0] == registers[1] == registers[2], "a torn record is taken for intact"
    ),
]
NOBODY = (-1, -1, -1, -1)


def explore_ring(writing: Program, reading: Program) -> int:
    return Model(RING_WORDS, [(writing, ()), (reading, NOBODY)]).explore()


# Goes on behind the newest record, which it finds out: registers are the cursor, and the record it writes.
SUCCESSOR: Program = [
    Load(0, "cursor", RELAXED),
    Set(1, lambda registers: registers[0] + 1),
    *[
        operation
        for _ in range(2)
        for operation in (
            Store("claim", lambda registers: registers[1], RELAXED),
            Fence(RELEASE),
            Store(
                lambda registers: f"slot{registers[1] % CAPACITY}a", lambda registers: registers[1], RELAXED
            ),
            Store(
                lambda registers: f"slot{registers[1] % CAPACITY}b", lambda registers: registers[1], RELAXED
            ),
            Store("cursor", lambda registers: registers[1], RELEASE),
            Set(1, lambda registers: registers[1] + 1),
        )
    ],
]


class TestRing:
    def test_no_torn_record_is_taken_for_intact(self) -> None:
        assert explore_ring(writer(8), READER) > 500

    def test_nor_is_one_when_the_writer_is_killed_and_another_goes_on(self) -> None:
        model = Model(
            RING_WORDS,
            [(writer(3), ()), (READER, NOBODY), (SUCCESSOR, (-1, -1))],
            mortal=[0],
            after_death=2,
        )
        assert model.explore() > 1000

    @pytest.mark.parametrize(
        "change",
        [
            (0, None),
            (1, None),
            (4, Store("cursor", lambda registers: 3, RELAXED)),
        ],
        ids=["no claim", "no fence", "the cursor may be seen first"],
    )
    def test_each_step_of_the_writer_is_needed(self, change: tuple[int, Operation | None]) -> None:
        place, operation = change
        with pytest.raises(Found, match="torn"):
            explore_ring(without(writer(4), (15 + place, operation)), READER)

    @pytest.mark.parametrize(
        "change",
        [(0, Load(0, "cursor", RELAXED)), (4, None), (6, None)],
        ids=["the cursor may be seen first", "no fence", "no look at the claim"],
    )
    def test_each_step_of_the_reader_is_needed(self, change: tuple[int, Operation | None]) -> None:
        with pytest.raises(Found, match="torn"):
            explore_ring(writer(4), without(READER, change))

    def test_the_claim_comes_before_the_record(self) -> None:
        late = writer(4)
        late[15:20] = [*late[17:19], late[15], late[16], late[19]]
        with pytest.raises(Found, match="torn"):
            explore_ring(late, READER)


# -- the arena of levels: each record one level that is its sequence. The claim rises to a bound that is too
# high, and falls back.

ARENA = 4
ARENA_WORDS = {"level_claim": 0, "cursor": -1, **{f"level{place}": -1 for place in range(ARENA)}}


def depth_writer(records: int, bound: int = 2) -> Program:
    """Publish so many records, each with a level at the place of its sequence."""
    program: Program = []
    for record in range(records):
        program += [
            Store("level_claim", record + bound, RELAXED),
            Fence(RELEASE),
            Store(f"level{record % ARENA}", record, RELAXED),
            Store("cursor", record, RELEASE),
            Store("level_claim", record + 1, RELAXED),
        ]
    return program


# Registers: the sequence, its level, the claim. The reader is slow: between its two looks it is lapped.
DEPTH_READER: Program = [
    Load(0, "cursor", ACQUIRE),
    Jump(7, lambda registers: registers[0] < 0),
    Load(1, lambda registers: f"level{registers[0] % ARENA}"),
    Fence(ACQUIRE),
    Load(2, "level_claim", RELAXED),
    Jump(7, lambda registers: registers[0] < registers[2] - ARENA),
    Check(lambda registers: registers[0] == registers[1], "a torn block is taken for intact"),
]


def explore_levels(writing: Program, reading: Program) -> int:
    return Model(ARENA_WORDS, [(writing, ()), (reading, (-1, -1, -1))]).explore()


class TestLevels:
    def test_no_block_that_is_written_over_is_taken_for_intact(self) -> None:
        assert explore_levels(depth_writer(6), DEPTH_READER) > 500

    @pytest.mark.parametrize(
        "change",
        [(0, None), (1, None), (3, Store("cursor", 4, RELAXED))],
        ids=["no claim", "no fence", "the cursor may be seen first"],
    )
    def test_each_step_of_the_writer_is_needed(self, change: tuple[int, Operation | None]) -> None:
        place, operation = change
        with pytest.raises(Found, match="torn"):
            explore_levels(without(depth_writer(5), (20 + place, operation)), DEPTH_READER)

    def test_the_claim_falls_back_no_further_than_what_was_written(self) -> None:
        low = depth_writer(6)
        low[24] = Store("level_claim", 4, RELAXED)
        with pytest.raises(Found, match="torn"):
            explore_levels(low, DEPTH_READER)

    @pytest.mark.parametrize("change", [(0, Load(0, "cursor", RELAXED)), (3, None), (5, None)])
    def test_each_step_of_the_reader_is_needed(self, change: tuple[int, Operation | None]) -> None:
        with pytest.raises(Found, match="torn"):
            explore_levels(depth_writer(6), without(DEPTH_READER, change))


# -- what the code does to shared words, in order; whoever changes it has a model to change

_TOLD = re.compile(
    r"(?P<call>load_acquire|load_relaxed|store_release|store_relaxed)\((?P<word>[^),]+)"
    r"|atomic_ref\((?P<ref>[\w.]+)\)\.(?P<method>load|store|fetch_add)\([^;]*?memory_order_(?P<order>\w+)"
    r"|atomic_thread_fence\(std::memory_order_(?P<fence>\w+)\)"
    r"|(?P<other>sleep_on|wake_all_on|ring_all|is_over|has_news|memcpy)\("
)


def operations_of(file: str, function: str) -> list[str]:
    """Return what a function of a header does to shared words."""
    text = re.sub(r"//[^\n]*", "", (NATIVE / file).read_text())
    start = re.search(rf"\b{function}\([^;{{]*\)(?: const)? noexcept \{{", text)
    assert start is not None, function
    line = text[text.rindex("\n", 0, start.start()) + 1 : start.start()]
    indent = line[: len(line) - len(line.lstrip())]
    if text[start.end()] == "\n":
        body = text[start.end() : text.index(f"\n{indent}}}\n", start.end() - 1)]
    else:
        body = text[start.end() : text.index("\n", start.end())]
    told = []
    for found in _TOLD.finditer(body):
        if found["call"]:
            told.append(f"{found['call']} {re.split(r'[.>]', found['word'])[-1]}")
        elif found["ref"]:
            told.append(f"{found['method']}_{found['order']} {found['ref'].split('.')[-1]}")
        elif found["fence"]:
            told.append(f"fence_{found['fence']}")
        else:
            told.append(found["other"])
    return told


@pytest.mark.parametrize(
    ("file", "function", "operations"),
    [
        ("bell.hpp", "ring_all", ["store_seq_cst sleeping", "fetch_add_seq_cst bell", "wake_all_on"]),
        ("bell.hpp", "ring_if_asleep", ["fence_seq_cst", "load_relaxed sleeping", "ring_all"]),
        ("bell.hpp", "ask_for_byte", ["store_seq_cst listening", "fence_seq_cst"]),
        ("bell.hpp", "has_news", ["load_acquire cursor"]),
        ("ring.hpp", "cursor", ["load_acquire cursor"]),
        ("ring.hpp", "oldest_intact", ["fence_acquire", "load_relaxed claim"]),
        ("ring.hpp", "oldest_intact_level", ["fence_acquire", "load_relaxed level_claim"]),
        ("writer.hpp", "claim_bytes", ["store_relaxed claim", "fence_release"]),
        ("writer.hpp", "publish", ["store_release cursor"]),
        ("writer.hpp", "begin_levels", ["store_relaxed level_claim", "fence_release"]),
        ("writer.hpp", "end_levels", ["store_relaxed level_claim"]),
    ],
)
def test_the_code_does_what_the_models_do(file: str, function: str, operations: list[str]) -> None:
    assert operations_of(file, function) == operations


def test_a_sleeper_does_what_the_model_does() -> None:
    operations = operations_of("bell.hpp", "wait_for_news")
    loop = operations[operations.index("load_acquire bell") :]
    assert loop == [
        "load_acquire bell", "store_seq_cst sleeping", "fence_seq_cst", "is_over", "sleep_on", "is_over",
    ]  # fmt: skip


def test_the_explorer_itself_knows_what_machines_do() -> None:
    """The two litmus tests that everything above rests on: store buffering, and message passing."""

    def buffering(fence: Operation) -> None:
        def side(mine: str, other: str) -> Program:
            return [
                Store(mine, 1),
                fence,
                Load(0, other),
                Store(f"saw_{other}", lambda registers: registers[0]),
            ]

        words = {"x": 0, "y": 0, "saw_x": -1, "saw_y": -1}
        look: Program = [
            Load(0, "saw_x", ACQUIRE),
            Load(1, "saw_y", ACQUIRE),
            Check(lambda registers: registers != (0, 0), "neither saw the other"),
        ]
        Model(words, [(side("x", "y"), (-1,)), (side("y", "x"), (-1,)), (look, (-1, -1))]).explore()

    buffering(Fence(SEQ_CST))
    for weaker in (Fence(ACQUIRE), Fence(RELEASE)):
        with pytest.raises(Found, match="neither saw"):
            buffering(weaker)

    def passing(store: str, load: str) -> None:
        send: Program = [Store("data", 1), Store("flag", 1, store)]
        take: Program = [
            Load(0, "flag", load),
            Jump(4, lambda registers: registers[0] == 0),
            Load(1, "data"),
            Check(lambda registers: registers[1] == 1, "the data are not there"),
        ]
        Model({"data": 0, "flag": 0}, [(send, ()), (take, (-1, -1))]).explore()

    passing(RELEASE, ACQUIRE)
    for orders in ((RELAXED, ACQUIRE), (RELEASE, RELAXED)):
        with pytest.raises(Found, match="not there"):
            passing(*orders)

    woken: Program = [Load(0, "word"), Wait("word", 0), Stop()]
    with pytest.raises(Found, match="sleeps for ever"):
        Model({"word": 0}, [(woken, (-1,))], is_lost=lambda words, registers: True).explore()
    assert Model({"word": 0}, [(woken, (-1,)), ([Add("word", 1), Wake("word")], ())]).explore() > 3
