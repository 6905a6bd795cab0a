"""Correlations: how often chance is called likely, how soon something planted is found, and what it costs.

Chance: the streams of the real E4 sessions, each turned in a circle by a random offset of
its own against the others, so that no relation is possible. Offsets of seeds 100.. were used for tuning, 900.. score.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import SHARED, Figure, no_recording
from somatone.commands.correlate import heard_in
from somatone.pieces.piece import find_piece
from somatone.recorded import open_session
from somatone.records import Chunk, Gate, Validity
from somatone.timeline.correlation.pair import Pair, pairs_of
from somatone.timeline.correlation.stage import Correlations
from somatone.timeline.correlation.streams import Key, Stream

SESSIONS = ("S01", "S06", "S17", "S29")
TURNS, FIRST_SEED = 10, 900
CHANCE = "falsely likely on shifted streams"
Codes = dict[Key, list[int]]


@dataclass(slots=True)
class Count:
    """What was said where nothing could be."""

    pairs: int = 0
    pairs_wrong: int = 0
    seconds: int = 0
    seconds_wrong: int = 0
    runs: int = 0
    runs_wrong: int = 0


class Coded(Correlations):
    """The stage, fed with coded streams."""

    def __init__(self, codes: Codes) -> None:
        super().__init__()
        self.coded = {key: Stream(0) for key in codes}
        streams = self.coded
        self._pairs = [Pair(a, b, streams[a], streams[b]) for a, b in pairs_of(sorted(codes), 1500)]
        self._codes = codes

    def second(self, tick: int) -> list[Pair]:
        for key, stream in self.coded.items():
            stream.history.push(self._codes[key][tick])
        self._tick(tick)
        return [pair for pair in self._pairs if pair.known]


def correlation() -> Iterator[Figure]:
    """All figures of issue 5, must show 7."""
    yield from _chance()
    yield from _power()
    yield _cost()


def _chance() -> Iterator[Figure]:
    if not SHARED.is_dir():
        yield no_recording(CHANCE, "<= 1 %")
        return
    total = Count()
    for name in SESSIONS:
        codes = _codes_of(name)
        for seed in range(FIRST_SEED, FIRST_SEED + TURNS):
            _one_run(_turned(codes, random.Random(seed)), total)
    yield Figure(f"{CHANCE}, pair-windows", "<= 1 %", f"{total.pairs_wrong / total.pairs:.3%} of {total.pairs}")
    yield Figure(f"{CHANCE}, time with any", "<= 1 %", f"{total.seconds_wrong / total.seconds:.2%}")
    hours = total.seconds / 3600
    yield Figure(
        f"{CHANCE}, runs with any", "", f"{total.runs_wrong} of {total.runs} runs of an hour ({hours:.0f} h known)"
    )


def _codes_of(name: str) -> Codes:
    heard = heard_in(open_session(SHARED / "stress-predict" / name), find_piece("correlations"))
    length = max(max(said) for said in heard.codes.values()) + 1
    return {key: [said.get(tick, 0) for tick in range(length)] for key, said in heard.codes.items()}


def _turned(codes: Codes, rng: random.Random) -> Codes:
    out: Codes = {}
    for key, said in codes.items():
        by = rng.randrange(60, len(said) - 60)
        out[key] = said[by:] + said[:by]
    return out


def _one_run(codes: Codes, count: Count) -> None:
    stage = Coded(codes)
    wrong = 0
    for tick in range(len(next(iter(codes.values())))):
        known = stage.second(tick)
        above = sum(pair.above for pair in known)
        count.pairs += len(known)
        count.pairs_wrong += above
        count.seconds += bool(known)
        wrong += bool(above)
    count.seconds_wrong += wrong
    count.runs += 1
    count.runs_wrong += bool(wrong)


def _power() -> Iterator[Figure]:
    """A skin response 3 s after three in four movements; a breath that is faster while the loss is above its minute."""
    for what, share, noise in (("skin response 3 s after movement", 0.75, 0.0), ("breath follows loss", 0.0, 1.0)):
        found = sorted(_found_after(seed, share, noise) for seed in range(FIRST_SEED, FIRST_SEED + 12))
        done = [seconds for seconds in found if seconds < 1800]
        middle = f"median {done[len(done) // 2]} s" if done else "never"
        yield Figure(f"planted: {what}", "", f"found in {len(done)} of {len(found)} half hours, {middle}")


def _found_after(seed: int, share: float, noise: float) -> int:
    """Seconds until the planted pair is above chance; 1800 where it never is."""
    rng = random.Random(seed)
    stage = Correlations()
    names = ("eda", "temp", "loss_g", "loss_d", "rms")
    values = dict.fromkeys((*names, "breath.rate"), 0.0)
    slopes = dict.fromkeys(values, 0.0)
    responses: list[float] = []
    follow = [0.0] * 60  # the loss of the last minute
    moves_s = breath_s = 0.0
    for second in range(1800):
        for name in names:
            slopes[name] = 0.8 * slopes[name] + rng.gauss(0, 1)
            values[name] += slopes[name]
            stage.chunk(Chunk("body", name, "bench", second, (round(values[name] * 99),), second, 1, Validity.WORN))
        moving = second >= moves_s
        if second >= moves_s + 4:
            moves_s = second + rng.expovariate(1 / 30) + 5
        axes = tuple(round(rng.gauss(0, 20 if moving else 1)) for _ in range(24))
        stage.chunk(Chunk("body", "acc", "bench", second * 8, axes, second, 8, Validity.WORN, 3))
        if moving and share and rng.random() < share / 4:
            responses.append(second + 3)
        if rng.random() < 1 / 40:
            responses.append(second)
        for at_s in [at_s for at_s in responses if at_s <= second]:
            responses.remove(at_s)
            stage.event(Gate("body", "eda.onset", 1, at_s + 0.5, Validity.WORN, "bench"))
        follow = [values["loss_g"], *follow[:-1]]
        while breath_s < second + 1:
            pull = (follow[0] - sum(follow) / len(follow)) * 0.05 * noise
            breath_s += min(max(4.0 - pull + rng.gauss(0, 0.3), 2.0), 7.0)
            stage.event(Gate("body", "breath.in", 1, breath_s, Validity.WORN, "bench"))
        stage.advance(second + 1.0)
        wanted = {"eda.onset", "motion"} if share else {"breath.rate", "loss_g"}
        if any(pair.above and {pair.first_key[1], pair.second_key[1]} == wanted for pair in stage._pairs):
            return second
    return 1800


def _cost() -> Figure:
    """Ten streams at full history, surrogates and all, without the samples' way in."""
    rng = random.Random(FIRST_SEED)
    codes: Codes = {("body", f"s{k}"): [rng.choice((-1, 0, 0, 1)) for _ in range(3000)] for k in range(10)}
    stage = Coded(codes)
    for tick in range(1200):
        stage.second(tick)
    begun = time.process_time()
    for tick in range(1200, 3000):
        stage.second(tick)
    per_s = (time.process_time() - begun) / 1800 * 1e6
    return Figure("correlations of ten streams, 45 pairs", "<= 1000 us a second", f"{per_s:.0f} us CPU")
