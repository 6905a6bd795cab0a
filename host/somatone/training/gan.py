"""One generative adversarial network in training (Goodfellow et al. 2014): the steps of one frame in one compiled call.

Everything that a step needs comes from jax and optax. Random numbers come from the seed and the frame's number alone,
so a run is the same whoever runs it, however fast.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from somatone.training.networks import LATENT, discriminator, generator
from somatone.training.presets import BATCH, SIDE, Phase, Preset

Floats = NDArray[np.float32]
WALK_FRAMES = 600  # in which the latents that are shown come back to where they were
SHOWN, UNITS = 16, 64  # activations that are looked at: so many images, so many hidden units
BETA = 0.5  # first moment of Adam: the customary one for such networks (Radford et al. 2016)


class Run(NamedTuple):
    """All that changes: parameters and optimiser states of generator and discriminator."""

    params_g: Any
    params_d: Any
    state_g: Any
    state_d: Any


class Seen(NamedTuple):
    """One frame: the numbers of its last step, in the units of `training_metrics` before any logarithm.

    `images` (BATCH, SIDE, SIDE) is what the generator makes now, 0 black to 1 white; `activations` (SHOWN, UNITS) how
    hidden units of the generator answer for the first of them, 0..1.
    """

    numbers: dict[str, float]
    images: Floats
    activations: Floats


class Gan:
    """A run of one preset from one seed on `images`, (count, SIDE, SIDE), 0..1."""

    def __init__(self, preset: Preset, seed: int, images: Floats) -> None:
        self._preset = preset
        self._key = jax.random.key(seed)
        self._data = jnp.asarray(images, jnp.float32)[..., None] * 2 - 1
        (init_g, self._hidden), (init_head, self._head) = generator(preset.generator)
        init_d, self._apply_d = discriminator()
        key_g, key_head, key_d, key_show = jax.random.split(jax.random.fold_in(self._key, 1 << 30), 4)
        shape, params_hidden = init_g(key_g, (-1, LATENT))
        params_g = (params_hidden, init_head(key_head, shape)[1])
        params_d = init_d(key_d, (-1, SIDE, SIDE, 1))[1]
        make = {"adam": partial(optax.adam, b1=BETA), "sgd": optax.sgd}
        self._optimise_g = optax.inject_hyperparams(make[preset.optimiser])(learning_rate=1e-3)
        self._optimise_d = optax.inject_hyperparams(make["adam"])(learning_rate=1e-3)
        self._run = Run(params_g, params_d, self._optimise_g.init(params_g), self._optimise_d.init(params_d))
        self._show = jax.random.normal(key_show, (2, BATCH, LATENT))
        self._train: Any = jax.jit(
            self._step, donate_argnums=0
        )  # a loop inside it would make convolutions four times slower
        self._images: Any = jax.jit(self._shown)

    def frame(self, number: int, phase: Phase) -> Seen:
        """Train for one frame; `number` counts from 0."""
        key = jax.random.fold_in(self._key, number)
        numbers: dict[str, Any] = {}
        for step in range(phase.steps):
            self._run, numbers = self._train(self._run, key, step, phase.rate_g, phase.rate_d)
        images, activations = self._images(self._run.params_g, 2 * math.pi * number / WALK_FRAMES)
        return Seen({k: float(v) for k, v in numbers.items()}, np.asarray(images), np.asarray(activations))

    def compile(self) -> None:
        """Make the first frame's code without training: it takes seconds, once."""
        key = jax.random.fold_in(self._key, 0)
        self._train = self._train.lower(self._run, key, 0, 0.0, 0.0).compile()
        self._images = self._images.lower(self._run.params_g, 0.0).compile()

    def _apply_g(self, params_g: Any, noise: Any) -> Any:
        return self._head(params_g[1], self._hidden(params_g[0], noise))

    def _shown(self, params_g: Any, angle: Any) -> Any:
        """Images of latents that walk on a great circle: each stays as likely as any, and none jumps."""
        walking = jnp.cos(angle) * self._show[0] + jnp.sin(angle) * self._show[1]
        hidden = self._hidden(params_g[0], walking)
        return (self._head(params_g[1], hidden)[..., 0] + 1) / 2, (jnp.tanh(hidden[:SHOWN, :UNITS]) + 1) / 2

    def _step(self, run: Run, key: Any, step: Any, rate_g: Any, rate_d: Any) -> tuple[Run, dict[str, Any]]:
        run = run._replace(state_g=_at_rate(run.state_g, rate_g), state_d=_at_rate(run.state_d, rate_d))
        key = jax.random.fold_in(key, step)
        key_real, key_noise = jax.random.split(key)
        real = self._data[jax.random.randint(key_real, (BATCH,), 0, len(self._data))]
        noise = jax.random.normal(key_noise, (BATCH, LATENT))
        (loss_d, (right_real, right_made)), slope_d = jax.value_and_grad(self._loss_d, has_aux=True)(
            run.params_d, run.params_g, real, noise
        )
        loss_g, slope_g = jax.value_and_grad(self._loss_g)(run.params_g, run.params_d, noise)
        change_g, state_g = self._optimise_g.update(slope_g, run.state_g, run.params_g)
        change_d, state_d = self._optimise_d.update(slope_d, run.state_d, run.params_d)
        numbers = {
            "loss_g": jnp.abs(loss_g),  # the minimax loss is negative
            "loss_d": loss_d,
            "accuracy_real": right_real,
            "accuracy_generated": right_made,
            "gradient_g": optax.tree.norm(slope_g),
            "gradient_d": optax.tree.norm(slope_d),
        }
        params_g, params_d = optax.apply_updates(run.params_g, change_g), optax.apply_updates(run.params_d, change_d)
        return Run(params_g, params_d, state_g, state_d), numbers

    def _loss_d(self, params_d: Any, params_g: Any, real: Any, noise: Any) -> Any:
        says_real = self._apply_d(params_d, real)
        says_made = self._apply_d(params_d, self._apply_g(params_g, noise))
        target = jnp.full_like(says_real, self._preset.smooth)
        of_real = optax.sigmoid_binary_cross_entropy(says_real, target).mean()
        of_made = optax.sigmoid_binary_cross_entropy(says_made, jnp.zeros_like(says_made)).mean()
        return (of_real + of_made) / 2, ((says_real > 0).mean(), (says_made <= 0).mean())

    def _loss_g(self, params_g: Any, params_d: Any, noise: Any) -> Any:
        says = self._apply_d(params_d, self._apply_g(params_g, noise))
        if self._preset.loss == "minimax":
            return -optax.sigmoid_binary_cross_entropy(says, jnp.zeros_like(says)).mean()
        return optax.sigmoid_binary_cross_entropy(says, jnp.ones_like(says)).mean()


def _at_rate(state: Any, rate: Any) -> Any:
    """The optimiser's state (optax.inject_hyperparams) with another learning rate."""
    return state._replace(hyperparams=state.hyperparams | {"learning_rate": jnp.asarray(rate, jnp.float32)})
