"""What is measured of a sound, frame by frame: one number for each thing that a control may say it moves.

Frames are 0.1 s apart and 0.2 s long. Spectra are of the sum of all channels, places of their energies in a room that
has just the twelve virtual loudspeakers (sclang/lib/place.scd).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from somatone.space.directions import VIRTUAL

RATE_HZ = 48_000
HOP, FRAME = 4800, 9600
LOWEST_HZ, HIGHEST_HZ = 25.0, 16_000.0
ONSET_HOP = 240
FINE_HOP, SMOOTH = 48, 41  # an envelope's own samples, and how many of them are taken together: waves of 50 Hz are none
SILENT = 1e-5

Sound = npt.NDArray[np.float64]


def frames(sound: Sound) -> int:
    """How many frames fit."""
    return max(0, (len(sound) - FRAME) // HOP + 1)


def times_s(sound: Sound) -> Sound:
    """The middle of each frame."""
    return (np.arange(frames(sound)) * HOP + FRAME / 2) / RATE_HZ


def describe(sound: Sound) -> Mapping[str, Sound]:
    """Every descriptor of `sound` (frames, channels) over time; NaN where it is silent."""
    found = dict(zip(SPECTRAL, np.array([_spectral(part) for part in _parts(sound)]).T, strict=True))
    found |= _envelope(sound)
    found |= _likeness(sound)
    if sound.shape[1] == len(VIRTUAL):
        found |= dict(zip(PLACES, np.array([_place(part) for part in _parts(sound)]).T, strict=True))
        found["turns 1/min"] = _turns(sound)
    elif sound.shape[1] == 2:  # how much lies beside the middle
        found["spread"] = _beside(sound)
    silent = found["loudness dB"] < -90
    return {name: np.where(silent & (name != "loudness dB"), np.nan, values) for name, values in found.items()}


SPECTRAL = ("loudness dB", "centroid Hz", "bandwidth Hz", "noisiness", "pitch Hz", "crest dB", "floor dB", "peak dB")
PLACES = ("azimuth sine", "behind", "above", "spread")


def _parts(sound: Sound) -> list[Sound]:
    return [sound[at * HOP : at * HOP + FRAME] for at in range(frames(sound))]


def _spectral(part: Sound) -> tuple[float, ...]:
    mono = part.sum(axis=1)
    power: Sound = np.asarray(np.square(np.abs(np.fft.rfft(mono * np.hanning(FRAME)))), np.float64)
    hz = np.asarray(np.fft.rfftfreq(FRAME, 1 / RATE_HZ), np.float64)
    heard = (hz > LOWEST_HZ) & (hz < HIGHEST_HZ)
    power, hz = power[heard] + 1e-12, hz[heard]
    energy = float(np.square(part).mean()) * part.shape[1]
    centroid = float((power * hz).sum() / power.sum())
    bandwidth = float(np.sqrt((power * np.square(hz - centroid)).sum() / power.sum()))
    # Flatness over the bands that carry it: 1 is noise, 0 a line.
    strong = power[power > power.max() * 1e-4]
    flatness = float(np.exp(np.log(strong).mean()) / strong.mean())
    peak = float(np.abs(mono).max())
    rms = float(np.sqrt(np.square(mono).mean()))
    loud = 10 * np.log10(max(energy, 1e-12))
    crest = 20 * np.log10(max(peak, SILENT) / max(rms, SILENT))
    between = float(np.median(power[(hz > 100) & (hz < 3000)]))  # of the lines
    floor = 10 * np.log10(between / power.max())
    highest = 20 * np.log10(max(float(np.abs(part).max()), SILENT))
    return loud, centroid, bandwidth, flatness, _pitch(power, hz), crest, floor, highest


def _pitch(power: Sound, hz: Sound) -> float:
    """The strongest line, between bins by a parabola through their logarithms."""
    top = int(np.clip(power.argmax(), 1, len(power) - 2))
    low, mid, high = np.log(power[top - 1 : top + 2])
    bend = low - 2 * mid + high
    return float(hz[top] + (np.clip(0.5 * (low - high) / bend, -0.5, 0.5) if bend else 0.0) * (hz[1] - hz[0]))


def _place(part: Sound) -> tuple[float, ...]:
    """Where the energy comes from; `spread` is 0 from one point, 1 from everywhere alike."""
    energy = np.square(part).sum(axis=0) + 1e-18
    share = energy / energy.sum()
    angle = np.radians([azimuth for azimuth, _ in VIRTUAL])
    spread = -float((share * np.log(share)).sum()) / np.log(len(share))
    behind = float(share[np.cos(angle) < -0.1].sum())
    above = float(share[np.array([elevation > 0 for _, elevation in VIRTUAL])].sum())
    return float((share * np.sin(angle)).sum()), behind, above, spread


def _turns(sound: Sound) -> Sound:
    """How often a minute what is heard goes round, clockwise above 0: by its direction over 0.5 s, over ten seconds."""
    round_about = np.exp(1j * np.radians([azimuth for azimuth, _ in VIRTUAL]))
    toward = np.array([np.square(part).sum(axis=0) @ round_about for part in _parts(sound)])
    angle = np.unwrap(np.angle(np.convolve(toward, np.hanning(7)[1:-1], "same")))
    around = 50
    turns = np.full(len(angle), np.nan)
    for at in range(around, len(angle) - around):
        slope = np.polyfit(np.arange(2 * around), angle[at - around : at + around], 1)[0]
        turns[at] = slope / (2 * np.pi) * 60 * RATE_HZ / HOP
    return turns


def _beside(sound: Sound) -> Sound:
    """The energy of what differs between left and right, of all that is heard over two seconds: 0 is the middle."""
    beside = np.concatenate([[0.0], np.cumsum(np.square(sound[:, 0] - sound[:, 1]))])
    whole = np.concatenate([[0.0], np.cumsum(2 * np.square(sound).sum(axis=1))])
    at = (times_s(sound) * RATE_HZ).astype(int)
    first, last = np.maximum(at - RATE_HZ, 0), np.minimum(at + RATE_HZ, len(sound))
    share: Sound = (beside[last] - beside[first]) / (whole[last] - whole[first] + 1e-9)
    return share


def _envelope(sound: Sound) -> dict[str, Sound]:
    """How the loudness moves where all is heard in one point, mostly over two seconds."""
    whole = sound[: len(sound) // ONSET_HOP * ONSET_HOP].sum(axis=1)
    level = np.sqrt(np.square(whole).reshape(-1, ONSET_HOP).mean(axis=1))
    onsets, slow = _onsets(level), _slow(whole)
    per_frame, around = HOP // ONSET_HOP, 200
    rates, uneven, movement, again_s, falls = [], [], [], [], []
    fall = _fall(slow)
    for at in range(frames(sound)):
        middle = at * per_frame + per_frame
        near = slice(max(0, middle - around), middle + around)
        part = slow[near]
        rates.append(onsets[near].sum() / (len(part) * ONSET_HOP / RATE_HZ))
        uneven.append(float(part.std() / max(part.mean(), SILENT)))
        falls.append(float(np.percentile(fall[near], 90)))
        movement.append(_movement(slow[max(0, middle - 3 * around) : middle + 3 * around]))
        again_s.append(_again_s(slow[max(0, middle - 2 * around) : middle + 2 * around]))
    named = {"onsets 1/s": rates, "unevenness": uneven, "movement Hz": movement}
    named |= {"rises again at s": again_s, "falls dB/s": falls}
    return {name: np.array(values) for name, values in named.items()} | {"swells 1/min": _swells(slow, len(rates))}


def _slow(whole: Sound) -> Sound:
    """The level every 5 ms without what is a sound's own wave: a line at 55 Hz is steady."""
    power = np.square(whole).reshape(-1, FINE_HOP).mean(axis=1)
    window = np.hanning(SMOOTH + 2)[1:-1]
    smooth = np.convolve(power, window / window.sum(), "same")
    level: Sound = np.sqrt(smooth.reshape(-1, ONSET_HOP // FINE_HOP).mean(axis=1))
    return level


def _fall(level: Sound) -> Sound:
    """How fast the level falls, over 0.2 s: a room lets nothing fall faster than itself."""
    smooth = np.hanning(22)[1:-1]
    db = 20 * np.log10(np.convolve(level, smooth / smooth.sum(), "same") + 10**-4.5)
    fall: Sound = np.zeros(len(db))
    fall[20:-20] = (db[:-40] - db[40:]) / (40 * ONSET_HOP / RATE_HZ)
    return fall


def _swells(level: Sound, count: int) -> Sound:
    """How often a minute the level comes and goes, 1.5 to 60 times: the strongest line of it over 20 s."""
    tenths = level[: len(level) // 20 * 20].reshape(-1, 20).mean(axis=1)
    per_minute = np.fft.rfftfreq(4096, 0.1) * 60
    heard = (per_minute > 1.5) & (per_minute < 60)
    found = np.full(count, np.nan)
    for at in range(min(count, len(tenths))):
        part = tenths[max(0, at - 100) : at + 100]
        if len(part) == 200:
            lines = np.abs(np.fft.rfft((part - part.mean()) * np.hanning(200), 4096))
            found[at] = per_minute[heard][int(lines[heard].argmax())]
    return found


def _again_s(level: Sound) -> float:
    """How long after a rise of the level the next rises come, at most 1.3 s: rises against themselves, over 4 s."""
    rises = np.maximum(np.diff(level), 0)
    power = np.square(np.abs(np.fft.rfft(rises, 2 * len(rises))))
    same = np.fft.irfft(power)[: len(rises)]
    late = same[6:261]
    return float((int(late.argmax()) + 6) * ONSET_HOP / RATE_HZ) if len(late) == 255 and same[0] > 0 else np.nan


def _likeness(sound: Sound) -> dict[str, Sound]:
    """How like itself the sound is, 0.02 to 0.6 s later (1 is a repeat), and how much later; over 1.5 s, at 4 kHz."""
    mono = sound.sum(axis=1)[: len(sound) // 12 * 12].reshape(-1, 12).mean(axis=1)
    likeness, at_s = [], []
    for at in range(frames(sound)):
        middle = (at * HOP + FRAME // 2) // 12
        part = mono[max(0, middle - 3000) : middle + 3000]
        power = np.square(np.abs(np.fft.rfft(part - part.mean(), 2 * len(part))))
        same = np.fft.irfft(power)[: len(part)] / np.linspace(1, 0.5, len(part))
        late = slice(80, 2400)
        top = int(same[late].argmax()) if len(same) > 2400 else 0
        likeness.append(float(same[late][top] / max(float(same[0]), 1e-15)) if len(same) > 2400 else np.nan)
        at_s.append((top + 80) / 4000)
    return {"likeness": np.array(likeness), "likeness at s": np.array(at_s)}


def _onsets(level: Sound) -> npt.NDArray[np.bool_]:
    """Where loudness rises by 3 dB within 10 ms, and has not risen so for 15 ms."""
    log = 20 * np.log10(level + 10 ** (-70 / 20))
    rise = np.zeros(len(log))
    rise[2:] = log[2:] - log[:-2]
    sharp = rise > 3
    begun = sharp.copy()
    for back in (1, 2, 3):
        begun[back:] &= ~sharp[:-back]
    return begun


def _movement(level: Sound) -> float:
    """The middle of the envelope's own spectrum below 30 Hz, over six seconds: beats are slow."""
    power = np.square(np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)))))
    hz = np.fft.rfftfreq(len(level), ONSET_HOP / RATE_HZ)
    slow = hz < 30
    return float((power * hz)[slow].sum() / max(float(power[slow].sum()), 1e-18))
