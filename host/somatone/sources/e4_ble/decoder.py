"""One band's notifications to native chunks: a plain object, for the live source and for captures alike. No I/O.

Nothing in a packet says when it was taken (e4.md 2.5): samples are counted from a stream's first arrival, as the
vendor's server does, and `e4_stream.counting` keeps the count honest against the arrivals. What the packets' own
counters say comes first, as long as they behave. Acceleration, skin conductance and temperature travel as the band
sent them; the pulse's differences as leaky totals, from which the differences follow exactly (`codec.Integrator`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from somatone.records import NativeChunk, Status
from somatone.sources.e4_ble import codec
from somatone.sources.e4_ble.counters import PacketCounter
from somatone.sources.e4_ble.scales import Scales
from somatone.sources.e4_stream.counting import BVP_HZ, StreamCount, StreamShape

LOSS_SAY_S = 10.0
LOW_PERCENT = 15

# What is known of each stream: signal, rate in Hz, width of a sample. EDA and TEMP are exactly 4 Hz in the vendor's
# stamps and archives [B]; whether their clock is the pulse's is not known, a drift is followed by the arrivals.
STREAMS = {
    codec.BVP: ("bvp", BVP_HZ, 2),
    codec.ACC: ("acc", BVP_HZ / 2, 3),
    codec.EDA: ("eda", 4.0, 1),
    codec.TEMP: ("temp", 4.0, 1),
}
ACC_FORMAT = "e4.acc_64th_g"

Emit = Callable[[NativeChunk | Status], None]


@dataclass(slots=True)
class _Stream:
    count: StreamCount
    stamp_us: float  # of the next sample, counted
    counter: PacketCounter = field(default_factory=PacketCounter)
    integrator: codec.Integrator = field(default_factory=codec.Integrator)
    last: tuple[int, ...] = ()
    told_lost: int = 0
    told_s: float = float("-inf")
    told_counter: bool = False


class BandDecoder:
    """Give every notification to `feed`, in order; call `outage` when the band was away."""

    def __init__(self, wearer: str, band: str, scales: Scales, emit: Emit) -> None:
        self.wearer = wearer
        self.band = band
        self.source = f"e4-ble:{band}"  # names the band: each has its own clock
        self.packets = 0
        self.malformed = 0
        self.delivered = {signal: 0 for signal, _, _ in STREAMS.values()}
        self.battery_percent: int | None = None
        self._emit = emit
        self._formats = {
            codec.BVP: scales.ppg.native_format,
            codec.ACC: ACC_FORMAT,
            codec.EDA: scales.eda.native_format,
            codec.TEMP: scales.temp.native_format,
        }
        self._streams: dict[str, _Stream] = {}
        self._origin_us: int | None = None
        self._debounce = codec.Debounce()

    @property
    def lost(self) -> dict[str, int]:
        """Samples lost so far, of each signal that ever came."""
        return {stream.count.shape.signal: stream.count.lost for stream in self._streams.values()}

    def outage(self) -> None:
        """The next packet of each stream is placed by its arrival."""
        for stream in self._streams.values():
            stream.count.outage()
            stream.counter.outage()
            stream.integrator = codec.Integrator()
            stream.last = ()

    def feed(self, char: str, data: bytes, arrival_s: float) -> None:
        """One notification. Bytes that are none of the known layouts are counted, said once, and left."""
        try:
            heard = codec.decode(char, data)
        except codec.CodecError as error:
            self.malformed += 1
            if self.malformed == 1:
                message = f"The E4 {self.band} sent what nobody knows ({error}); such packets are left out."
                self._say("e4.malformed", char, message, arrival_s)
            return
        self.packets += 1
        match heard:
            case codec.Packet():
                self._packet(heard, arrival_s)
            case codec.Battery():
                self._battery(heard, arrival_s)
            case codec.Button():
                if heard.pressed and self._debounce.press(arrival_s):
                    self._say("tag", 1, "the wearer pressed the button", arrival_s)

    def _packet(self, packet: codec.Packet, arrival_s: float) -> None:
        stream = self._stream(packet, arrival_s)
        count, shape = stream.count, stream.count.shape
        missing = self._missing(stream, packet)
        if missing < 0:
            count.repeated += shape.lines
            return
        stream.stamp_us += missing * shape.lines * 1e6 / shape.rate_hz
        steps = count.steps
        index, ticks_us = self._place(stream, len(packet.samples) // shape.width, arrival_s)
        if missing and count.steps != steps:
            stream.counter.contradicted()
        self._tell(stream, arrival_s)
        samples = stream.integrator.feed(packet.samples) if packet.char == codec.BVP else packet.samples
        self.delivered[shape.signal] += len(samples) // shape.width
        self._emit(
            NativeChunk(
                self.wearer,
                shape.signal,
                self.source,
                shape.format,
                index,
                samples,
                arrival_s,
                shape.width,
                ticks_us,
            )
        )

    def _stream(self, packet: codec.Packet, arrival_s: float) -> _Stream:
        stream = self._streams.get(packet.char)
        if stream is None:
            signal, rate_hz, width = STREAMS[packet.char]
            stamp_us = round(arrival_s * 1e6)
            if self._origin_us is None:
                self._origin_us = stamp_us
            lines = len(packet.samples) // width
            shape = StreamShape(packet.char, signal, self._formats[packet.char], rate_hz, lines, width)
            stream = self._streams[packet.char] = _Stream(StreamCount(shape, self._origin_us), stamp_us)
        return stream

    @staticmethod
    def _missing(stream: _Stream, packet: codec.Packet) -> int:
        """Packets lost before this one, by its counter; -1 for the last one once more."""
        lost = stream.counter.step(packet.readings)
        again = packet.samples == stream.last
        stream.last = packet.samples
        if lost is None or (lost < 0 and not again):  # a 6-bit counter also stands still when 63 packets are gone
            return 0
        return lost

    @staticmethod
    def _place(stream: _Stream, samples: int, arrival_s: float) -> tuple[int, int]:
        """Count the packet's samples; index and ticks of its first."""
        period_us = 1e6 / stream.count.shape.rate_hz
        first: tuple[int, int] | None = None
        for _ in range(samples):
            placed = stream.count.place(round(stream.stamp_us), (), arrival_s)
            stream.stamp_us += period_us
            assert placed is not None  # our own stamps never repeat
            first = first or (placed.index, placed.ticks_us)
        assert first is not None
        return first

    def _tell(self, stream: _Stream, now_s: float) -> None:
        """A counter that is given up, once; what was lost, at most every ten seconds."""
        signal, lost = stream.count.shape.signal, stream.count.lost
        if stream.counter.given_up and not stream.told_counter:
            stream.told_counter = True
            message = (
                f"The packet counter of {signal} of the E4 {self.band} does not behave and is ignored; "
                "losses are told by the times of arrival."
            )
            self._say("e4.counter", signal, message, now_s)
        if lost == stream.told_lost or now_s - stream.told_s < LOSS_SAY_S:
            return
        more, stream.told_lost, stream.told_s = lost - stream.told_lost, lost, now_s
        words = "were lost" if more > 0 else "had only been late, not lost"
        self._say(f"e4.loss.{signal}", lost, f"{abs(more)} samples of {signal} of the E4 {self.band} {words}.", now_s)

    def _battery(self, battery: codec.Battery, now_s: float) -> None:
        low_before = self.battery_percent is not None and self.battery_percent < LOW_PERCENT
        self.battery_percent = battery.percent
        if battery.percent is not None and battery.percent < LOW_PERCENT and not low_before:
            message = f"The battery of the E4 {self.band} is at {battery.percent} %."
            self._say("e4.battery", battery.percent / 100, message, now_s)

    def _say(self, name: str, value: str | int | float, message: str, now_s: float) -> None:
        self._emit(Status(name, value, now_s, message, wearer=self.wearer, source=self.source))
