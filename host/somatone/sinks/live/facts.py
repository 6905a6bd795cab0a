"""What Live has said about itself, what is to be asked next, and where the piece's names are. A plain object.

Everything is asked with ids and answered with them (AbletonOSC's getters return the ids they were asked with), so lost,
late and repeated answers do no harm: a fact is known or it is asked again. Surprises:
- Live numbers tracks and devices, and says nothing when they are reordered. So names are asked again and again, and
  what hangs below a name that changed is forgotten at once.
- The list of track names has no ids. It is asked with a range, because some versions add the main and return tracks to
  the list without one, and those cannot be reached by their place in it.
- The list of scene names had another address in earlier versions: both are asked until one answers.
- A long answer comes in chunks: the first begins with a mark, the last ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from somatone.pieces.outside import LiveLaunch, LiveTarget
from somatone.voices import unknown

MARK = "#$#"
NUM_TRACKS = "/live/song/get/num_tracks"
TRACKS = "/live/song/get/track_names"
SCENES, SCENES_BEFORE = "/live/song/get/scenes/name", "/live/song/get/scene_names"
DEVICES = "/live/track/get/devices/name"
CLIPS = "/live/track/get/clips/name"
NAMES = "/live/device/get/parameters/name"
MINIMA = "/live/device/get/parameters/min"
MAXIMA = "/live/device/get/parameters/max"
QUANTISED = "/live/device/get/parameters/is_quantized"
RANGES = (NAMES, MINIMA, MAXIMA, QUANTISED)
IDS = {NUM_TRACKS: 0, TRACKS: 0, SCENES: 0, SCENES_BEFORE: 0, DEVICES: 1, CLIPS: 1}
IDS |= {NAMES: 2, MINIMA: 2, MAXIMA: 2, QUANTISED: 2}

Message = tuple[str, tuple[Any, ...]]
Key = tuple[str, tuple[int, ...]]  # an address and the ids that it was asked with
Answer = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a parameter is now. `get` is answered with `get`'s arguments and the value."""

    set: Message
    get: Message
    minimum: float
    maximum: float
    quantised: bool = False

    def value(self, place: float) -> float:
        """The value at `place` 0..1 of the parameter's range, in Live's own unit."""
        value = self.minimum + (self.maximum - self.minimum) * place
        return float(round(value)) if self.quantised else value


class Facts:
    """`hear` answers; `questions` are open; `find` and `find_launch` give places, or a sentence: what lacks."""

    def __init__(self, targets: Iterable[LiveTarget], launches: Iterable[LiveLaunch]) -> None:
        self.version = 0  # another number when something is known that was not before
        self._targets, launches = list(targets), list(launches)
        self._tracks = {target.track for target in self._targets if target.track}
        self._tracks |= {launch.track for launch in launches if launch.track}
        self._devices = {(target.track, target.device) for target in self._targets if target.device}
        self._clip_tracks = {launch.track for launch in launches if launch.clip}
        self._scenes = any(launch.scene for launch in launches)
        self._scenes_at = ""
        self._known: dict[Key, Answer] = {}
        self._chunks: dict[str, list[Any]] = {}

    def forget(self) -> None:
        """Live went away, or came anew: nothing is known."""
        self.version += 1
        self._known.clear()
        self.drop_chunks()

    def drop_chunks(self) -> None:
        """Answers of which the end was lost are not waited for."""
        self._chunks.clear()

    def hear(self, address: str, arguments: Sequence[Any]) -> Key | None:
        """Take one answer; its key when it was a whole one that we understand."""
        if address not in IDS:
            return None
        whole = self._whole(address, list(arguments))
        if whole is None or len(whole) < IDS[address] or not all(_is_id(part) for part in whole[: IDS[address]]):
            return None
        if address in (SCENES, SCENES_BEFORE):
            self._scenes_at = address
        key = (address, tuple(int(part) for part in whole[: IDS[address]]))
        self._learn(key, tuple(whole[IDS[address] :]))
        return key

    def questions(self) -> Iterator[Message]:
        """Everything that has to be known, as far as it can be asked by now; known or not."""
        yield NUM_TRACKS, ()
        if self._tracks and (count := self._count()):
            yield TRACKS, (0, count)
        if self._scenes:
            yield from ((address, ()) for address in self._scene_addresses())
        for track in sorted(self._tracks):
            place = self._track(track)
            if place is None:
                continue
            if any(name == track for name, _ in self._devices):
                yield DEVICES, (place,)
            if track in self._clip_tracks:
                yield CLIPS, (place,)
        for track, device in sorted(self._devices):
            ids = self._device(track, device)
            if ids:
                yield from ((address, ids) for address in RANGES)

    def knows(self, question: Message) -> bool:
        address, ids = question
        if address in (SCENES, SCENES_BEFORE):
            return (self._scenes_at, ()) in self._known
        return (address, () if address == TRACKS else ids) in self._known

    @property
    def complete(self) -> bool:
        """Whether everything that can be asked has been answered."""
        return all(self.knows(question) for question in self.questions())

    def find(self, target: LiveTarget) -> Binding | str:
        """Where a target is, or the sentence that says what Live does not have."""
        if not target.track:
            return Binding(("/live/song/set/tempo", ()), ("/live/song/get/tempo", ()), 0.0, 1.0)
        track = self._track(target.track)
        if track is None:
            return _missing("track in Live", target.track, self._known.get((TRACKS, ()), ()))
        if not target.device:
            low = -1.0 if target.parameter == "panning" else 0.0
            name = target.parameter
            return Binding((f"/live/track/set/{name}", (track,)), (f"/live/track/get/{name}", (track,)), low, 1.0)
        ids = self._device(target.track, target.device)
        if ids is None:
            known = self._known.get((DEVICES, (track,)), ())
            return _missing(f"device on Live's track {target.track!r}", target.device, known)
        return self._parameter(target, ids)

    def find_launch(self, launch: LiveLaunch) -> Message | str:
        """What launches it, or the sentence that says what Live does not have."""
        if launch.transport:
            return f"/live/song/{launch.transport}_playing", ()
        if launch.scene:
            scenes = self._known.get((self._scenes_at, ()), ())
            if launch.scene in scenes:
                return "/live/scene/fire", (scenes.index(launch.scene),)
            return _missing("scene in Live", launch.scene, scenes)
        track = self._track(launch.track)
        if track is None:
            return _missing("track in Live", launch.track, self._known.get((TRACKS, ()), ()))
        clips = self._known.get((CLIPS, (track,)), ())
        if launch.clip in clips:
            return "/live/clip/fire", (track, clips.index(launch.clip))
        return _missing(f"clip on Live's track {launch.track!r}", launch.clip, clips)

    def _parameter(self, target: LiveTarget, ids: tuple[int, int]) -> Binding | str:
        names, minima, maxima, quantised = (self._known.get((address, ids), ()) for address in RANGES)
        if target.parameter not in names:
            return _missing(f"parameter of Live's device {target.device!r}", target.parameter, names)
        place = names.index(target.parameter)
        if not (minima and maxima and quantised):
            return f"Live has not said the range of {target.label!r} yet."
        where = (*ids, place)
        put, get = "/live/device/set/parameter/value", "/live/device/get/parameter/value"
        return Binding((put, where), (get, where), float(minima[place]), float(maxima[place]), bool(quantised[place]))

    def _whole(self, address: str, arguments: list[Any]) -> list[Any] | None:
        """The answer, put together when it comes in chunks; None while some are missing."""
        begun = self._chunks.pop(address, None)
        if arguments[:1] == [MARK] and (begun is None or len(arguments) > 1):
            whole = arguments[1:]
        elif begun is not None:
            whole = begun + arguments
        else:
            return arguments
        if whole[-1:] == [MARK]:
            return whole[:-1]
        self._chunks[address] = whole
        return None

    def _learn(self, key: Key, answer: Answer) -> None:
        before = self._known.get(key)
        address, ids = key
        if before == answer or (address == TRACKS and len(answer) != self._count()):
            return
        if address == NUM_TRACKS:
            self._known = {old: said for old, said in self._known.items() if old[0] in (SCENES, SCENES_BEFORE)}
        self._known[key] = answer
        self.version += 1
        if address in RANGES:
            self._keep_equal(ids)
        if before is None or address not in (TRACKS, DEVICES, NAMES):
            return
        changed = [k for k in range(max(len(before), len(answer))) if before[k : k + 1] != answer[k : k + 1]]
        below = {(*ids, k) for k in changed} if address != NAMES else {ids}
        stale = [old for old in self._known if old != key and any(old[1][: len(place)] == place for place in below)]
        for old in stale:
            del self._known[old]

    def _keep_equal(self, ids: tuple[int, ...]) -> None:
        """Names and ranges of one device belong together: where a chunk was lost, all are asked again."""
        keys = [(address, ids) for address in RANGES]
        if len({len(self._known[key]) for key in keys if key in self._known}) > 1:
            for key in keys:
                self._known.pop(key, None)

    def _count(self) -> int:
        answer = self._known.get((NUM_TRACKS, ()), (0,))
        return int(answer[0]) if answer and _is_id(answer[0]) else 0

    def _scene_addresses(self) -> tuple[str, ...]:
        return (self._scenes_at,) if self._scenes_at else (SCENES, SCENES_BEFORE)

    def _track(self, name: str) -> int | None:
        names = self._known.get((TRACKS, ()), ())[: self._count()]
        return names.index(name) if name in names else None

    def _device(self, track: str, device: str) -> tuple[int, int] | None:
        place = self._track(track)
        names = self._known.get((DEVICES, (place,)), ()) if place is not None else ()
        return (place, names.index(device)) if place is not None and device in names else None


def _missing(what: str, name: str, known: Iterable[Any]) -> str:
    return str(unknown(what, name, [other for other in known if isinstance(other, str)]))


def _is_id(part: object) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 100_000
