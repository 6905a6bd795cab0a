"""A run as a composition: sections of a piece one after the other, for ever, with nobody near.

Where jax is installed each section trains anew, and the next is made ready while this one plays; else the recorded run
of the preset plays. Each time round every seed is one higher, so no evening is another's.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence

from somatone.pieces.schema import Section
from somatone.records import Sourced, Status
from somatone.sources.played import Follow, PlayedSource
from somatone.sources.training import SOURCE, WEARER, RunSpeaker, TrainingSource
from somatone.training.launch import Order, can_train
from somatone.training.runs import run_path

READY_S = 20.0  # before its section a run starts to compile: on a small machine it takes so long
WITHOUT_SECTIONS = tuple(Section(name, 90.0) for name in ("learns", "collapses", "noise", "oscillates", "underfits"))


class CompositionSource:
    """Raises `SomatoneError` at once where a section can neither train nor be played."""

    def __init__(
        self, sections: Sequence[Section], seed: int, emit: Callable[[Sourced], None], now_s: Callable[[], float]
    ) -> None:
        self._sections = tuple(sections) or WITHOUT_SECTIONS
        self._seed = seed
        self._emit = emit
        self._now_s = now_s
        self._trains = can_train()
        self._follow = Follow()
        self._speaker = RunSpeaker(emit, now_s)
        for section in self._sections:
            if not self._trains:
                run_path(section.run)
            else:
                Order(section.run).check()

    async def run(self) -> None:
        """Until cancelled."""
        coming = self._source(self._sections[0], 0)
        for number in itertools.count():
            section, current = self._sections[number % len(self._sections)], coming
            following = number + 1
            coming = self._source(self._sections[following % len(self._sections)], following // len(self._sections))
            self._say(section, number)
            try:
                async with asyncio.timeout(section.seconds), asyncio.TaskGroup() as tasks:
                    tasks.create_task(current.run())
                    tasks.create_task(_prepare(coming, section.seconds - READY_S))
            except TimeoutError:
                continue

    def _source(self, section: Section, turn: int) -> TrainingSource | PlayedSource:
        if not self._trains:
            return PlayedSource(run_path(section.run), self._emit, self._now_s, loop=True, follow=self._follow)
        seed = (self._seed if section.seed is None else section.seed) + turn
        return TrainingSource(Order(section.run, seed), self._emit, self._now_s, self._speaker)

    def _say(self, section: Section, number: int) -> None:
        place = f"{number % len(self._sections) + 1} of {len(self._sections)}"
        message = f"Section {place}: {section.run}, {section.seconds:g} s{'' if self._trains else ', recorded'}."
        self._emit(Status("section", section.run, self._now_s(), message, wearer=WEARER, source=SOURCE))


async def _prepare(source: TrainingSource | PlayedSource, after_s: float) -> None:
    if isinstance(source, TrainingSource):
        await asyncio.sleep(max(0.0, after_s))
        await source.prepare()
