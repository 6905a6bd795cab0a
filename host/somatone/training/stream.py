"""Any training run, anywhere, plays the instrument:

    from somatone.training.stream import Stream

    with Stream("gallery:28100", rate_hz=10) as stream:
        for batch in data:
            loss_g, loss_d = train(batch)
            stream.frame(loss_g=loss_g, loss_d=loss_d)
            stream.pictures(samples)

and on the gallery's machine `somatone run --source training-server:28100:192.168.1.0/24`, with the network from which
runs may come; without one they come from that machine alone. Call `frame` after every step: what comes
faster than `rate_hz` is left out, so the training is never held up. A host that is away costs nothing but silence:
the stream tries again now and then. `entropy`, `similarity`, `rms` and `edge` of pictures are computed from them.

Surprise: a slower step than `1 / rate_hz` gives fewer frames; say the rate at which your steps come, 4 at least.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from somatone.errors import UsageError
from somatone.training.frames import LARGEST_COUNT, LARGEST_SIDE, FrameWriter

RETRY_S = 2.0
SEND_S = 0.5  # a host that takes nothing for so long is taken for gone: training goes on
MOST_IMAGES = 64


class Stream:
    """A connection to `address`, "host:port", that comes back by itself; `sent` and `left_out` count frames."""

    def __init__(
        self,
        address: str,
        *,
        name: str = "a run",
        rate_hz: int = 10,
        seed: int = 0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise UsageError(f"{address!r} is no HOST:PORT to stream to.")
        FrameWriter(lambda data: None, rate_hz, seed, name)  # a wrong rate is said now, not when the host is there
        self.sent = self.left_out = 0
        self._where = (host, int(port))
        self._begin = (rate_hz, seed, name)
        self._period_s = 1 / rate_hz
        self._now_s = now_s
        self._due_s = self._retry_s = self._picture_s = float("-inf")
        self._socket: socket.socket | None = None
        self._writer: FrameWriter | None = None
        self._of_pictures: dict[str, float] = {}

    def frame(self, **metrics: float) -> bool:
        """Send metrics, named and in the units of `somatone.training_metrics`; False where they were left out."""
        now_s = self._now_s()
        if now_s < self._due_s or not self._connected(now_s):
            self.left_out += 1
            return False
        self._due_s = max(self._due_s + self._period_s, now_s)
        values = self._of_pictures | {name: float(value) for name, value in metrics.items()}
        sent = self._try(lambda writer: writer.frame(values))
        self.sent += sent
        return sent

    def pictures(self, images: Any, low: float = 0.0, high: float = 1.0) -> bool:
        """Send images, (count, height, width) or (count, height, width, 1) or (count, 1, height, width), low..high."""
        import numpy as np  # noqa: PLC0415 - frames alone need no numpy

        from somatone.training.sample_metrics import sample_metrics  # noqa: PLC0415

        array = np.asarray(images, dtype=np.float32)
        if array.ndim == 4:
            array = array[..., 0] if array.shape[-1] == 1 else array[:, 0]
        if array.ndim != 3 or not len(array) > 1 or max(array.shape[1:]) > LARGEST_SIDE:
            raise UsageError("pictures are at least two grey images of at most 255 pixels a side.")
        array = np.clip((array[:LARGEST_COUNT] - low) / (high - low), 0, 1)
        self._of_pictures = sample_metrics(array)
        now_s = self._now_s()
        if now_s < self._picture_s or not self._connected(now_s):
            return False
        self._picture_s = now_s + 4 * self._period_s
        grey = np.nan_to_num(array[:MOST_IMAGES] * 255 + 0.5).astype(np.uint8)
        return self._try(lambda writer: writer.picture("samples", grey.shape[2], grey.shape[1], grey.tobytes()))

    def close(self) -> None:
        """The run is over: its wearer leaves."""
        if self._socket:
            self._socket.close()
        self._socket = self._writer = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _connected(self, now_s: float) -> bool:
        if self._writer:
            return True
        if now_s < self._retry_s:
            return False
        try:
            self._socket = socket.create_connection(self._where, timeout=SEND_S)
            self._writer = FrameWriter(self._socket.sendall, *self._begin)
        except OSError:
            self.close()
            self._retry_s = now_s + RETRY_S
            return False
        return True

    def _try(self, send: Callable[[FrameWriter], object]) -> bool:
        assert self._writer
        try:
            send(self._writer)
        except OSError:
            self.close()
            self._retry_s = self._now_s() + RETRY_S
            return False
        return True


def gradient_norm(parameters: Any) -> float:
    """The Euclidean norm of the gradients of PyTorch parameters (`module.parameters()`), after `backward`."""
    squares = [float((p.grad.detach() ** 2).sum()) for p in parameters if p.grad is not None]
    return float(sum(squares) ** 0.5)


def torch_callback(stream: Stream, generator: Any, discriminator: Any) -> Callable[..., None]:
    """For a PyTorch loop: call it after both `backward`s as `send(loss_g=..., loss_d=..., samples=tensor)`."""

    def send(samples: Any = None, low: float = -1.0, high: float = 1.0, **metrics: Any) -> None:
        if samples is not None:
            stream.pictures(samples.detach().cpu().numpy(), low, high)
        norms = {
            "gradient_g": gradient_norm(generator.parameters()),
            "gradient_d": gradient_norm(discriminator.parameters()),
        }
        stream.frame(**norms, **{name: _plain(value) for name, value in metrics.items()})

    return send


def _plain(value: Any) -> float:
    """A tensor, or a number."""
    return float(value.detach() if hasattr(value, "detach") else value)


def keras_callback(stream: Stream, **names: str) -> Any:
    """For Keras' `fit`: sends, after each batch, the logs that `names` gives a metric's name (`loss_g="g_loss"`)."""
    import keras  # noqa: PLC0415 - whoever calls this has it

    base: Any = keras.callbacks.Callback

    class Send(base):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            stream.frame(**{metric: float(logs[log]) for metric, log in names.items() if log in (logs or {})})

    return Send()


def jax_callback(stream: Stream) -> Callable[..., None]:
    """For a JAX loop, inside jit too, as `jax.debug.callback(send, loss_g=..., loss_d=...)`; never raises into it."""

    def send(**metrics: Any) -> None:
        with contextlib.suppress(OSError):
            stream.frame(**{name: float(value) for name, value in metrics.items()})

    return send
