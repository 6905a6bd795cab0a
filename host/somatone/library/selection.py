"""What a piece may draw from: the gestures that a person kept, as files, and beside each the machine's twin of it.

    human     name -> file, from dark to bright, so that the grains' `source` sweeps from one to the other
    machine   the same names in the same order -> the file that the model made of it; empty without a model's render

The sound server holds at most 500 recordings. When more were kept, each tag gets its share (what has no tag counts as
one more), and within it those that lie farthest apart are taken, the most novel first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from somatone import paths
from somatone.library.catalogue import Catalogue, Gesture, LibraryError, find_library, libraries_dir
from somatone.library.cut import cut
from somatone.library.features import farthest, points

MAXIMUM = 500
LONGEST_S = 1200.0  # of sound altogether: 230 MB in the sound server, which a small computer still has


class Recordings(dict[str, Path]):
    """What the voices draw from, file by name, in the order of the sound server's buffers.

    The last `twins` of them are the machine's renderings of the first, in the same order; 0 where there are none.
    """

    twins: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Files by name. Where `machine` is not empty it has the names of `human`, in the same order."""

    human: Mapping[str, Path]
    machine: Mapping[str, Path] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def buffers(self) -> Recordings:
        """Both groups in one row, human first: what is put into the sound server's buffers 0, 1, 2 ..."""
        row = Recordings(self.human)
        row.update({f"{name} (machine)": path for name, path in self.machine.items()})
        row.twins = len(self.machine)
        return row


def select_kept(reference: str, progress: Callable[[float], None] = lambda share: None) -> Selection:
    """The kept gestures of a library (its name, or the folder that was scanned), cut to files.

    Raises LibraryError when there is no such library, or nothing in it was kept, or none of it can be read.
    """
    catalogue = find_library(reference)
    try:
        kept = catalogue.kept()
        if not kept:
            raise LibraryError(
                f"Nothing was kept in library {catalogue.name!r}: listen with "
                f"`somatone library listen --library {catalogue.name}` and keep what the piece may play."
            )
        twins = {g.key: twin for g in kept if (twin := twin_path(catalogue.name, g.key)).is_file()}
        if twins:
            kept = [g for g in kept if g.key in twins]
        chosen = spread(kept, MAXIMUM // 2 if twins else MAXIMUM, LONGEST_S / 2 if twins else LONGEST_S)
        return _cut_all(catalogue, chosen, twins, progress)
    finally:
        catalogue.close()


def twin_path(library: str, key: str) -> Path:
    """Where the machine's rendering of a gesture is kept: with what must last, since a small box cannot make it."""
    return libraries_dir() / f"{library}.machine" / f"{key}.wav"


def cut_path(library: str, key: str) -> Path:
    return paths.cache_dir() / "gestures" / library / f"{key}.wav"


def gesture_name(gesture: Gesture) -> str:
    """As a person finds it again: recording and time."""
    return f"{Path(gesture.path).stem} {gesture.start_s:.2f} s #{gesture.id}"


def spread(gestures: Sequence[Gesture], count: int, seconds: float = LONGEST_S) -> list[Gesture]:
    """At most `count` gestures, from dark to bright, that stand for all: tags in turn, far from each other."""
    groups: dict[str, list[Gesture]] = {}
    for gesture in {g.key: g for g in gestures}.values():
        groups.setdefault(gesture.tags[0] if gesture.tags else "", []).append(gesture)
    rows = [_by_distance(group, count) for _, group in sorted(groups.items())]
    chosen: list[Gesture] = []
    left_s = seconds
    for rank in range(max(map(len, rows), default=0)):
        for row in rows:
            if rank < len(row) and len(chosen) < count and row[rank].duration_s <= left_s:
                chosen.append(row[rank])
                left_s -= row[rank].duration_s
    return sorted(chosen, key=lambda g: (g.brightness_hz, g.key))


def _by_distance(group: list[Gesture], count: int) -> list[Gesture]:
    first = max(range(len(group)), key=lambda k: group[k].novelty)
    return [group[k] for k in farthest(points(group), count, first)]


def _cut_all(
    catalogue: Catalogue, chosen: list[Gesture], twins: Mapping[str, Path], progress: Callable[[float], None]
) -> Selection:
    human, machine, problems = {}, {}, []
    for done, gesture in enumerate(chosen):
        progress(done / len(chosen))
        name = gesture_name(gesture)
        try:
            human[name] = cut(catalogue, gesture, cut_path(catalogue.name, gesture.key))
        except LibraryError as error:
            problems.append(str(error))
            continue
        if gesture.key in twins:
            machine[name] = twins[gesture.key]
    if not human:
        raise LibraryError(f"None of the {len(chosen)} kept gestures can be read: {problems[0]}")
    return Selection(human, machine, tuple(problems))
