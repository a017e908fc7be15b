"""A connection takes only the moves of the table."""

from itertools import product

import pytest

from fastbinance._protocol.lifecycle import MOVES, State, move


def test_every_state_is_reachable_from_idle():
    reached, edge = {State.IDLE}, {State.IDLE}
    while edge:
        edge = {to for state in edge for to in MOVES[state]} - reached
        reached |= edge
    assert reached == set(State)


def test_closed_is_final_and_every_other_state_can_close():
    assert not MOVES[State.CLOSED]
    assert all(State.CLOSED in MOVES[state] for state in State if state is not State.CLOSED)


@pytest.mark.parametrize(("state", "to"), list(product(State, State)))
def test_a_move_is_made_exactly_when_the_table_has_it(state, to):
    if to in MOVES[state]:
        assert move(state, to) is to
    else:
        with pytest.raises(AssertionError, match=f"from {state.name} to {to.name}"):
            move(state, to)
