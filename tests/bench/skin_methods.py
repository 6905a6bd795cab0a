"""Skin-conductance onsets by others: NeuroKit2's methods, offline over the whole record, and our rule, streaming.

Each takes 4 Hz samples in nS and gives (onset s, when it was said s); an offline method says everything at the end.
NeuroKit2 reports with a high-pass of 0.05 Hz before every method, so its methods agree with each other more than they
would on their own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from bench.simulated_skin import RATE_HZ, SCENARIOS, record
from gates.common import OPENED
from gates.eda import SkinResponses

Onsets = list[tuple[float, float]]
Method = Callable[[Sequence[int]], Onsets]

OURS = "ours"
TUNING_SEEDS = range(100, 108)  # offsets are learnt here, and the rule's parameters were chosen here
TOLERANCE_S = 1.0


def ours(samples: Sequence[int]) -> Onsets:
    """The rule as it runs live."""
    rule, found = SkinResponses(RATE_HZ), []
    for n, x in enumerate(samples):
        if rule.step(x) & OPENED:
            now_s = n / RATE_HZ
            found.append((now_s - rule.age_q8 / 256 / RATE_HZ, now_s))
    return found


def _neurokit(method: str, *, smooth: bool, **options: float) -> Method:
    def onsets(samples: Sequence[int]) -> Onsets:
        import neurokit2  # noqa: PLC0415 - slow to import, and only the benches need it

        wave = np.asarray(samples, float) / 1000.0
        if smooth:
            wave = np.convolve(np.pad(wave, (2, 1), "edge"), np.ones(RATE_HZ) / RATE_HZ, "valid")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            phasic = neurokit2.eda_phasic(wave, sampling_rate=RATE_HZ, method="highpass")["EDA_Phasic"].to_numpy()
            try:
                _, info = neurokit2.eda_peaks(phasic, sampling_rate=RATE_HZ, method=method, **options)
            except (ValueError, IndexError):  # what they raise where they find nothing
                return []
        at = np.asarray(info["SCR_Onsets"], float)
        end_s = len(samples) / RATE_HZ
        return [(float(t) / RATE_HZ, end_s) for t in np.sort(at[~np.isnan(at)])]

    return onsets


METHODS: dict[str, Method] = {
    OURS: ours,
    "NeuroKit2": _neurokit("neurokit", smooth=False),
    "NeuroKit2, 1 s smooth, 5 %": _neurokit("neurokit", smooth=True, amplitude_min=0.05),
    "nabian2018": _neurokit("nabian2018", smooth=True),
    "kim2004": _neurokit("kim2004", smooth=True),
}


def matches(found: Sequence[float], true: Sequence[float], within_s: float = TOLERANCE_S) -> list[tuple[int, int]]:
    """Index pairs of onsets that belong together, each used once; both in order of time."""
    pairs, i, j = [], 0, 0
    while i < len(found) and j < len(true):
        if abs(found[i] - true[j]) <= within_s:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif found[i] < true[j]:
            i += 1
        else:
            j += 1
    return pairs


def constant_offset_s(method: Method) -> float:
    """How late a method puts an onset on the tuning records, median: a convention and no error."""
    late: list[float] = []
    for seed in TUNING_SEEDS:
        truth = record(SCENARIOS[0], seed)
        found = [at_s for at_s, _ in method(truth.samples)]
        late += [found[i] - truth.onsets_s[j] for i, j in matches(found, truth.onsets_s, 2.0)]
    return float(median(late))
