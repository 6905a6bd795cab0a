"""People who come, are played and go: five minutes each, half a minute of nobody between, as one device's samples.

Simulated people are bodies of the package's own simulator; real ones are stretches of the E4 sessions that lie beside
the checkout. Between two of them the electrodes are open, the air is 24 C, the band lies still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.figures import SHARED
from somatone.records import NativeChunk
from somatone.sources.e4_files import read_session
from somatone.sources.simulated_body import CALM, CLEAN, LIVELY, BodyProfile, SimulatedBody

VISIT_S = 300
AWAY_S = 30
SEED = 960  # the rules were chosen while looking at 920 to 935 and 940 to 955
FORMATS = {
    "eda": ("e4.eda_picosiemens", 4, 1),
    "temp": ("e4.temp_centicelsius", 4, 1),
    "acc": ("e4.acc_64th_g", 32, 3),
    "bvp": ("e4.bvp_hundredths", 64, 1),
}

KINDS: dict[str, BodyProfile] = {
    "quiet": CALM,
    "lively": LIVELY,
    "non-responder": replace(CLEAN, responses_per_min=0.0, tonic_drift=0.02, bouts_per_min=0.5),
    "cold hands": replace(CALM, perfusion=0.002, skin_centi=2700.0, skin_drift_centi=20.0),
    "high tonic": replace(CLEAN, tonic_nsiemens=12_000.0, bouts_per_min=1.0),
    "low tonic": replace(CLEAN, tonic_nsiemens=400.0, response_nsiemens=60.0, bouts_per_min=1.0),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Native samples of each signal for `VISIT_S` seconds; acceleration interleaved."""

    name: str
    samples: dict[str, Sequence[int]]


def simulated(each: int = 2) -> list[Visitor]:
    """`each` people of every kind, no two the same."""
    people = []
    for number in range(each):
        for k, (kind, profile) in enumerate(KINDS.items()):
            body = SimulatedBody(SEED + 10 * number + k, profile)
            samples: dict[str, Sequence[int]] = {
                "eda": [v * 1000 for v in body.eda_4hz(VISIT_S)],
                "temp": body.temp_4hz(VISIT_S),
                "acc": body.acc_32hz(VISIT_S),
                "bvp": body.bvp_64hz(VISIT_S),
            }
            people.append(Visitor(kind, samples))
    return people


def real(session: str, first_s: int = 60) -> list[Visitor]:
    """An E4 session cut into visits; stretches in which it lost the skin for more than a tenth are left out."""
    streams = read_session(SHARED / "stress-predict" / session).streams
    whole = {signal: [v for run in stream.runs for v in run.samples] for signal, stream in streams.items()}
    people = []
    for begin_s in range(first_s, len(whole["eda"]) // 4 - VISIT_S, VISIT_S):
        samples: dict[str, Sequence[int]] = {}
        for signal, (_, rate_hz, width) in FORMATS.items():
            each_s = rate_hz * width
            samples[signal] = whole[signal][begin_s * each_s : (begin_s + VISIT_S) * each_s]
        worn = sum(v >= 50_000 for v in samples["eda"]) >= 0.9 * len(samples["eda"])
        if worn and all(len(v) == VISIT_S * FORMATS[s][1] * FORMATS[s][2] for s, v in samples.items()):
            people.append(Visitor(session, samples))
    return people


def nobody(seed: int) -> dict[str, Sequence[int]]:
    """`AWAY_S` seconds of a band that lies on a table; its pulse sensor runs up its gain and hears noise."""
    rng = np.random.default_rng(seed)
    return {
        "eda": [int(v) for v in rng.integers(0, 8000, AWAY_S * 4)],
        "temp": [int(v) for v in np.linspace(2900, 2400, AWAY_S * 4)],
        "acc": [0, 0, 64] * (AWAY_S * 32),
        "bvp": [int(v) for v in rng.normal(0, 2000, AWAY_S * 64)],
    }


def chunks(visitors: Sequence[Visitor]) -> Iterator[tuple[float, NativeChunk]]:
    """(arrival s, chunk): nobody, then each visitor and nobody again."""
    parts: list[dict[str, Sequence[int]]] = [nobody(0)]
    for number, visitor in enumerate(visitors):
        parts += [visitor.samples, nobody(number + 1)]
    quarter = 0
    for part in parts:
        for k in range(len(part["eda"])):
            for signal, (name, rate_hz, width) in FORMATS.items():
                count = rate_hz // 4
                samples = tuple(part[signal][k * count * width : (k + 1) * count * width])
                end_s = (quarter + 1) * 0.25
                yield (
                    end_s,
                    NativeChunk("body", signal, "e4", name, quarter * count, samples, end_s, width, quarter * 250_000),
                )
            quarter += 1
