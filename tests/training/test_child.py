"""The training process itself: equal seeds give equal frames, it is restarted, and it never outlives its parent."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from somatone.records import NativeChunk, Picture, Sourced, Status
from somatone.sources.training import TrainingSource
from somatone.sources.training_protocol import RunEvent, TrainingProtocol
from somatone.training.launch import Order
from somatone.training.presets import PRESETS
from somatone.training.states import STATES
from somatone.training_metrics import METRICS

ROOT = Path(__file__).resolve().parents[2]
START_S = 150.0  # a loaded machine compiles for long


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join((str(ROOT / "host"), str(ROOT / "firmware" / "lib")))
    return {**os.environ, "PYTHONPATH": path, "SOMATONE_HOME": str(home)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def frames_of(order: Order, home: Path) -> list[RunEvent]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOMATONE_HOME", str(home))
        command = order.command()
    done = subprocess.run(command, env=environment(home), capture_output=True, check=True, timeout=START_S)
    return TrainingProtocol("run", "training").feed(done.stdout, 0.0)


@pytest.mark.usefixtures("trains")
def test_equal_seeds_give_equal_frames(home: Path) -> None:
    order = Order("noise", 5, share=0.0, frames=12, at_once=True, nice=0)
    first, again = frames_of(order, home), frames_of(order, home)
    assert first == again
    chunks = [event for event in first if isinstance(event, NativeChunk)]
    assert len(chunks) == 12 * len(METRICS)
    assert len({chunk.samples for chunk in chunks if chunk.signal == "loss_d"}) == 12
    samples = [event for event in first if isinstance(event, Picture) and event.name == "samples"]
    activations = [event for event in first if isinstance(event, Picture) and event.name == "activations"]
    assert (samples[0].width, samples[0].count, activations[0].width) == (16, 16, 64)


@pytest.mark.usefixtures("trains")
def test_a_killed_child_is_absent_and_begins_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMATONE_HOME", str(home))
    items: list[Sourced] = []
    killed: list[int] = []
    sources: list[TrainingSource] = []

    def emit(item: Sourced) -> None:
        items.append(item)
        if isinstance(item, Status) and item.name == "run" and not killed:
            killed.append(child())

    def child() -> int:
        process = sources[0]._next._process
        assert process
        os.kill(process.pid, signal.SIGKILL)
        return process.pid

    async def main() -> None:
        loop = asyncio.get_running_loop()
        source = TrainingSource(Order("noise", 5, rate_hz=30, share=0.9, nice=0), emit, loop.time)
        sources.append(source)
        task = asyncio.create_task(source.run())
        async with asyncio.timeout(START_S):
            while sum(isinstance(i, NativeChunk) and bool(i.samples) for i in items) < len(METRICS):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    said = [item.message for item in items if isinstance(item, Status) and item.name == "training"]
    assert len(said) == 1 and "started again" in said[0]
    assert sum(isinstance(item, Status) and item.name == "run" for item in items) == 2


@pytest.mark.usefixtures("trains")
def test_it_dies_with_its_parent(home: Path) -> None:
    code = (
        "import asyncio\nfrom somatone.training.launch import Order, start\n"
        "async def main():\n    p = await start(Order('noise', nice=0))\n    print(p.pid, flush=True)\n"
        "    await asyncio.sleep(600)\nasyncio.run(main())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment(home), stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    watch = os.pidfd_open(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert select.select([watch], [], [], 20)[0], "the training process outlived its parent"
    os.close(watch)


def test_each_preset_has_a_state_and_phases_in_order() -> None:
    assert STATES.keys() == PRESETS.keys()
    for preset in PRESETS.values():
        starts_s = [phase.from_s for phase in preset.phases]
        assert starts_s == sorted(starts_s) and starts_s[0] == 0
        assert preset.phase(0) is preset.phases[0] and preset.phase(1e4) in preset.phases


@pytest.mark.usefixtures("trains")
def test_a_generator_that_diverges_is_said_and_ends_the_process(tmp_path: Path) -> None:
    """Learning rates that nobody can survive: a metric is no number, and exit status 3 says so."""
    code = (
        "import sys\nfrom somatone.training import child, presets\n"
        "wild = presets.Phase(0, 1e38, 1e38, 2)\n"
        "child.PRESETS['noise'] = presets.Preset('noise', '', (wild,))\n"
        "sys.argv[1:] = ['--preset', 'noise', '--share', '0', '--frames', '40', '--at-once', '--nice', '0']\n"
        "sys.exit(child.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, check=False, timeout=START_S
    )
    events = TrainingProtocol("run", "training").feed(done.stdout, 0.0)
    assert done.returncode == 3, done.stderr
    assert any(type(event).__name__ == "NotANumber" for event in events)
    assert np.all([len(event.samples) <= 1 for event in events if isinstance(event, NativeChunk)])
