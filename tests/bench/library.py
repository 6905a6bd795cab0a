"""The library on one hour of made gestures with known truth: onsets, memory, kills, and the small voice on part of it.

Seeds 9001 to 9012 are used for nothing else: the thresholds were set on seeds 1 to 5.
"""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from bench.figures import Figure
from bench.made_gestures import Truth, f1, make_recording, matched
from somatone.library.catalogue import Catalogue
from somatone.library.selection import spread

SEEDS = range(9001, 9013)
EACH_S = 300.0
KILLS = 10
TRAINED_S = 90.0
SCAN = """
import sys
from pathlib import Path
from somatone.library.catalogue import Catalogue
from somatone.library.scan import scan
folder = Path(sys.argv[2])
scan(folder, Catalogue.create(sys.argv[1], folder))
# not ru_maxrss: a child inherits that figure from whoever started it
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def library() -> Iterator[Figure]:
    """An hour in twelve recordings, scanned whole, then with kills; then the same sound as one recording of an hour."""
    with tempfile.TemporaryDirectory() as place, patch.dict(os.environ, {"SOMATONE_HOME": f"{place}/home"}):
        hour, first = Path(place) / "hour", Path(place) / "first"
        hour.mkdir()
        first.mkdir()
        truth = {f"{seed}.wav": make_recording(hour / f"{seed}.wav", seed, EACH_S) for seed in SEEDS}
        (first / "9001.wav").symlink_to(hour / "9001.wav")
        small_mb, _ = _scan("first", first)
        large_mb, took_s = _scan("hour", hour)
        length_s = EACH_S * len(truth)
        yield Figure("library scan, speed", "", f"{length_s / took_s:.0f} x real time, {length_s / 60:.0f} min")
        whole = Catalogue.open("hour")
        yield from _onsets(whole, truth)
        yield _one_long_recording(Path(place), hour, small_mb, large_mb)
        yield _killed(hour, whole, took_s)
        yield from _voice(whole, Path(place))


def _scan(name: str, folder: Path) -> tuple[int, float]:
    """Peak memory in MB, and seconds."""
    begun_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SCAN, name, str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout), time.monotonic() - begun_s


def _onsets(catalogue: Catalogue, truth: dict[str, list[Truth]]) -> Iterator[Figure]:
    pairs = first = wanted = found = 0
    recalled: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for name, items in truth.items():
        starts = [g.start_s for g in catalogue.gestures("r.path = ?", (name,))]
        pairs += matched(sorted(item.onset_s for item in items), starts)
        first += matched(sorted(item.first_s for item in items), starts)
        wanted, found = wanted + len(items), found + len(starts)
        for item in items:
            kinds[item.kind] += 1
            recalled[item.kind] += any(abs(start - item.onset_s) <= 0.05 for start in starts)
    yield Figure(
        "gesture onsets against truth, +-50 ms",
        "F1 >= 0.9",
        f"F1 {f1(pairs, wanted, found):.3f} ({wanted} true, {found} found, {pairs} matched)",
    )
    yield Figure("the same against the gestures' first sample", "", f"F1 {f1(first, wanted, found):.3f}")
    mean = sum(recalled[kind] / kinds[kind] for kind in kinds) / len(kinds)
    by_kind = ", ".join(f"{kind} {recalled[kind] / kinds[kind]:.2f} of {kinds[kind]}" for kind in sorted(kinds))
    yield Figure("found by kind", "", f"{by_kind}; mean of kinds {mean:.2f}")


def _one_long_recording(place: Path, hour: Path, small_mb: int, large_mb: int) -> Figure:
    """The hour again, as a single file."""
    import soundfile  # noqa: PLC0415

    folder = place / "single"
    folder.mkdir()
    with soundfile.SoundFile(folder / "hour.flac", "w", 48_000, 1, "PCM_16") as out:
        for path in sorted(hour.glob("*.wav")):
            out.write(soundfile.read(path, dtype="int16")[0])
    single_mb, _ = _scan("single", folder)
    said = f"peak {small_mb} MB for 5 min, {large_mb} MB for an hour in 12 files, {single_mb} MB for an hour in one"
    return Figure("memory of a scan", "flat", said)


def _killed(hour: Path, whole: Catalogue, took_s: float) -> Figure:
    """SIGKILL at random moments until it has been killed KILLS times or has come through."""
    moments, kills = random.Random(77), 0
    for _ in range(KILLS):
        child = subprocess.Popen([sys.executable, "-c", SCAN, "killed", str(hour)], stdout=subprocess.DEVNULL)
        try:
            child.wait(moments.uniform(0.5, took_s / 4))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
    _scan("killed", hour)
    again = Catalogue.open("killed")
    equal = all(
        whole.db.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()
        == again.db.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()
        for name in ("recording", "gesture")
    )
    return Figure("scan killed and begun again", "equal", f"{kills} x SIGKILL: {'equal' if equal else 'NOT equal'}")


def _voice(catalogue: Catalogue, place: Path) -> Iterator[Figure]:
    """The small voice: trained on some gestures, measured on others."""
    if importlib.util.find_spec("torch") is None:
        yield Figure("the small machine voice", "", "not measured: the extra [rave] is not installed")
        return
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from somatone.library.cut import read_gesture  # noqa: PLC0415
    from somatone.voice.likeness import likeness  # noqa: PLC0415
    from somatone.voice.model import VoiceModel  # noqa: PLC0415
    from somatone.voice.render import Bend, rendered  # noqa: PLC0415
    from somatone.voice.train import train  # noqa: PLC0415

    gestures = [g for g in catalogue.gestures() if g.duration_s > 0.2]
    learnt, unseen = spread(gestures[: len(gestures) // 2], 300), spread(gestures[len(gestures) // 2 :], 60)
    last = train([read_gesture(catalogue, g) for g in learnt], place / "v.ts", TRAINED_S / 60, 1)
    model = VoiceModel(place / "v.ts")
    heard = [read_gesture(catalogue, g) for g in unseen]
    torch.manual_seed(1)
    said = [np.concatenate(list(rendered(model, iter([sound]), Bend())))[: len(sound)] for sound in heard]
    found = likeness(heard, said, 48_000)
    yield Figure(
        f"the small voice after {TRAINED_S:g} s of training, on {len(heard)} unseen gestures",
        "bland: variety < 1",
        f"log spectral distance {found.distance_db:.1f} dB, variety {found.variety:.2f}, {last.number} epochs",
    )
