"""The pulse rule on real recordings, beside the offline detectors of `bench.beats`.

Against an electrocardiogram at rest: NeuroKit2's five-minute resting recording, which the library fetches from its own
site, and the two minutes that pyphysio's wheel carries; where one cannot be had the line says so. Surprise: peakdet's
wheel carries pulse and electrocardiogram too, but of different length and rhythm: they were not recorded together, so
they are no reference for each other.
The other recordings have no reference: what counts is whether the rule agrees with the others as they do among
themselves. Nothing was tuned on any of them but S06.
"""

from __future__ import annotations

import bz2
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from statistics import mean
from urllib.error import URLError

import numpy as np
from numpy.typing import NDArray

from bench.beats import DETECTORS, detect, f1, matches, ours, without_lag
from bench.figures import SHARED, Figure
from bench.skin_recordings import packaged

Wave = NDArray[np.float64]
ECG_BAR = ">= 0.99"


def real_beats() -> Iterator[Figure]:
    """Electrocardiogram, agreement without a reference, and the beats of which the E4 itself was sure."""
    yield from against_ecg()
    for name, load in RECORDINGS.items():
        yield agreement(name, load)
    for session in ("S06", "S01", "S17", "S29"):
        if (SHARED / "stress-predict" / session).is_dir():
            yield against_archive(session)


def counts(wave: Wave, rate_hz: float) -> list[int]:
    """Resampled to 64 Hz and scaled so that the middle half spans 2000 counts."""
    from scipy.signal import resample_poly  # noqa: PLC0415 - optional

    at_64 = resample_poly(wave - np.median(wave), 640, round(rate_hz * 10))
    spread = float(np.subtract(*np.percentile(at_64, (75, 25))))
    return [int(v) for v in np.clip(at_64 * 2000 / spread, -131_071, 131_071)]


def against_ecg() -> Iterator[Figure]:
    """R peaks by NeuroKit2 as truth, the constant transit time taken off; where the recordings can be had."""
    import neurokit2  # noqa: PLC0415 - optional, and slow to load

    what = "beats at rest against ECG (NeuroKit2, 5 min): F1"
    try:
        recording = neurokit2.data("bio_resting_5min_100hz")
    except (URLError, OSError):
        said = "not measured: the recording has to be fetched and its site cannot be reached"
        yield Figure(what, ECG_BAR, said)
    else:
        yield _against_r_peaks(what, np.array(recording["ECG"], float), np.array(recording["PPG"], float), 100)
    what = "beats against ECG (pyphysio, 2 min): F1"
    path = packaged("pyphysio", "medical.txt.bz2")
    if path is None:
        yield Figure(what, ECG_BAR, "not measured: pip install --no-deps pyphysio==4.10.0 brings the recording")
        return
    with bz2.open(path, "rt", encoding="ascii") as file:
        columns = np.loadtxt(file)
    yield _against_r_peaks(what, columns[:, 0], columns[:, 2], 2048)


def _against_r_peaks(what: str, ecg: Wave, pulse: Wave, rate_hz: int) -> Figure:
    import neurokit2  # noqa: PLC0415 - optional, and slow to load

    _, found = neurokit2.ecg_peaks(neurokit2.ecg_clean(ecg, sampling_rate=rate_hz), sampling_rate=rate_hz)
    truth_s = [float(at) / rate_hz for at in found["ECG_R_Peaks"]]
    samples = counts(pulse, float(rate_hz))
    scores = {name: f1(detect(way, samples, 64.0), truth_s, len(samples) / 64) for name, way in DETECTORS.items()}
    said = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
    return Figure(what, ECG_BAR, f"{said} ({len(truth_s)} R peaks)")


def package_file(package: str, *parts: str) -> Path:
    """A file that an installed package carries."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed")
    return Path(found.submodule_search_locations[0]).joinpath(*parts)


def _numbers(path: Path, column: int = 0) -> Wave:
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    return np.array([float(row[column]) for row in rows if row[column].lstrip("-")[:1].isdigit()])


def peakdet_pulse() -> list[int]:
    """Ten minutes at 40 Hz: the rate is not written down, but only at 40 Hz is the heart rate (69 bpm) likely."""
    return counts(_numbers(package_file("peakdet", "tests", "data", "PPG.csv")), 40.0)


def heartpy_pulse(name: str, rate_hz: float, column: int) -> Callable[[], list[int]]:
    return lambda: counts(_numbers(package_file("heartpy", "data", name), column), rate_hz)


RECORDINGS: dict[str, Callable[[], list[int]]] = {
    "peakdet": peakdet_pulse,
    "HeartPy example 0": heartpy_pulse("data.csv", 100.0, 0),
    "HeartPy example 1": heartpy_pulse("data2.csv", 117.0, 1),
    "HeartPy example 2, smartwatch": heartpy_pulse("data3.csv", 100.0, 1),
}


def agreement(name: str, load: Callable[[], list[int]]) -> Figure:
    """Mean F1 of the rule against each other method, beside that of the others among themselves."""
    samples = load()
    end_s = len(samples) / 64
    found = {way: detect(detector, samples, 64.0) for way, detector in DETECTORS.items()}
    others = [way for way in found if way != "ours"]
    with_us = mean(f1(found["ours"], found[way], end_s) for way in others)
    among = mean(f1(found[a], found[b], end_s) for a, b in combinations(others, 2))
    measured = f"ours with the others {with_us:.3f}, the others among themselves {among:.3f}"
    return Figure(f"beats, {name}, {end_s / 60:.0f} min: agreement", "none set", measured)


def against_archive(session: str) -> Figure:
    """Of the beats that the E4 wrote into IBI.csv, how many does each method have; the rule was once tuned on S06."""
    folder = SHARED / "stress-predict" / session
    samples = [round(float(line) * 100) for line in (folder / "BVP.csv").read_text(encoding="utf-8").split()[2:]]
    rows = (folder / "IBI.csv").read_text(encoding="utf-8").split()[2:]
    theirs = [float(row.split(",")[0]) for row in rows]
    ways = {name: way for name, way in DETECTORS.items() if way is ours or name in ("NeuroKit2", "SciPy")}
    shares = {name: recall(detect(way, samples, 64.0), theirs) for name, way in ways.items()}
    said = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
    return Figure(f"beats of the E4's own list found, {session}", ">= 0.985 on S06" * (session == "S06"), said)


def recall(found_s: Sequence[float], truth_s: Sequence[float]) -> float:
    """Share of the true beats that were found."""
    return len(matches(without_lag(found_s, truth_s), truth_s)) / len(truth_s)
