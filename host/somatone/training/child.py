"""The process that trains: `python -m somatone.training.child --preset NAME`, frames of the wire on standard output.

It says what it is, compiles its first frame, writes `ready` as a log line, and waits for a byte on standard input; so
the next run of a piece can be got ready while another plays. It ends with its parent: when it is killed, when its
output is closed, and when its input is.

Surprise: the environment must be set before jax is imported, so this file sets it and imports late.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from somatone.training.frames import FrameWriter
from somatone.training.pace import Pace
from somatone.training.presets import PRESETS, RATE_HZ, Preset
from wire import table

if TYPE_CHECKING:
    from somatone.training.data import Digits

NICENESS = 15
SHARE = 0.35  # of one processor
PICTURE_EVERY_S = 0.5
SHOWN = 16  # of the batch's images travel
READY = "ready"
NOT_A_NUMBER = 3  # exit status
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def main() -> int:
    """Train until the parent goes, or `--frames` are through. 3: a metric is no number any more."""
    options = _options()
    os.nice(options.nice)
    os.environ.update(ONE_THREAD)
    if options.cache:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(options.cache)
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"
    from somatone.errors import SomatoneError  # noqa: PLC0415
    from somatone.training.data import load_digits  # noqa: PLC0415

    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else prints must not get between the frames
    try:
        digits = load_digits(options.data)
    except SomatoneError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return _train(options, PRESETS[options.preset], digits, output)
    except (BrokenPipeError, KeyboardInterrupt):
        return 0


def _train(options: argparse.Namespace, preset: Preset, digits: Digits, output: int) -> int:
    from somatone.training.gan import Gan  # noqa: PLC0415 - takes seconds and needs jax
    from somatone.training.sample_metrics import sample_metrics  # noqa: PLC0415

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(output, data) :]

    gan, reference = Gan(preset, options.seed, digits.images), digits.reference()
    gan.compile()
    writer = FrameWriter(write, options.rate, options.seed, f"{preset.name} on {digits.name}")
    writer.log(table.LOG_INFO, READY)
    if not options.at_once and not os.read(sys.stdin.fileno(), 1):
        return 0
    pace = Pace(options.rate, options.share) if options.share else None
    told_s = time.monotonic()
    every = max(1, round(options.rate * PICTURE_EVERY_S))
    while not options.frames or writer.frames < options.frames:
        number = writer.frames
        seen = gan.frame(number, preset.phase(number / options.rate))
        good = writer.frame(seen.numbers | sample_metrics(seen.images, reference))
        if not good:
            return NOT_A_NUMBER
        if number % every == 0:
            write_pictures(writer, seen.images[:SHOWN], seen.activations)
        if pace:
            if time.monotonic() - told_s >= 1:
                told_s = time.monotonic()
                writer.pace(pace.taken(), pace.late)
            pace.wait()
    return 0


def write_pictures(writer: FrameWriter, images: object, activations: object) -> None:
    """What the generator makes, and how its hidden units answered: one row an image."""
    import numpy as np  # noqa: PLC0415

    for shows, picture in (("samples", np.asarray(images)), ("activations", np.asarray(activations)[None])):
        grey = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
        writer.picture(shows, grey.shape[2], grey.shape[1], grey.tobytes())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="somatone.training.child")
    parser.add_argument("--preset", choices=sorted(PRESETS), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=int, default=RATE_HZ)
    parser.add_argument("--share", type=float, default=SHARE, help="of one processor; 0: as fast as it goes")
    parser.add_argument("--nice", type=int, default=NICENESS)
    parser.add_argument("--frames", type=int, default=0, help="0: until stopped")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--at-once", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
