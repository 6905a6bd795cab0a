"""Sources that are runs: a server for anybody's training, recordings played live, and what `--source` understands."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest

import wire
from somatone.errors import SomatoneError, UsageError
from somatone.options import ReplayOptions
from somatone.pieces.piece import find_piece, load_piece
from somatone.pieces.schema import Section
from somatone.recorded import open_session
from somatone.records import NativeChunk, Picture, Sourced, Status
from somatone.replay import replay_fast
from somatone.sinks.recording.layout import Facts
from somatone.sinks.recording.part import PartWriter
from somatone.sources import composition
from somatone.sources.choose import make_sources
from somatone.sources.played import PlayedSource
from somatone.sources.training_protocol import TrainingProtocol
from somatone.sources.training_server import TrainingServerSource
from somatone.training import launch, runs
from somatone.training.frames import FrameWriter, counts_of
from somatone.training.stream import Stream, jax_callback, keras_callback, torch_callback
from wire import table

ROOT = Path(__file__).resolve().parents[2]


def ramp(k: int) -> dict[str, float]:
    return {"loss_g": 1 + k / 50, "entropy": 3 - k / 100, "similarity": k / 300, "digits": float(k % 10)}


def a_recording(path: Path, frames: int = 200) -> Path:
    """A run that nobody trained, through the real encoder and decoder."""
    writer = PartWriter(path, Facts(0, run="made"))
    protocol = TrainingProtocol("run", "training")
    parts: list[bytes] = []
    encoder = FrameWriter(parts.append, 10, 1, "made")
    for k in range(frames):
        encoder.frame(ramp(k))
        encoder.picture("samples", 4, 4, bytes([k % 256]) * 32)
        for event in protocol.feed(b"".join(parts), (k + 1) / 10):
            if isinstance(event, NativeChunk | Picture):
                writer.add((k + 1) / 10, event)
        parts.clear()
    writer.finish()
    return path


class Heard:
    """Everything a source emitted, on a clock that asyncio keeps."""

    def __init__(self) -> None:
        self.items: list[Sourced] = []

    def statuses(self, name: str) -> list[Status]:
        return [item for item in self.items if isinstance(item, Status) and item.name == name]

    @property
    def chunks(self) -> list[NativeChunk]:
        return [item for item in self.items if isinstance(item, NativeChunk)]


def served(client: Callable[[int], None], until: Callable[[Heard], bool], network: str = "") -> Heard:
    """Run the server with a client in a thread, until what was heard is enough."""

    async def main() -> Heard:
        heard = Heard()
        loop = asyncio.get_running_loop()
        allowed = ip_network(network) if network else None
        server = TrainingServerSource(0, heard.items.append, loop.time, allowed)
        task = asyncio.create_task(server.run())
        await server.listening.wait()
        thread = threading.Thread(target=client, args=(server.port,))
        thread.start()
        async with asyncio.timeout(20):
            while not until(heard):  # noqa: ASYNC110 - it is a question about what came, not an event
                await asyncio.sleep(0.01)
        await asyncio.to_thread(thread.join)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return heard

    return asyncio.run(main())


def gone(heard: Heard) -> bool:
    return any(status.value == "disconnected" for status in heard.statuses("training-server"))


def test_a_plain_loop_plays_over_tcp() -> None:
    def client(port: int) -> None:
        clock = iter(range(10**6))
        with Stream(f"127.0.0.1:{port}", rate_hz=10, name="mine", now_s=lambda: next(clock) / 5) as stream:
            for k in range(50):
                stream.pictures(np.random.default_rng(k).random((6, 8, 8)))
                stream.frame(loss_g=1.0 + k, loss_d=0.5)
            assert stream.sent == 50

    heard = served(client, gone)
    loss = [chunk for chunk in heard.chunks if chunk.signal == "loss_g" and chunk.samples]
    assert len(loss) == 50 and loss[3].samples == (2 * table.MODULO // (1 << 14),)
    assert {chunk.signal for chunk in heard.chunks} == {"loss_g", "loss_d", "entropy", "similarity", "rms", "edge"}
    assert any(isinstance(item, Picture) and item.count == 6 for item in heard.items)
    assert heard.chunks[-1].format.endswith(":absent")


def test_a_stream_leaves_out_what_comes_too_fast_and_survives_a_host_that_is_away() -> None:
    stream = Stream("127.0.0.1:9", rate_hz=10)
    assert [stream.frame(loss_g=1.0) for _ in range(3)] == [False] * 3
    assert stream.left_out == 3
    with pytest.raises(UsageError, match="HOST:PORT"):
        Stream("gallery")


def test_a_torch_loop_plays_through_the_callback() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def client(port: int) -> None:
        torch.manual_seed(1)
        generator, judge = torch.nn.Linear(4, 64), torch.nn.Linear(64, 1)
        optimiser = torch.optim.Adam([*generator.parameters(), *judge.parameters()])
        clock = iter(range(10**6))
        with Stream(f"127.0.0.1:{port}", name="torch", now_s=lambda: next(clock) / 5) as stream:
            send = torch_callback(stream, generator, judge)
            for _ in range(12):
                optimiser.zero_grad()
                samples = torch.tanh(generator(torch.randn(8, 4)))
                loss = torch.nn.functional.softplus(-judge(samples)).mean()
                loss.backward()
                optimiser.step()
                send(samples=samples.reshape(8, 1, 8, 8), loss_g=loss, loss_d=loss)

    heard = served(client, gone)
    signals = {chunk.signal for chunk in heard.chunks}
    assert {"loss_g", "loss_d", "gradient_g", "gradient_d", "entropy", "similarity"} <= signals
    assert any(isinstance(item, Picture) for item in heard.items)


def test_a_keras_loop_plays_through_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax" if launch.can_train() else "torch")
    keras = pytest.importorskip("keras", reason="keras is not installed: pip install keras")
    logged: list[float] = []

    def client(port: int) -> None:
        keras.utils.set_random_seed(1)
        images = np.random.default_rng(1).random((96, 64)).astype(np.float32)
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(64)])
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        clock = iter(range(10**6))
        with Stream(f"127.0.0.1:{port}", name="keras", now_s=lambda: next(clock) / 5) as stream:
            send = keras_callback(stream, loss_g="loss", distance="mae", loss_d="not in the logs")
            keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logged.append(logs["loss"]))
            model.fit(images, images, batch_size=8, epochs=1, callbacks=[send, keep], verbose=0)
            assert (stream.sent, stream.left_out) == (12, 0)

    heard = served(client, gone)
    losses = [chunk.samples[0] for chunk in heard.chunks if chunk.signal == "loss_g" and chunk.samples]
    assert losses == [counts_of("loss_g", loss) for loss in logged] and len(set(losses)) == 12
    assert {chunk.signal for chunk in heard.chunks} == {"loss_g", "distance"}


def test_a_wrong_version_is_one_sentence_and_the_next_client_is_heard() -> None:
    def client(port: int) -> None:
        strange = wire.encode_frame(wire.pack("run", table.FORMAT_VERSION + 1, 1, 10, 1, "theirs"))
        with socket.create_connection(("127.0.0.1", port)) as first:
            first.sendall(strange)
            assert first.recv(1) == b""
        with socket.create_connection(("127.0.0.1", port)) as second:
            writer = FrameWriter(second.sendall, 10, 1, "ours")
            second.sendall(b"rubbish\0" * 3)
            writer.frame({"entropy": math.pi})

    heard = served(client, lambda heard: len(heard.statuses("training-server")) >= 3)
    assert [status.value for status in heard.statuses("run")] == ["mismatch", "ours"]
    assert heard.statuses("run.loss.rubbish")[-1].value == 3
    assert any(chunk.samples for chunk in heard.chunks)


def own_address() -> str:
    """This machine's address as others see it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # nothing is sent
        except OSError:
            pytest.skip("this machine has no address beside its loopback")
        return str(probe.getsockname()[0])


@pytest.mark.parametrize("allowed", [True, False])
def test_only_the_network_that_was_given_may_stream(allowed: bool) -> None:
    address = own_address()

    def client(port: int) -> None:
        for _ in range(2):
            with contextlib.suppress(ConnectionError), socket.create_connection((address, port)) as connection:
                FrameWriter(connection.sendall, 10, 1, "ours").frame({"entropy": 1.0})
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)

    said = "disconnected" if allowed else "refused"
    network = f"{address}/32" if allowed else "198.51.100.0/24"
    heard = served(client, lambda heard: any(s.value == said for s in heard.statuses("training-server")), network)
    refusals = [s.message for s in heard.statuses("training-server") if s.value == "refused"]
    assert any(chunk.samples for chunk in heard.chunks) is allowed
    assert len(refusals) == (0 if allowed else 1) and all(address in message for message in refusals)


def test_a_jax_callback_never_raises_into_the_loop() -> None:
    jax_callback(Stream("127.0.0.1:9"))(loss_g=np.float32(1.0))


def test_a_recording_plays_live_again_and_again(tmp_path: Path) -> None:
    path = a_recording(tmp_path / "run.mcap", 30)
    heard = Heard()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        source = PlayedSource(path, heard.items.append, lambda: loop.time() * 50, loop=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(8):
                await source.run()

    original = asyncio.sleep

    async def quick(seconds: float) -> None:
        await original(seconds / 50)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("somatone.sources.played.asyncio.sleep", quick)
        patch.setattr("somatone.sources.played.PlayedSource._say", _three_times(heard))
        with pytest.raises(_Enough):
            asyncio.run(main())
    indices = [chunk.index for chunk in heard.chunks if chunk.signal == "entropy" and chunk.samples]
    assert indices == [*range(30), *range(31, 61)]
    gone = [chunk.signal for chunk in heard.chunks if chunk.format.endswith(":absent")]
    assert sorted(gone) == sorted([*ramp(0), *ramp(0)]), "a run that begins again was gone before"


class _Enough(Exception):
    pass


def _three_times(heard: Heard) -> Callable[..., None]:
    said: list[str] = []

    def say(self: PlayedSource, value: str, message: str) -> None:
        said.append(value)
        if len(said) == 3:
            raise _Enough

    return say


NO_JAX = """
import sys
class Never:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("jax", "jaxlib", "optax", "sklearn"):
            raise ImportError("forbidden: " + name)
sys.meta_path.insert(0, Never())
from somatone.__main__ import entry
sys.argv[1:] = {words!r}
sys.exit(entry())
"""


def test_a_recorded_run_replays_the_same_at_any_speed_without_jax(tmp_path: Path) -> None:
    path = a_recording(tmp_path / "run.mcap", 50)
    logs = []
    for speed in ("1", "max"):
        log = tmp_path / f"{speed}.jsonl"
        words = ["replay", str(path), "--no-sound", "--speed", speed, "--log", str(log)]
        code = NO_JAX.format(words=words)
        environment = {"PYTHONPATH": f"{ROOT / 'host'}:{ROOT / 'firmware/lib'}", "SOMATONE_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        logs.append(log.read_bytes())
    assert logs[0] == logs[1] and b'"kind":"picture"' in logs[0] and b'"entropy.level"' in logs[0]


def test_a_session_knows_its_run(tmp_path: Path) -> None:
    session = open_session(a_recording(tmp_path / "run.mcap"))
    report = replay_fast(session, ReplayOptions(find_piece("correlations"), tmp_path), lambda share: None)
    assert report.lines > 200


def test_without_jax_recorded_runs_play_or_one_sentence_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    monkeypatch.setenv("SOMATONE_HOME", str(tmp_path))
    monkeypatch.setattr(runs, "shipped_dir", lambda: tmp_path / "none")
    for spec in ("training", "training:learns"):
        with pytest.raises(SomatoneError, match=r"neither trains .* nor has a recorded run of 'learns'"):
            make_sources(spec, 1, lambda item: None, lambda: 0.0)
    runs.made_dir().mkdir(parents=True)
    for name in ("learns", "collapses", "noise", "oscillates", "underfits"):
        a_recording(runs.made_dir() / f"{name}.mcap", 12)
    assert isinstance(make_sources("training:learns", 1, lambda item: None, lambda: 0.0)[0], PlayedSource)
    body, run = make_sources("simulated,training", 1, lambda item: None, lambda: 0.0)
    assert isinstance(run, composition.CompositionSource) and type(body) is not type(run)


@pytest.mark.parametrize(
    "spec",
    ["training:lerns", "training:learns:x", "training-server:0", "training-server:1:2.3", "training-server:1:::/x"],
)
def test_a_wrong_source_is_one_sentence(spec: str) -> None:
    with pytest.raises(UsageError):
        make_sources(spec, 1, lambda item: None, lambda: 0.0)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('run = "colapses"', "did you mean 'collapses'"),
        ('run = "learns"\nseconds = 1', "5 to 86400"),
        ('run = "learns"\nsecond = 9', "did you mean 'seconds'"),
    ],
)
def test_a_wrong_section_is_one_sentence(tmp_path: Path, section: str, said: str) -> None:
    text = (find_piece("correlations").folder / "piece.toml").read_text()
    (tmp_path / "piece.toml").write_text(f"{text}\n[[sections]]\n{section}\n")
    with pytest.raises(SomatoneError) as caught:
        load_piece(tmp_path / "piece.toml")
    assert said in str(caught.value)


def test_a_composition_of_recorded_runs_moves_on_and_its_samples_are_numbered_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "can_train", lambda: False)
    monkeypatch.setattr(composition, "run_path", lambda run: a_recording(tmp_path / f"{run}.mcap", 20))
    heard = Heard()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        sections = (Section("learns", 0.5), Section("noise", 0.5))
        source = composition.CompositionSource(sections, 1, heard.items.append, loop.time)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.8):
                await source.run()

    asyncio.run(main())
    assert [status.value for status in heard.statuses("section")][:3] == ["learns", "noise", "learns"]
    indices = [chunk.index for chunk in heard.chunks if chunk.signal == "entropy" and chunk.samples]
    assert indices == sorted(set(indices))
