"""The whole-recording twin: the same coding, every circular shift; and its picture for two wearers."""

from __future__ import annotations

import random
from pathlib import Path

from somatone.sinks.correlation_plot import draw_correlations
from somatone.timeline.correlation.streams import Key
from somatone.timeline.correlation.whole import LAGS_S, LEAST_TICKS, whole_of

Codes = dict[Key, dict[int, int]]


def coded(seed: int, length: int = 1500) -> dict[int, int]:
    """Runs of one code, a few seconds long."""
    rng = random.Random(seed)
    out: dict[int, int] = {}
    while len(out) < length:
        code = rng.choice((-1, 0, 0, 1))
        for _ in range(rng.randint(1, 6)):
            out[len(out)] = code
    return {k: out[k] for k in range(length)}


def planted(lag_s: int) -> Codes:
    """A body and a run; what the run's loss says, the skin says `lag_s` later, two times in three."""
    loss, rng = coded(1), random.Random(2)
    skin = {k: loss[max(k - lag_s, 0)] if rng.random() < 0.66 else rng.choice((-1, 0, 1)) for k in loss}
    return {("body", "eda"): skin, ("run", "loss_g"): loss, ("body", "temp"): coded(3), ("run", "rms"): coded(4)}


def test_a_planted_pair_stands_out_at_its_lag() -> None:
    whole = whole_of(planted(3))
    assert whole
    (found,) = [pair for pair in whole.pairs if whole.above(pair)]
    assert (found.first, found.second, found.lag_s) == (("body", "eda"), ("run", "loss_g"), 3)
    assert found.r > found.r_of(whole.threshold) > 0.1
    assert found.beyond and found.bits > 10


def test_a_lag_is_what_a_loop_finds() -> None:
    """r at every lag equals its definition on the circle."""
    whole = whole_of(planted(3))
    assert whole
    pair = whole.pairs[0]
    codes = planted(3)
    a, b = codes[pair.first], codes[pair.second]
    n = whole.seconds
    for lag_s, r in zip(LAGS_S, pair.true.r, strict=True):
        spoken = [x for t in range(n) if (x := a[t] * b[(t - lag_s) % n])]
        assert abs(sum(spoken) / len(spoken) - r) < 1e-9


def test_unrelated_streams_seldom_stand_out() -> None:
    """The threshold is passed by chance in 1 of 100 recordings: of 20, at most 2."""
    found = 0
    for seed in range(20):
        codes = {("run", name): coded(100 + 10 * seed + k) for k, name in enumerate(("a", "b", "c", "d"))}
        whole = whole_of(codes)
        assert whole
        found += any(whole.above(pair) for pair in whole.pairs)
    assert found <= 2


def test_too_little_is_none() -> None:
    assert whole_of({}) is None
    assert whole_of({("body", "eda"): coded(1)}) is None
    short = {key: {k: code for k, code in said.items() if k < LEAST_TICKS - 1} for key, said in planted(3).items()}
    assert whole_of(short) is None


def test_two_wearers_are_drawn(tmp_path: Path) -> None:
    whole = whole_of(planted(3))
    assert whole
    draw_correlations("a body and a run", whole, [], tmp_path / "two.png")
    assert (tmp_path / "two.png").stat().st_size > 20_000
