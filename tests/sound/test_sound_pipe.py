"""The pipe between scsynth and the files of a wide render: everything comes through, and nobody waits for nobody."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from somatone.sinks.sound.pipe import BLOCK_FRAMES, blocks
from somatone.sinks.sound.stems import split


def named(folder: Path) -> Path:
    pipe = folder / "wide.raw"
    os.mkfifo(pipe)
    return pipe


@pytest.mark.parametrize("frames", [0, 1, BLOCK_FRAMES - 1, BLOCK_FRAMES, 3 * BLOCK_FRAMES + 17])
def test_what_is_written_arrives_whole_and_in_order(tmp_path: Path, frames: int) -> None:
    pipe, said = named(tmp_path), np.random.default_rng(frames).random((frames, 5), np.float32)
    writer = threading.Thread(target=lambda: pipe.write_bytes(said.tobytes() + b"\1\2\3"))
    writer.start()
    heard = np.concatenate([block.copy() for block in blocks(pipe, 5, lambda: True)])
    writer.join()
    assert np.array_equal(heard, said)


def test_a_writer_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    assert list(blocks(named(tmp_path), 2, lambda: False)) == []


def test_each_voice_gets_its_own_channels(tmp_path: Path) -> None:
    said = np.random.default_rng(1).uniform(-2, 2, (1000, 6)).astype(np.float32)
    mix, stems = tmp_path / "mix.wav", [tmp_path / "a.wav", tmp_path / "b.wav"]
    split([said[:300], said[300:]], 1000, 48_000, 2, mix, stems)
    for index, stem in enumerate(stems, 1):
        assert np.array_equal(soundfile.read(stem, dtype="float32")[0], said[:, 2 * index : 2 * index + 2])
    apart = soundfile.read(mix)[0] - np.clip(said[:, :2], -1, 1)
    assert np.abs(apart).max() <= 2**-23
