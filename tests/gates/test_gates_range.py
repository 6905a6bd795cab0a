"""No intermediate passes 2**30 - 1: proven by interval arithmetic over the rules' own code, see `bench.range_proof`."""

from __future__ import annotations

import pytest

from bench.intervals import Interval, explore, largest, smallest
from bench.range_claims import AUDITS, PARTS, WHOLE
from bench.range_proof import ProofError, Within, check_description, proven_bound
from gates.level import RunningRange

SMALL_INT = (1 << 30) - 1


@pytest.mark.parametrize("name", AUDITS)
def test_intermediates_stay_small(name: str) -> None:
    bound, _ = proven_bound(AUDITS[name])
    assert bound <= SMALL_INT


@pytest.mark.parametrize("name", [name for name in AUDITS | WHOLE if not name.startswith(PARTS)])
def test_state_is_as_described(name: str) -> None:
    check_description((AUDITS | WHOLE)[name])


def test_a_claim_too_narrow_is_refused() -> None:
    """The proof can fail: half the range of the level's quantiles is not enough."""
    audit = AUDITS["level"]
    narrow = type(audit)(
        RunningRange, audit.inputs, {**audit.state, "_low_q8": Within(0, 1 << 27)}, modules=("common", "level")
    )
    with pytest.raises(ProofError, match=r"_low_q8 may leave"):
        proven_bound(narrow)


def test_intervals_know_what_they_must() -> None:
    """Every branch is taken, an outcome narrows, a mean stays between its value and its input, a floor is a floor."""
    seen: list[tuple[int, int]] = []

    def code() -> None:
        x, e = Interval(-10, 20), Interval(0, 4)
        mean = e + ((x - e) >> 3)
        assert (mean.low, mean.high) == (-2, 6)
        low = smallest(x, 5)
        if x > 7:
            seen.append((x.low, x.high))
        else:
            seen.append((low.low, low.high))
        assert largest(3, 4) == 4
        assert (Interval(-7, -7) >> 1).low == -4

    assert explore(code).runs == 2
    assert sorted(seen) == [(-10, 5), (8, 20)]
