"""Generators and discriminator, from the layers that come with jax (`jax.example_libraries.stax`).

Images are (count, side, side, 1), -1 black to 1 white, as a generator's tanh gives them.
"""

from __future__ import annotations

from typing import Any

from jax.example_libraries import stax as _stax
from jax.nn import leaky_relu
from jax.nn.initializers import variance_scaling

from somatone.training.presets import SIDE

stax: Any = _stax  # it has no types

LATENT = 64
CHANNELS = 12  # of the convolutional generator
TINY = 12  # hidden units of the generator that is too small
LEAKY = stax.elementwise(leaky_relu, negative_slope=0.2)

Network = tuple[Any, Any]  # stax: init(key, shape) -> (shape, parameters), apply(parameters, x) -> y


def reshape(*shape: int) -> Network:
    """A layer without parameters: the same numbers in another shape."""
    return (lambda _, given: ((given[0], *shape), ())), (lambda _, x, **__: x.reshape(len(x), *shape))


def generator(kind: str) -> tuple[Network, Network]:
    """Noise (count, LATENT) to hidden units, and those to images.

    The last layer starts wide, so that an untrained generator makes noise.
    """
    wide = variance_scaling(4.0, "fan_in", "normal")
    if kind == "conv":
        half = SIDE // 2
        units = half * half * CHANNELS
        last = stax.ConvTranspose(1, (4, 4), strides=(2, 2), padding="SAME", W_init=wide)
        return stax.serial(stax.Dense(units), stax.Relu), stax.serial(reshape(half, half, CHANNELS), last, stax.Tanh)
    hidden = (stax.Dense(TINY), stax.Tanh) if kind == "tiny" else (stax.Dense(128), stax.Tanh) * 2
    return stax.serial(*hidden), stax.serial(stax.Dense(SIDE * SIDE, W_init=wide), stax.Tanh, reshape(SIDE, SIDE, 1))


def discriminator() -> Network:
    """Images to one logit each, above 0 for what it calls real."""
    made: Network = stax.serial(stax.Flatten, stax.Dense(128), LEAKY, stax.Dense(64), LEAKY, stax.Dense(1))
    return made
