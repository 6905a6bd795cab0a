"""Beats: the streaming rule beside offline detectors, in one run, on simulated truth and on real recordings.

F1 at +-150 ms (Charlton et al. 2022); the first 2 s and the last 1 s are left out; each method's constant lag in a
recording is taken off. The rule was tuned on seeds 100 .. 119; everything here is scored on seeds 2000 .. 2019.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure
from bench.simulated_pulse import SCENARIOS, people
from gates.pulse import PulseBeats

TUNED, UNSEEN = range(100, 120), range(2000, 2020)
BARS = {"clean": 0.99, "noisy": 0.99, "low perfusion": 0.97, "motion light": 0.97, "motion mid": 0.83}
BARS["motion strong"] = 0.68
TOLERANCE_S = 0.15
FIRST_S, LAST_S = 2.0, 1.0

Detector = Callable[[Sequence[int], float], list[float]]


def ours(samples: Sequence[int], rate_hz: float, **settings: int) -> list[float]:
    """The streaming rule, sample by sample."""
    rule, found = PulseBeats(round(rate_hz), **settings), []
    for n, x in enumerate(samples):
        if rule.step(x) & 1:
            found.append((n - rule.age_q8 / 256) / rate_hz)
    return found


def neurokit(samples: Sequence[int], rate_hz: float) -> list[float]:
    """NeuroKit2 with its defaults (Elgendi et al. 2013), offline and zero-phase."""
    import neurokit2  # noqa: PLC0415 - optional, and slow to load

    cleaned = neurokit2.ppg_clean(np.array(samples, float), sampling_rate=round(rate_hz))
    return [float(at) / rate_hz for at in neurokit2.ppg_findpeaks(cleaned, sampling_rate=round(rate_hz))["PPG_Peaks"]]


def heartpy(samples: Sequence[int], rate_hz: float) -> list[float]:
    """HeartPy on windows of 30 s, its rejected peaks left out; a window that it refuses gives none."""
    import heartpy  # noqa: PLC0415 - optional, and slow to load

    found, length = [], int(30 * rate_hz)
    for first in range(0, len(samples), length):
        window = np.array(samples[first : first + length], float)
        try:
            filtered = heartpy.filter_signal(window, [0.7, 3.5], rate_hz, order=3, filtertype="bandpass")
            working, _ = heartpy.process(filtered, rate_hz)
        except Exception:  # it raises many kinds on a signal that it does not like
            continue
        kept = [at for at, good in zip(working["peaklist"], working["binary_peaklist"], strict=True) if good]
        found += [(first + float(at)) / rate_hz for at in kept]
    return found


def scipy_peaks(samples: Sequence[int], rate_hz: float) -> list[float]:
    """SciPy: zero-phase 0.5 .. 8 Hz, peaks 0.35 s apart that stand out by half a standard deviation."""
    from scipy.signal import butter, find_peaks, sosfiltfilt  # noqa: PLC0415 - optional

    band = butter(2, (0.5, 8.0), "bandpass", fs=rate_hz, output="sos")
    wave: NDArray[np.float64] = sosfiltfilt(band, np.array(samples, float))
    spread = float(np.subtract(*np.percentile(wave, (75, 25)))) / 1.35
    peaks, _ = find_peaks(wave, distance=int(0.35 * rate_hz), prominence=0.5 * spread)
    return [float(at) / rate_hz for at in peaks]


DETECTORS: dict[str, Detector] = {"ours": ours, "NeuroKit2": neurokit, "HeartPy": heartpy, "SciPy": scipy_peaks}


def detect(detector: Detector, samples: Sequence[int], rate_hz: float) -> list[float]:
    """The detector's beats; what libraries print and warn about on the way is not for this table."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return detector(samples, rate_hz)


def without_lag(found_s: Sequence[float], truth_s: Sequence[float], reach_s: float = 0.6) -> list[float]:
    """The beats with the method's constant lag behind the truth taken off.

    It is the most frequent difference, and of several nearly as frequent ones the smallest: a regular rhythm fits
    itself again one interval later.
    """
    if not found_s or not truth_s:
        return list(found_s)
    found, truth = np.array(found_s), np.array(truth_s)
    apart = (found[:, None] - truth[None, :]).ravel()
    apart = apart[np.abs(apart) <= reach_s]
    if not apart.size:
        return list(found_s)
    counts, edges = np.histogram(apart, np.arange(-reach_s, reach_s + 0.02, 0.02))
    around = np.convolve(counts, np.ones(5), "same")
    frequent = edges[:-1][around >= 0.9 * around.max()] + 0.01
    centre = frequent[np.argmin(np.abs(frequent))]
    lag_s = float(np.median(apart[np.abs(apart - centre) <= 0.06]))
    return [float(t) - lag_s for t in found_s]


def matches(found_s: Sequence[float], truth_s: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs of indices within the tolerance, in order, each used once."""
    pairs, i, j = [], 0, 0
    while i < len(found_s) and j < len(truth_s):
        apart = found_s[i] - truth_s[j]
        if abs(apart) <= TOLERANCE_S:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return pairs


def f1(found_s: Sequence[float], truth_s: Sequence[float], end_s: float) -> float:
    """Harmonic mean of precision and recall without the ends of the recording."""
    found = without_lag(found_s, truth_s)
    pairs = matches(found, truth_s)  # with all of the truth: a beat at the edge may match one just outside
    matched = {i for i, _ in pairs}
    hits = sum(FIRST_S <= truth_s[j] <= end_s - LAST_S for _, j in pairs)
    true = sum(FIRST_S <= t <= end_s - LAST_S for t in truth_s)
    false = sum(FIRST_S <= t <= end_s - LAST_S and i not in matched for i, t in enumerate(found))
    return 2 * hits / (hits + false + true) if true else 0.0


def scores(scenario: str, seeds: range, detectors: dict[str, Detector]) -> dict[str, float]:
    """Mean F1 of each detector over one scenario's people."""
    crowd = people(scenario, seeds)
    recordings = [(person.counts(), person.peaks_s, person.seconds) for person in crowd]
    return {
        name: mean(f1(detect(detector, samples, 64.0), peaks_s, seconds) for samples, peaks_s, seconds in recordings)
        for name, detector in detectors.items()
    }


def beats() -> Iterator[Figure]:
    """Every simulated scenario on unseen seeds."""
    for scenario in SCENARIOS:
        bar = f">= {BARS[scenario]}" if scenario in BARS else "none set"
        found = scores(scenario, UNSEEN, DETECTORS)
        yield Figure(f"beats, {scenario}: F1", bar, ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
