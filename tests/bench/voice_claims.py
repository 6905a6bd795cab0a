"""What each control of each voice claims to move, in the descriptors of `descriptors`; any one of them will do.

`unrest of X` is how far X wanders while the control is held; only a held control shows it.
"""

from __future__ import annotations

EVERYWHERE: dict[str, tuple[str, ...]] = {
    "level": ("loudness dB",),
    "azimuth": ("azimuth sine", "behind"),
    "elevation": ("above",),
    "distance": ("loudness dB",),
    "width": ("spread", "behind"),
    "size": ("spread",),
    "room": ("room dB",),
    "pitch": ("pitch Hz", "centroid Hz"),
    "brightness": ("centroid Hz", "bandwidth Hz"),
    "density": ("onsets 1/s", "unevenness"),
    "rate": ("centroid Hz", "pitch Hz"),
    "focus": ("bandwidth Hz", "noisiness"),
    "beating": ("movement Hz", "unevenness"),
    "ring": ("loudness dB", "unevenness", "crest dB"),
    "decay": ("loudness dB", "unevenness"),
    "grit": ("noisiness", "bandwidth Hz"),
    "mix": ("centroid Hz", "bandwidth Hz", "noisiness"),
}
OF: dict[tuple[str, str], tuple[str, ...]] = {
    ("grains", "position"): ("centroid Hz", "noisiness", "bandwidth Hz"),
    ("grains", "source"): ("centroid Hz", "noisiness", "bandwidth Hz"),
    ("grains", "size"): ("unevenness", "onsets 1/s", "crest dB"),
    ("grains", "spread"): ("spread", "unrest of azimuth sine"),
    ("grains", "width"): ("spread", "behind", "unrest of azimuth sine"),
    ("grains", "motion"): ("turns 1/min",),
    ("bed", "start"): ("pitch Hz", "centroid Hz"),
    ("drone", "lean"): ("pitch Hz", "centroid Hz"),
    ("drone", "swell"): ("loudness dB", "unevenness", "unrest of loudness dB"),
    ("pulse", "knock"): ("crest dB", "bandwidth Hz", "centroid Hz"),
    ("breath", "rate"): ("swells 1/min",),
    ("breath", "depth"): ("unevenness", "unrest of loudness dB"),
    ("breath", "swell"): ("loudness dB",),
    ("organ", "interval"): ("centroid Hz", "bandwidth Hz"),
    ("organ", "chord"): ("centroid Hz", "bandwidth Hz"),
    ("organ", "stops"): ("centroid Hz", "bandwidth Hz"),
    ("organ", "reed"): ("centroid Hz", "bandwidth Hz", "noisiness"),
    ("organ", "wind"): ("floor dB",),
    ("organ", "tremulant"): ("unevenness", "onsets 1/s"),
    ("clicks", "scatter"): ("unrest of loudness dB", "unrest of centroid Hz"),
    ("clicks", "burst"): ("unrest of loudness dB", "unevenness"),
    ("noise", "colour"): ("centroid Hz",),
    ("noise", "centre"): ("centroid Hz",),
    ("noise", "crackle"): ("unevenness", "crest dB", "onsets 1/s"),
    ("bell", "strike"): ("centroid Hz", "bandwidth Hz"),
    ("bell", "metal"): ("bandwidth Hz", "centroid Hz", "pitch Hz"),
    ("tick", "repeats"): ("onsets 1/s", "loudness dB"),
    ("tick", "apart"): ("rises again at s",),
    ("filter", "cutoff"): ("centroid Hz",),
    ("filter", "resonance"): ("bandwidth Hz", "centroid Hz", "noisiness"),
    ("drive", "amount"): ("centroid Hz", "bandwidth Hz"),
    ("drive", "bias"): ("centroid Hz", "bandwidth Hz"),
    ("drive", "cross"): ("centroid Hz", "bandwidth Hz"),
    ("crush", "bits"): ("bandwidth Hz", "centroid Hz", "noisiness"),
    ("crush", "rate"): ("bandwidth Hz", "centroid Hz", "noisiness"),
    ("crush", "jitter"): ("noisiness", "bandwidth Hz", "centroid Hz"),
    ("stutter", "amount"): ("likeness",),
    ("stutter", "length"): ("likeness at s",),
    ("stutter", "repeats"): ("likeness",),
    ("space", "decay"): ("falls dB/s",),
    ("space", "echo"): ("loudness dB", "unevenness"),
    ("space", "delay"): ("rises again at s",),
    ("space", "width"): ("spread", "behind"),
}

# Slower than a sweep of six seconds can show: these are held.
SLOW = {
    ("drone", "beating"),
    ("drone", "swell"),
    ("organ", "beating"),
    ("organ", "wind"),
    ("breath", "rate"),
    ("breath", "depth"),
    ("grains", "motion"),
    ("clicks", "burst"),
    ("tick", "apart"),
    ("stutter", "amount"),
    ("stutter", "repeats"),
}

ELSEWHERE = {"judgement"}  # needs a library with a machine's rendering of it, and is measured where there is one


def claimed(definition: str, control: str) -> tuple[str, ...]:
    """Descriptors by which the control of a voice with this definition is to be told."""
    return OF.get((definition, control)) or EVERYWHERE[control]
