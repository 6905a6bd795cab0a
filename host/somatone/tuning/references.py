"""Reference detectors of the field, offline, to hold the rules against: NeuroKit2, HeartPy, SciPy.

They are oracles only, and optional (the extra `reference`). Surprises: beat detectors mark the systolic peak, which on
a wrist wanders along a broad crest by 200 ms from beat to beat, so every mark is moved to the steepest upstroke before
it, where the E4's own beats and ours lie; what is left as a constant lag is taken off when events are compared.
HeartPy refuses whole stretches, so it is given 30 s at a time. NeuroKit2 does not filter conductance below 20 samples
a second, so beside its default it is also given the conductance smoothed over one second, with a threshold of 5 % of
the largest response instead of 10 %.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Find = Callable[[Values, float], Values]  # samples in counts, rate in Hz -> sample numbers of the events

HEARTPY_PART_S = 30.0
UPSTROKE_S = 0.45  # no crest is longer
NEEDED = ("neurokit2", "heartpy", "scipy")


@dataclass(frozen=True, slots=True)
class Detector:
    """One offline detector of what a rule says. `tolerance_s` is what counts as the same event in the field."""

    rule: str
    name: str
    find: Find
    tolerance_s: float


def detectors(rule: str) -> tuple[Detector, ...]:
    """The references of a rule; none for most, and none where the extra is not installed."""
    return tuple(d for d in DETECTORS if d.rule == rule) if installed() else ()


def installed() -> bool:
    return all(find_spec(name) for name in NEEDED)


def found_s(detector: Detector, values: Values, times_s: Values, rate_hz: float) -> Values | None:
    """Times of the events, in seconds; None where the detector gives up on this signal.

    Holes are bridged by straight lines; what is found in them lies outside valid stretches and is not scored.
    """
    if len(values) < 8 * rate_hz:
        return None
    grid_s = np.arange(times_s[0], times_s[-1], 1 / rate_hz)
    even = np.interp(grid_s, times_s, values)
    try:
        with _quiet():
            at = np.asarray(detector.find(even, rate_hz), dtype=np.float64)
    except Exception:  # they raise whatever their own inner libraries raise on a flat or short signal
        return None
    at = np.sort(at[np.isfinite(at)])
    if detector.rule == "pulse.beat":
        at = upstrokes(at.astype(np.int64), even, rate_hz)
    return np.sort(grid_s[0] + at / rate_hz)


def upstrokes(peaks: NDArray[np.int64], values: Values, rate_hz: float) -> Values:
    """The sample of the steepest upstroke before each peak, after the peak before it. `peaks` sorted."""
    slope = np.gradient(np.convolve(values, np.ones(3) / 3, "same"))
    moved: list[int] = []
    last = 0
    for peak in peaks.tolist():
        first = max(peak - int(UPSTROKE_S * rate_hz), last)
        moved.append(first + int(np.argmax(slope[first : peak + 1])))
        last = peak
    return np.unique(np.array(moved, dtype=np.float64))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Their warnings are about their own insides."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _neurokit_beats(values: Values, rate_hz: float) -> Any:
    import neurokit2 as nk  # noqa: PLC0415 - takes seconds to load

    clean = nk.ppg_clean(values, sampling_rate=int(rate_hz))
    return nk.ppg_findpeaks(clean, sampling_rate=int(rate_hz))["PPG_Peaks"]


def _heartpy_beats(values: Values, rate_hz: float) -> Any:
    import heartpy  # noqa: PLC0415

    beats: list[float] = []
    part = int(HEARTPY_PART_S * rate_hz)
    smooth = _band(values, rate_hz)
    for first in range(0, len(values), part):
        with contextlib.suppress(Exception):  # "could not determine best fit": this stretch has no beats for it
            working, _ = heartpy.process(smooth[first : first + part], rate_hz)
            kept = np.asarray(working["binary_peaklist"], dtype=bool)
            beats += (first + np.asarray(working["peaklist"])[kept]).tolist()
    return beats


def _scipy_beats(values: Values, rate_hz: float) -> Any:
    from scipy.signal import find_peaks  # noqa: PLC0415

    smooth = _band(values, rate_hz)
    usual = max(float(np.median(np.abs(smooth))) * 1.5, 1.0)  # on a flat line a filter leaves waves far below a count
    return find_peaks(smooth, distance=int(0.3 * rate_hz), prominence=usual)[0]


def _band(values: Values, rate_hz: float) -> Values:
    """0.5 to 8 Hz, without a shift in time."""
    from scipy.signal import butter, sosfiltfilt  # noqa: PLC0415

    filtered: Values = sosfiltfilt(butter(2, (0.5, 8.0), "bandpass", fs=rate_hz, output="sos"), values)
    return filtered


def _neurokit_onsets(method: str, *, smoothed: bool, **options: float) -> Find:
    def find(values: Values, rate_hz: float) -> Any:
        import neurokit2 as nk  # noqa: PLC0415

        microsiemens = values / 1000.0
        if smoothed:
            span = int(rate_hz)
            microsiemens = np.convolve(np.pad(microsiemens, span // 2, mode="edge"), np.ones(span) / span, "same")
            microsiemens = microsiemens[span // 2 : span // 2 + len(values)]
        phasic = nk.eda_phasic(microsiemens, sampling_rate=int(rate_hz))["EDA_Phasic"].to_numpy()
        _, info = nk.eda_peaks(phasic, sampling_rate=int(rate_hz), method=method, **options)
        return info["SCR_Onsets"]

    return find


BEAT_S, ONSET_S = 0.15, 1.0

DETECTORS = (
    Detector("pulse.beat", "NeuroKit2", _neurokit_beats, BEAT_S),
    Detector("pulse.beat", "HeartPy", _heartpy_beats, BEAT_S),
    Detector("pulse.beat", "SciPy", _scipy_beats, BEAT_S),
    Detector("eda.onset", "NeuroKit2", _neurokit_onsets("neurokit", smoothed=False), ONSET_S),
    Detector("eda.onset", "NeuroKit2 5 %", _neurokit_onsets("neurokit", smoothed=True, amplitude_min=0.05), ONSET_S),
    Detector("eda.onset", "NeuroKit2 nabian", _neurokit_onsets("nabian2018", smoothed=True), ONSET_S),
    Detector("eda.onset", "NeuroKit2 kim", _neurokit_onsets("kim2004", smoothed=False), ONSET_S),
)
REFERENCED = frozenset(detector.rule for detector in DETECTORS)
