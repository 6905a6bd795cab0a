"""Draws one failover to `build/failover.png`: both devices' pulse, the quality of each, who leads, the fused beats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.two_devices import PULSE, chunks, contact_loss
from somatone.path import Path as SignalPath
from somatone.pieces.piece import find_piece
from somatone.records import Chunk, Gate, Status, Validity
from somatone.timeline.timeline import RecordingClock

OUT = Path(__file__).resolve().parents[2] / "build" / "failover.png"
COLOURS = {"e4": "#2060b0", "board": "#c06020"}
SEED = 601


def failover_picture() -> Iterator[Figure]:
    """A picture is a figure too: where it went, and how long the first change of lead took."""
    pair = contact_loss(SEED)
    seen: list[Chunk] = []
    path = SignalPath(find_piece("correlations"), RecordingClock, seen.append)
    path.start(0.0)
    beats: list[Gate] = []
    switches: list[Status] = []
    for chunk in chunks(pair):
        for record in [r for _, r in path.advance(chunk.arrival_s)] + path.feed(chunk):
            if isinstance(record, Gate) and record.name == "pulse.beat" and record.value:
                beats.append(record)
            elif isinstance(record, Status) and record.name == "bvp.source":
                switches.append(record)
    lost_s = next(k / 4 for k in range(len(pair.first_eda)) if pair.first_eda[k] < 50_000)
    _draw(seen, beats, switches, lost_s)
    took_s = next(s.at_s for s in switches if s.value == "board") - lost_s
    yield Figure("a failover, drawn", "lead changes within 2 s", f"{OUT.name}: {took_s:.2f} s after contact was lost")


def _draw(seen: list[Chunk], beats: list[Gate], switches: list[Status], lost_s: float) -> None:
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(4, 1, figsize=(15, 9), sharex=True, height_ratios=(2, 2, 1.5, 1))
    for axis, source in zip(axes, COLOURS, strict=False):
        mine = [c for c in seen if c.source == source and c.signal == "bvp"]
        times = [c.start_s + k / 64 for c in mine for k in range(len(c.samples))]
        axis.plot(times, [v / PULSE for c in mine for v in c.samples], color=COLOURS[source], linewidth=0.8)
        axis.set_ylabel(f"pulse of {source}")
        axis.set_ylim(-3, 4)
        for chunk in mine:
            if chunk.validity in (Validity.ABSENT, Validity.SETTLING):
                axis.axvspan(chunk.start_s, chunk.end_s, color="#d05050", alpha=0.25, linewidth=0)
        axes[2].step([c.end_s for c in mine], [c.quality / 256 for c in mine], color=COLOURS[source], label=source)
        fused = [b for b in beats if b.source == source]
        axes[3].vlines([b.at_s for b in fused], 0, 1, color=COLOURS[source], label=f"taken from {source}")
    for status in switches:
        for axis in axes:
            axis.axvline(status.at_s, color="black", linestyle="--", linewidth=1)
        axes[2].text(status.at_s, 1.05, f" to {status.value}", fontsize=9)
    axes[2].set_ylabel("quality")
    axes[2].set_ylim(-0.05, 1.25)
    axes[2].legend(loc="lower right")
    axes[3].set_ylabel("fused beats")
    axes[3].set_yticks([])
    axes[3].legend(loc="upper right")
    axes[3].set_xlabel("seconds; red: off the body or settling; dashed: the lead changes")
    axes[0].set_xlim(lost_s - 10, lost_s + 25)
    figure.tight_layout()
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=90)
    plt.close(figure)
