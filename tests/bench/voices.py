"""Every voice by itself: each control sweeps its range, and what it moved is measured, told and drawn.

A control that moves nothing of what it claims is a defect, and is named. Pictures go to build/voice-NAME.png.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.figures import Figure
from bench.sound_plot import BUILD, Row, draw
from bench.voice_sweeps import Sweep, swept
from somatone.library.synthesise import ensure_library
from somatone.voices import Voice, load_voices

BAR = "moves what it says; >= 10 x real time"
TABLE = BUILD / "voices.md"


def voices() -> Iterator[Figure]:
    """One row a voice; the whole table goes to build/voices.md. VOICES=organ,noise measures only these."""
    chosen = os.environ.get("VOICES", "").split(",") if os.environ.get("VOICES") else None
    rows = ["| control | moved | from | to | how surely | rank correlation |", "| --- | --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        library = ensure_library(Path(folder) / "library")
        for voice in load_voices().values():
            if not _measured(voice) or (chosen and voice.name not in chosen):
                continue
            sweep = swept(voice, library, Path(folder))
            picture(sweep)
            rows += [
                f"| {voice.name}.{m.control} | {m.descriptor} | {m.low:.4g} | {m.high:.4g} "
                f"| {m.follows:.2f}{' held' if m.held else ''} | {'' if m.held else f'{m.trend:+.2f}'} |"
                for m in sweep.moved
            ]
            TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
            yield Figure(f"voice {voice.name}", BAR, _told(sweep))


def _measured(voice: Voice) -> bool:
    """A twin has the definition of the first; the test of loudspeakers is no instrument."""
    return voice.synthdef == voice.name and voice.stage != "layout"


def _told(sweep: Sweep) -> str:
    still = [m.control for m in sweep.moved if m.descriptor == "nothing"]
    speed = f"{sweep.seconds / sweep.report.elapsed_s:.0f} x by the wall, {sweep.seconds / sweep.cpu_s:.0f} x by CPU"
    moved = f"{len(sweep.moved) - len(still)} of {len(sweep.moved)} controls"
    peak = f"peak {20 * np.log10(sweep.report.peak):.1f} dBFS"
    return f"{moved}{', not ' + ', '.join(still) if still else ''}; {speed}; {peak}"


def picture(sweep: Sweep) -> None:
    at_s, seen = sweep.times_s, sweep.measured
    borders = [(begin, name) for name, (begin, _) in sweep.segments.items()]
    controls = {
        name: (np.array([begin, end, end]), np.array([0.0, 1.0, np.nan]))
        for name, (begin, end) in sweep.segments.items()
    }
    rows = [Row("each control's\nrange", {}, low=0, high=1.05)]
    rows[0].lines = {"": next(iter(controls.values()))} if not controls else {"": _joined(list(controls.values()))}
    rows += [
        Row("dB", {"loudness": (at_s, seen["loudness dB"]), "peak": (at_s, seen["peak dB"])}, low=-70, high=6),
        Row("Hz", {"centroid": (at_s, seen["centroid Hz"]), "strongest line": (at_s, seen["pitch Hz"])}, log=True),
        Row("ratio", {k: (at_s, seen[k]) for k in ("noisiness", "unevenness")}, low=0),
        Row("1/s, Hz", {k: (at_s, seen[k]) for k in ("onsets 1/s", "movement Hz")}, low=0),
    ]
    places = [k for k in ("azimuth sine", "behind", "above", "spread") if k in seen]
    rows.append(Row("place", {k: (at_s, seen[k]) for k in places}, low=-1.05, high=1.05))
    title = f"{sweep.voice.name}: {sweep.voice.meaning}. Every control in turn over its range, then back"
    draw(BUILD / f"voice-{sweep.voice.name}.png", title, rows, sweep.seconds, borders)


def _joined(lines: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([at for at, _ in lines]), np.concatenate([values for _, values in lines])
