"""One band as the server sees it: whether it is connected, its stamps, and the lines that its packets become.

Stamps are counted as the real server counts them [A]: the first packet's arrival is t0, sample n gets t0 + n / rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from somatone.sinks.e4_service.faults import Faults
from somatone.sources.e4_stream import lines
from somatone.sources.e4_stream.counting import SHAPES

NAME = "Empatica_E4"


class Band:
    """`rates_hz` are those of the stamps; a source that is no E4 brings its own."""

    def __init__(
        self, band: str, faults: Faults, rates_hz: dict[str, float] | None = None, *, allowed: bool = True
    ) -> None:
        self.id = band.upper()
        self.allowed = allowed
        self.on_bluetooth = not faults.style("manual")
        self.in_reach = True  # switched on and near: it can be discovered
        self.rates_hz = rates_hz or {name: shape.rate_hz for name, shape in SHAPES.items()}
        self._faults = faults
        self._t0_utc: dict[str, float] = {}
        self._stamped: dict[str, int] = {}  # samples since t0, as the server counts them
        self._spoilt = faults.style("nan") or faults.style("exponent")
        self._comma = faults.style("comma")
        self._types = lines.TYPES | ({"tmp": "E4_Temp"} if faults.style("old_temp") else {})

    def retake(self) -> None:
        """The next packet of each stream sets a new t0."""
        self._t0_utc.clear()

    def skip(self, stream: str, samples: int) -> None:
        """Samples that were lost on the air and that the server counts."""
        self._stamped[stream] = self._stamped.get(stream, 0) + samples

    def packet(self, stream: str, samples: Sequence[int], now_s: float, utc_s: float) -> list[str]:
        """The lines of a packet that arrives now; `samples` in the archive's counts."""
        if stream not in self._t0_utc:
            self._t0_utc[stream], self._stamped[stream] = utc_s, 0
        width, scale = SHAPES[stream].width, 10 ** lines.DECIMALS[stream]
        first, t0_utc, rate_hz = self._stamped[stream], self._t0_utc[stream], self.rates_hz[stream]
        if self._spoilt:
            texts = [self._text(value, scale, now_s) for value in samples]
        else:
            texts = [str(value) for value in samples] if scale == 1 else [lines.printed(v / scale) for v in samples]
        kind, comma, out = self._types[stream], self._comma, []
        for k in range(0, len(samples), width):
            stamp_utc = t0_utc + (first + k // width) / rate_hz
            out.append(lines.data_line(kind, stamp_utc, texts[k : k + width], comma=comma))
        self._stamped[stream] += len(samples) // width
        return out

    def newest_utc(self, stream: str) -> float | None:
        """The stamp that comes next."""
        t0_utc = self._t0_utc.get(stream)
        return None if t0_utc is None else t0_utc + self._stamped[stream] / self.rates_hz[stream]

    def beat(self, stamp_utc: float, ibi_us: int) -> list[str]:
        """The heart rate comes before its interval, with the same stamp [B]."""
        hr = self._line("hr", stamp_utc, [lines.printed(60e6 / ibi_us)])
        return [hr, self._line("ibi", stamp_utc, [lines.printed(ibi_us / 1e6)])]

    def tag(self, utc_s: float) -> str:
        return self._line("tag", utc_s, ["1"] if self._faults.style("tag_value") else [])

    def battery(self, utc_s: float, charge: float) -> str:
        return self._line("bat", utc_s, [lines.printed(charge)])

    def _line(self, stream: str, stamp_utc: float, values: list[str]) -> str:
        return lines.data_line(self._types[stream], stamp_utc, values, comma=self._comma)

    def _text(self, value: int, scale: int, now_s: float) -> str:
        if self._faults.strikes("nan", now_s):
            return "NaN"
        if scale == 1:
            return str(value)
        if self._faults.strikes("exponent", now_s):
            return f"{value / scale:.6E}"
        return lines.printed(value / scale)
