"""When a streamed sample was taken and which were lost: one stream of one band, counted. No I/O, no clock.

The server counts its stamps, it does not measure them [A]: sample n is t0 + n / rate, t0 the arrival of the stream's
first packet. So stamps are regular to the microsecond, lie one packet late [D], drift from the host by up to 1300 ppm,
and after lost packets go on as if nothing had been lost, or jump: nobody documents which [D]. Therefore two witnesses:

- the stamps: a jump of whole samples is a loss, at once and exactly;
- the arrivals: `_base_s` is how much later than its stamp the last sample of a packet comes at the earliest. It follows
  the drift. When it rises by whole packets and stays there for `STEADY` packets, that many were lost unsaid; a stalled
  network shows a hump instead, because what it held back comes after it. After an outage the first packet's arrival
  counts at once; if that very packet was held back, the sum of the lost is put right when packets come less late.

A loss becomes a jump of the index, so the timeline sees it; a loss that is taken back leaves the index where it is.
Stamps that step where nothing was lost (the clock of the server's machine was set) are followed; `ticks_us` goes on
without a step.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import msgspec

STEADY = 8  # packets; 1.4 s of BVP, 16 s of TEMP
ORIGIN_US = 2_000_000  # the longest packet, so that no stream's first sample lies before zero
GRID = 0.002  # samples; stamps that go on from the same t0 fit whole samples, printed to 10 us
DRIFT = 0.002  # of an outage; what arrivals cannot tell, with a margin over 1300 ppm
BVP_HZ = 63.997037  # the vendor's constant [B]


@dataclass(frozen=True, slots=True)
class StreamShape:
    """What the streaming server calls it, what the path calls it, and how it comes [B]."""

    stream: str
    signal: str
    format: str
    rate_hz: float
    lines: int  # samples in one packet
    width: int = 1

    @property
    def packet_s(self) -> float:
        return self.lines / self.rate_hz


SHAPES = {
    "acc": StreamShape("acc", "acc", "e4.acc_64th_g", BVP_HZ / 2, 6, 3),
    "bvp": StreamShape("bvp", "bvp", "e4.bvp_hundredths", BVP_HZ, 11),
    "gsr": StreamShape("gsr", "eda", "e4.eda_picosiemens", 4.0, 6),
    "tmp": StreamShape("tmp", "temp", "e4.temp_centicelsius", 4.0, 8),
}


class Placed(msgspec.Struct, frozen=True):
    """Where a sample belongs: its index, the device time in microseconds, and how many before it were lost."""

    index: int
    ticks_us: int
    lost: int


class StreamCount:
    """Give every sample's stamp and arrival to `place`; call `outage` when the band or the connection was away."""

    def __init__(self, shape: StreamShape, origin_us: int) -> None:
        self.shape = shape
        self.next_index = 0
        self.lost = 0
        self.repeated = 0
        self.steps = 0
        self._period_us = 1e6 / shape.rate_hz
        self._last_line_s = (shape.lines - 1) / shape.rate_hz  # from a packet's first sample to its last
        self._shift_us = ORIGIN_US - origin_us - round(shape.packet_s * 1e6)
        self._stamp_us = 0  # of the newest sample
        self._arrival_s = 0.0
        self._base_s: float | None = None
        self._anchor = False
        self._guess = (0, 0.0)  # samples said to be lost by the arrival of one packet, and the base it gave
        self._taken_back = 0
        self._lows: deque[float] = deque(maxlen=STEADY)
        self._low_s = float("inf")
        self._in_group = 0
        self._recent: deque[tuple[int, tuple[int, ...] | None]] = deque(maxlen=4 * shape.lines)

    def outage(self) -> None:
        """The band or the connection was away: the next sample is placed by its arrival."""
        self._anchor = True

    def place(self, stamp_us: int, values: tuple[int, ...] | None, arrival_s: float) -> Placed | None:
        """Where the sample belongs; None for one that came before. `values` None takes its place and is lost."""
        late_s = arrival_s - stamp_us / 1e6
        missing = 0
        if self._base_s is None:
            self._base_s = late_s - self._last_line_s
        elif self._anchor:
            missing = self._anchored(stamp_us, arrival_s)
        else:
            apart = round((stamp_us - self._stamp_us) / self._period_us)
            if apart != 1:
                if apart < 1 and (stamp_us, values) in self._recent:
                    self.repeated += 1
                    return None
                missing = self._jumped(apart - 1, stamp_us, arrival_s)
            elif self._lows and not self._in_group:
                missing = self._unsaid()
        self._anchor = False
        self.next_index += missing
        self.lost += missing + (values is None)
        placed = Placed(self.next_index, stamp_us + self._shift_us, missing + (values is None))
        self.next_index += 1
        self._stamp_us, self._arrival_s = stamp_us, arrival_s
        self._recent.append((stamp_us, values))
        # Of as many samples in a row as a packet holds, exactly one ended a packet: the least late.
        self._low_s = late_s if late_s < self._low_s else self._low_s
        self._in_group += 1
        if self._in_group >= self.shape.lines:
            self._lows.append(self._low_s)
            self._low_s, self._in_group = float("inf"), 0
        return placed

    def _unsaid(self) -> int:
        """Packets that were lost without a word, in samples; asked at the first sample after each group."""
        assert self._base_s is not None
        half_s = self.shape.packet_s / 2
        least_s = min(self._lows)
        if self._guess[0]:
            self._take_back(least_s)
        if least_s < self._base_s + half_s:
            self._base_s = least_s if len(self._lows) == STEADY else min(self._base_s, least_s)
            return 0
        if len(self._lows) < STEADY or max(self._lows) - least_s > half_s:
            return 0  # not steady: a stall, not a loss
        packets = round((least_s - self._base_s) / self.shape.packet_s)
        self._base_s = least_s
        self._shift_us += round(packets * self.shape.packet_s * 1e6)
        return packets * self.shape.lines

    def _jumped(self, missing: int, stamp_us: int, arrival_s: float) -> int:
        """The stamps jump: a loss, unless they lie in the future or the past, where no sample can be."""
        assert self._base_s is not None
        late_s = arrival_s - stamp_us / 1e6
        if missing > 0 and late_s > self._base_s - self.shape.packet_s / 2:
            return missing
        self.steps += 1
        if arrival_s - self._arrival_s > 2 * self.shape.packet_s:  # it was away, and nobody said so
            return self._anchored(stamp_us, arrival_s)
        self._follow(stamp_us, 0)
        return 0

    def _anchored(self, stamp_us: int, arrival_s: float) -> int:
        """How many samples the arrival says are missing: those that fill the broken packet, and whole packets."""
        assert self._base_s is not None
        shape = self.shape
        expected_us = self._stamp_us + self._period_us
        first_of_packet_s = arrival_s - self._base_s - self._last_line_s
        by_arrival = (first_of_packet_s - expected_us / 1e6) * shape.rate_hz
        by_stamp = (stamp_us - expected_us) / self._period_us
        begun = self.next_index % shape.lines
        kept = round(by_stamp)
        exact = abs(by_stamp - kept) < GRID and kept >= 0 and (kept + begun) % shape.lines == 0
        if exact and abs(kept - by_arrival) < max(shape.lines / 2, DRIFT * by_arrival):
            missing = kept  # t0 was kept and what was lost was counted: the stamps know best
        else:
            missing = max(shape.lines * round((by_arrival + begun) / shape.lines) - begun, -begun % shape.lines)
        self._follow(stamp_us, missing)
        self._base_s = arrival_s - stamp_us / 1e6 - self._last_line_s
        self._guess, self._taken_back = (0 if missing == kept and exact else missing, self._base_s), 0
        return missing

    def _take_back(self, least_s: float) -> None:
        """The packet that a loss was judged by was itself held back: that much less was lost."""
        shape, (guess, base_s) = self.shape, self._guess
        packets = min(round((base_s - least_s) / shape.packet_s), guess // shape.lines)
        more = packets - self._taken_back
        if more > 0:
            self.lost -= more * shape.lines
            self._shift_us -= round(more * shape.packet_s * 1e6)
            self._taken_back = packets
        if len(self._lows) == STEADY:
            self._guess = (0, 0.0)

    def _follow(self, stamp_us: int, missing: int) -> None:
        """Take `stamp_us` for the stamp after `missing` samples: ticks go on as counted, the stamps as they are."""
        assert self._base_s is not None
        step_us = stamp_us - (self._stamp_us + round((missing + 1) * self._period_us))
        self._shift_us -= step_us
        self._base_s -= step_us / 1e6
        self._lows.clear()
        self._recent.clear()
        self._low_s, self._in_group = float("inf"), 0
