"""A part of a recording: what sounds in it begins as it would have stood, and nothing comes from outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.errors import UsageError
from somatone.film.span import RUN_IN_S, Span, checked_span, spanned
from somatone.records import Action, Control, Note

TIMES = st.floats(0, 100)
ACTIONS = st.lists(
    st.one_of(
        st.builds(lambda at_s, value: Control("grains", "density", value, at_s), TIMES, st.floats(5, 70)),
        st.builds(lambda at_s: Note("pulse", at_s), TIMES),
    ),
    max_size=40,
).map(lambda actions: sorted(actions, key=lambda action: action.at_s))


@given(ACTIONS, TIMES, st.floats(0.1, 50))
def test_controls_stand_as_they_stood_and_times_count_from_the_beginning(
    actions: list[Action], from_s: float, length_s: float
) -> None:
    span = Span(from_s, from_s + length_s)
    heard = list(spanned(iter(actions), span))
    assert [a.at_s for a in heard] == sorted(a.at_s for a in heard)
    assert all(0 <= a.at_s < span.to_s - span.begin_s for a in heard)
    before = [a.value for a in actions if isinstance(a, Control) and a.at_s < span.begin_s]
    first = next((a for a in heard if isinstance(a, Control)), None)
    if before:
        assert first and (first.value, first.at_s) == (before[-1], 0.0)
    inside = [a for a in actions if span.begin_s <= a.at_s < span.to_s]
    assert len(heard) == len(inside) + bool(before)


@given(TIMES, st.floats(0.1, 50))
def test_frames_lie_on_the_films_own_grid(from_s: float, length_s: float) -> None:
    span = Span(from_s, from_s + length_s)
    assert span.frame_s(span.run_in) == from_s
    assert 0 <= span.frame_s(0) - span.begin_s + 1 / 60 <= 1 / 30 + 1e-6
    assert span.run_in <= RUN_IN_S * 30


@pytest.mark.parametrize(("from_s", "to_s"), [(60, None), (10, 10), (20, 5), (70, 80)])
def test_a_part_that_is_not_there_is_one_sentence(from_s: float, to_s: float | None) -> None:
    with pytest.raises(UsageError, match=r"--(from|to)"):
        checked_span(from_s, to_s, 60.0)
