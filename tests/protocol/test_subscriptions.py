"""Whatever is wanted, dropped, asked, answered and lost, in any order: wanted and confirmed come together."""

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fastbinance._protocol.subscriptions import Answer, Subscriptions, control_frame
from fastbinance.errors import ConfigurationError


def ack(request_id):
    return json.dumps({"result": None, "id": request_id}).encode()


def connected(*names, max_frame_bytes=4000):
    subscriptions = Subscriptions(max_frame_bytes)
    subscriptions.connected()
    subscriptions.want(names)
    return subscriptions


def frames(subscriptions):
    sent = []
    while (frame := subscriptions.next_frame()) is not None:
        sent.append(frame)
    return sent


def test_a_wish_is_asked_for_and_confirmed():
    subscriptions = connected("btcusdt@trade", "ethusdt@trade")
    assert subscriptions.due
    frame = subscriptions.next_frame()
    assert frame == b'{"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@trade"],"id":1}'
    assert subscriptions.pending == {"btcusdt@trade", "ethusdt@trade"}
    assert not subscriptions.due
    assert not subscriptions.settled
    answer = subscriptions.answer(b'{"result":null,"id":1}')
    assert answer == Answer(confirmed=("btcusdt@trade", "ethusdt@trade"), id=1)
    assert subscriptions.confirmed == subscriptions.wanted
    assert subscriptions.settled


def test_nothing_is_sent_before_there_is_a_connection_or_after_it_is_lost():
    subscriptions = Subscriptions()
    subscriptions.want(["btcusdt@trade"])
    assert (subscriptions.next_frame(), subscriptions.due, subscriptions.settled) == (None, False, False)
    subscriptions.connected()
    assert subscriptions.next_frame() is not None
    subscriptions.lost()
    assert subscriptions.next_frame() is None


def test_everything_is_asked_again_on_a_new_connection_and_old_answers_count_for_nothing():
    subscriptions = connected("btcusdt@trade")
    subscriptions.next_frame()
    subscriptions.answer(ack(1))
    subscriptions.lost()
    assert not subscriptions.confirmed
    subscriptions.connected()
    assert json.loads(subscriptions.next_frame())["id"] == 2
    assert subscriptions.answer(ack(1)) == Answer()
    assert not subscriptions.confirmed
    assert subscriptions.answer(ack(2)).confirmed == ("btcusdt@trade",)


def test_a_dropped_stream_is_unsubscribed_before_new_ones_are_asked_for():
    subscriptions = connected("btcusdt@trade")
    subscriptions.next_frame()
    subscriptions.answer(ack(1))
    subscriptions.drop(["btcusdt@trade"])
    subscriptions.want(["ethusdt@trade"])
    assert subscriptions.is_leaving("btcusdt@trade")
    assert subscriptions.load == 2
    assert [json.loads(frame)["method"] for frame in frames(subscriptions)] == ["UNSUBSCRIBE", "SUBSCRIBE"]
    assert subscriptions.answer(ack(2)).dropped == ("btcusdt@trade",)
    assert not subscriptions.is_leaving("btcusdt@trade")
    assert subscriptions.load == 1


def test_a_stream_dropped_before_it_was_asked_for_is_never_sent():
    subscriptions = connected("btcusdt@trade")
    subscriptions.drop(["btcusdt@trade"])
    assert frames(subscriptions) == []
    assert subscriptions.settled


def test_a_change_of_mind_waits_for_the_answer():
    subscriptions = connected("btcusdt@trade")
    subscriptions.next_frame()
    subscriptions.drop(["btcusdt@trade"])
    assert frames(subscriptions) == []
    subscriptions.answer(ack(1))
    assert json.loads(subscriptions.next_frame())["method"] == "UNSUBSCRIBE"
    subscriptions.want(["btcusdt@trade"])
    assert frames(subscriptions) == []
    subscriptions.answer(ack(2))
    assert json.loads(subscriptions.next_frame())["method"] == "SUBSCRIBE"


ERRORS = [
    ("nested with id", {"error": {"code": 2, "msg": "Invalid request"}, "id": 1}),
    ("nested without id", {"error": {"code": 2, "msg": "Invalid request"}}),
    ("nested with null id", {"error": {"code": 2, "msg": "Invalid request"}, "id": None}),
    ("flat with id", {"code": 2, "msg": "Invalid request", "id": 1}),
    ("flat without id", {"code": 2, "msg": "Invalid request"}),
]


@pytest.mark.parametrize("error", [error for _, error in ERRORS], ids=[name for name, _ in ERRORS])
def test_both_shapes_of_an_error_reject_the_request_with_code_and_reason(error):
    subscriptions = connected("bad@trade")
    subscriptions.next_frame()
    answer = subscriptions.answer(json.dumps(error).encode())
    assert answer == Answer(rejected=("bad@trade",), code=2, reason="Invalid request", id=1)
    assert subscriptions.rejected == {"bad@trade"}
    assert frames(subscriptions) == []
    assert subscriptions.settled


def test_code_zero_is_an_error_too():
    subscriptions = connected("bad@trade")
    subscriptions.next_frame()
    assert subscriptions.answer(b'{"code":0,"msg":"Unknown property"}').rejected == ("bad@trade",)


def test_an_error_without_an_id_belongs_to_the_oldest_request():
    subscriptions = connected("first@trade")
    subscriptions.next_frame()
    subscriptions.want(["second@trade"])
    subscriptions.next_frame()
    assert subscriptions.answer(b'{"code":3,"msg":"Invalid JSON"}').rejected == ("first@trade",)
    assert subscriptions.answer(ack(2)).confirmed == ("second@trade",)


def test_one_bad_name_does_not_cost_the_others_of_its_batch():
    names = [f"s{number}@trade" for number in range(20)]
    subscriptions = connected(*names)
    rejected, requests = [], 0
    while (frame := subscriptions.next_frame()) is not None:
        requests += 1
        request = json.loads(frame)
        if "s13@trade" in request["params"]:
            rejected += subscriptions.answer(b'{"error":{"code":2,"msg":"no"}}').rejected
        else:
            subscriptions.answer(ack(request["id"]))
    assert rejected == ["s13@trade"]
    assert subscriptions.confirmed == set(names) - {"s13@trade"}
    assert subscriptions.settled
    assert requests <= 11


def test_a_stream_of_a_refused_batch_that_is_dropped_is_not_asked_for_alone():
    subscriptions = connected("s0@trade", "s1@trade", "s2@trade", "s3@trade")
    subscriptions.next_frame()
    subscriptions.answer(b'{"code":2,"msg":"no"}')
    subscriptions.drop(["s0@trade", "s1@trade", "s3@trade"])
    assert [json.loads(frame)["params"] for frame in frames(subscriptions)] == [["s2@trade"]]
    assert not subscriptions.due


def test_a_rejected_stream_is_asked_for_again_only_when_wanted_again():
    subscriptions = connected("bad@trade")
    subscriptions.next_frame()
    subscriptions.answer(b'{"code":2,"msg":"no"}')
    subscriptions.lost()
    subscriptions.connected()
    assert frames(subscriptions) == []
    subscriptions.want(["bad@trade"])
    assert len(frames(subscriptions)) == 1


def test_a_refused_unsubscribe_is_not_repeated():
    subscriptions = connected("btcusdt@trade")
    subscriptions.next_frame()
    subscriptions.answer(ack(1))
    subscriptions.drop(["btcusdt@trade"])
    subscriptions.next_frame()
    answer = subscriptions.answer(b'{"error":{"code":2,"msg":"no"},"id":2}')
    assert (answer.dropped, answer.code) == (("btcusdt@trade",), 2)
    assert subscriptions.settled


STRANGE = [
    b"", b"{", b"null", b"[]", b"7", b'{"result":null,"id":99}', b'{"id":1}', b'{"result":null}', b"\xff\xfe",
    b'{"result":null,"id":"1"}', b'{"result":null,"id":1.5}', b'{"result":null,"id":true}', b'{"e":"\xff"}',
    b"[" * 100_000, b'{"error":7,"id":1}', b'{"result":["a"],"id":null}', b'{"result":true,"id":3}',
]  # fmt: skip


@pytest.mark.parametrize("payload", STRANGE, ids=lambda payload: repr(payload[:24]))
def test_what_answers_nothing_changes_nothing(payload):
    subscriptions = connected("btcusdt@trade")
    subscriptions.next_frame()
    answer = subscriptions.answer(payload)
    assert (answer.confirmed, answer.dropped, answer.rejected, answer.id) == ((), (), (), None)
    assert subscriptions.pending == {"btcusdt@trade"}


def test_an_error_that_answers_nothing_is_still_reported():
    assert Subscriptions().answer(b'{"code":3,"msg":"Invalid JSON"}') == Answer(code=3, reason="Invalid JSON")


def test_an_unreadable_answer_says_why():
    assert "cannot be read" in Subscriptions().answer(b"{").reason


@pytest.mark.parametrize("name", ["s{}@depth@100ms", "牛来{}usdt@trade", 'quo"te{}@trade'])
def test_frames_are_split_by_bytes_and_no_name_is_forgotten(name):
    names = [name.format(number) for number in range(1500)]
    subscriptions = connected(*names)
    sent = frames(subscriptions)
    assert all(3900 < len(frame) <= 4000 for frame in sent[:-1])
    assert len(sent[-1]) <= 4000
    assert [name for frame in sent for name in json.loads(frame)["params"]] == names


def test_a_name_too_long_for_any_frame_is_the_callers_error_and_nothing_is_kept():
    subscriptions = Subscriptions()
    with pytest.raises(ConfigurationError, match="5000 bytes does not fit"):
        subscriptions.want(["btcusdt@trade", "x" * 5000])
    assert not subscriptions.wanted


def test_a_frame_size_without_room_for_a_name_is_refused():
    with pytest.raises(ValueError, match="max_frame_bytes"):
        Subscriptions(max_frame_bytes=40)


def test_a_control_frame_has_the_key_order_of_the_documentation():
    assert control_frame("SET_PROPERTY", ["combined", True], 5) == (
        b'{"method":"SET_PROPERTY","params":["combined",true],"id":5}'
    )


NAMES = [f"good{number}@trade" for number in range(12)] + [f"bad{number}@trade" for number in range(3)]
some_names = st.lists(st.sampled_from(NAMES), max_size=8)


class Exchange(RuleBasedStateMachine):
    """A peer that answers in order, refuses whole batches for one bad name, and may go away at any moment."""

    def __init__(self):
        super().__init__()
        self.subscriptions = Subscriptions(max_frame_bytes=140)  # a few names a frame
        self.inbox = []  # requests not answered yet
        self.sent = set()  # what this connection really delivers
        self.up = False
        self.ids = set()
        self.wishes = set()

    @rule(names=some_names)
    def want(self, names):
        self.subscriptions.want(names)
        self.wishes.update(names)

    @rule(names=some_names)
    def drop(self, names):
        self.subscriptions.drop(names)
        self.wishes.difference_update(names)

    @rule()
    def connect(self):
        self.subscriptions.connected()
        self.up, self.inbox, self.sent = True, [], set()

    @precondition(lambda self: self.up)
    @rule()
    def lose(self):
        self.subscriptions.lost()
        self.up, self.inbox, self.sent = False, [], set()

    @rule()
    def ask(self):
        due = self.subscriptions.due
        frame = self.subscriptions.next_frame()
        assert due == (frame is not None)
        if frame is not None:
            assert self.up
            assert len(frame) <= 140
            request = json.loads(frame)
            assert request["id"] not in self.ids
            self.ids.add(request["id"])
            asked = {name for earlier in self.inbox for name in earlier["params"]}
            assert not asked & set(request["params"])
            self.inbox.append(request)

    @precondition(lambda self: self.inbox)
    @rule(with_id=st.booleans(), flat=st.booleans())
    def answer(self, with_id, flat):
        request = self.inbox.pop(0)
        names = set(request["params"])
        if request["method"] == "SUBSCRIBE" and any(name.startswith("bad") for name in names):
            error = {"code": 2, "msg": "no"}
            payload = dict(error) if flat else {"error": error}
            if with_id:
                payload["id"] = request["id"]
            self.subscriptions.answer(json.dumps(payload).encode())
            return
        if request["method"] == "SUBSCRIBE":
            self.sent |= names
        else:
            self.sent -= names
        self.subscriptions.answer(ack(request["id"]))

    @rule(payload=st.sampled_from(STRANGE))
    def babble(self, payload):
        if payload != b'{"error":7,"id":1}':
            before = self.subscriptions.confirmed
            unknown = json.loads(payload).get("id") not in self.ids if payload[:3] == b'{"r' else True
            if unknown:
                self.subscriptions.answer(payload)
                assert self.subscriptions.confirmed == before

    @invariant()
    def confirmed_is_what_the_peer_sends(self):
        assert self.subscriptions.confirmed == self.sent
        assert self.subscriptions.wanted == self.wishes
        leaving = {name for name in NAMES if self.subscriptions.is_leaving(name)}
        confirmed = {name for name in NAMES if self.subscriptions.is_confirmed(name)}
        assert confirmed == self.sent & self.wishes - self.subscriptions.pending
        assert self.sent - self.wishes <= leaving
        assert not leaving & self.wishes
        assert self.subscriptions.load == len(self.wishes) + len(leaving)
        asked = {name for request in self.inbox for name in request["params"]}
        assert self.subscriptions.pending == asked

    def teardown(self):
        if not self.up:
            self.connect()
        for _ in range(500):
            self.ask()
            if self.inbox:
                self.answer(with_id=True, flat=False)
            elif not self.subscriptions.due:
                break
        assert self.subscriptions.settled
        assert self.subscriptions.confirmed == self.subscriptions.wanted - self.subscriptions.rejected
        assert self.subscriptions.rejected == {name for name in self.wishes if name.startswith("bad")}
        assert self.sent == {name for name in self.wishes if name.startswith("good")}


Exchange.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestEveryOrder = Exchange.TestCase
