"""The runs as material: how each preset trains, and by which gates its named state is recognised.

Failures are real: nothing is painted over. A run collapses because its generator suddenly learns far faster than its
discriminator, stays noise because the discriminator is so good that nothing flows back, underfits because the
generator is too small, oscillates because the two learn fast in turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RATE_HZ = 10  # frames a second
BATCH = 64
SIDE = 16  # pixels: the 8 x 8 digits of scikit-learn, enlarged; MNIST, reduced
RUN_S = 90.0


@dataclass(frozen=True, slots=True)
class Phase:
    """From `from_s` on: learning rates of generator and discriminator (0: it does not learn), and steps in a frame."""

    from_s: float
    rate_g: float
    rate_d: float
    steps: int = 8


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to train. `period_s` above 0 begins the phases again and again; after `run_s` it is in its state."""

    name: str
    about: str
    phases: tuple[Phase, ...]
    generator: Literal["conv", "mlp", "tiny"] = "mlp"
    optimiser: Literal["adam", "sgd"] = "adam"  # of the generator
    loss: Literal["non-saturating", "minimax"] = "non-saturating"
    smooth: float = 0.9  # what a real sample should be called
    period_s: float = 0.0
    run_s: float = RUN_S

    def phase(self, at_s: float) -> Phase:
        """The phase at `at_s` seconds of the run."""
        if self.period_s:
            at_s %= self.period_s
        return next(phase for phase in reversed(self.phases) if phase.from_s <= at_s + 1e-9)


# At 1e-3, the customary rate, noise is over after three seconds. This begins faster than it goes on (nothing moves at
# first), walks slowly through what lies between noise and digits, and hastens when there are strokes to sharpen.
LEARNING = (
    Phase(0, 1e-4, 4e-4, 4),
    Phase(8, 2e-5, 6e-5, 4),
    Phase(90, 1e-4, 2e-4, 8),
    Phase(105, 3e-4, 4e-4, 8),
)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("learns", "noise becomes digits", LEARNING, run_s=150.0),
        Preset("collapses", "digits begin, then all become one", (Phase(0, 1e-3, 1e-3), Phase(35, 2e-2, 1e-4))),
        Preset("underfits", "blurs that never become digits", (Phase(0, 1e-3, 1e-4, 4),), generator="tiny"),
        Preset(
            "noise", "random output for ever", (Phase(0, 1e-3, 2e-3, 6),), optimiser="sgd", loss="minimax", smooth=1.0
        ),
        Preset(
            "oscillates",
            "the two learn in turns",
            (Phase(0, 2e-3, 1e-4, 6), Phase(8, 1e-4, 2e-3, 6)),
            generator="conv",
            period_s=16.0,
        ),
    )
}
