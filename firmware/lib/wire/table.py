"""THE table of the wire format: every signal, every message, and a fingerprint of both.

Board and host import this one file. Encoder, decoder, log output and tests derive from it, so a change here
changes the fingerprint, and two ends that differ refuse each other before a sample is misread.

Surprises:
- Nothing exceeds 2^30 - 1, the largest integer MicroPython keeps without the heap on a 32-bit chip. Indices and
  ticks are sent modulo 2^30 (a wrap each 124 days at 100 Hz; each 17.9 minutes of microseconds, which is also
  where `time.ticks_us` wraps) and the host unwraps them. The fingerprint has 30 bits for the same reason.
- The layout of `hello` never changes: it is what an old end and a new end read of each other.
- An index counts samples that the sensor made, delivered or not, so index / rate stays the sensor's own time.
"""

import binascii

FORMAT_VERSION = 1
RELEASE = (0, 1, 0)  # of the firmware and of the host that ships with it: says which of two ends is older

MODULO = 1 << 30
MASK = MODULO - 1

# The skin-conductance front end (constant voltage, transimpedance): volts = bias * feedback / (series + 1 / G).
# hardware/parts.toml holds the parts and hardware/safety.md why they are so large: no single fault passes 10 uA.
EDA_BIAS_UV = 500_000
EDA_FEEDBACK_OHM = 1_500_000
EDA_SERIES_OHM = 370_000  # of both electrode leads together
EDA_CODE_NV = 62_500  # one ADS1115 code at +-2.048 V (TI SBAS444D, table 3)

# id, name, native format, unit of one count, rate (numerator, denominator) in Hz, sample type, samples per index
SIGNALS: tuple[tuple[int, str, str, str, tuple[int, int], str, int], ...] = (
    (0, "bvp", "max30102.ir_red", "ADC count, 18 bits; infrared then red", (100, 1), "u24", 2),
    (1, "eda", "ads1115.code", "62.5 uV, floor mean of 25 readings 10 ms apart", (4, 1), "i16", 1),
    (2, "temp", "tmp117.raw", "7.8125 mC, floor mean of what the chip finished in 250 ms", (4, 1), "i16", 1),
    (3, "acc", "lis3dh.mg", "1 mg; x, y, z", (100, 1), "i16", 3),
)
BVP, EDA, TEMP, ACC = range(4)
SIGNAL_COUNT = len(SIGNALS)
SAMPLE_BYTES = {"u24": 3, "i16": 2}

# The self-test, with the board off the body and lying still: id, signal, what is measured, unit of one count, and the
# lowest and highest count that pass. Wide enough for every healthy part, too narrow for a missing or broken one:
CHECKS: tuple[tuple[int, int, str, str, int, int], ...] = (
    (0, BVP, "infrared light", "ADC count", 100, 250_000),  # the cover reflects a few hundred; a dead LED nothing
    (1, BVP, "LED current", "uA", 1_000, 25_600),  # what the control loop settled on
    (2, EDA, "open electrodes", "62.5 uV", -240, 240),  # 20 nS; `worn` begins at 50 nS
    (3, TEMP, "temperature", "10 mC", 500, 4_500),  # rooms, and a hand that holds the board
    (4, ACC, "gravity", "mg", 900, 1_100),  # zero-g offset +-40 mg and sensitivity +-4 % (LIS3DH, table 4)
)

# A training run speaks the same format, from a process or another machine. Its metrics, in the order of their numbers
# in a frame; all are Q16 counts, and `somatone.training_metrics` defines formula, unit and range of each:
METRICS = (
    "loss_g",
    "loss_d",
    "accuracy_real",
    "accuracy_generated",
    "entropy",
    "similarity",
    "rms",
    "edge",
    "gradient_g",
    "gradient_d",
    "distance",
    "digits",
)
PICTURES = ("samples", "activations")  # what a picture shows

# A field is name, type, how many, unit. u8 and u16 saturate at their ends, u30 is modulo 2^30 (four bytes), i30 is
# signed and saturates at +-(2^30 - 1), `id8` is eight raw bytes; `text` (UTF-8), `bytes` and `samples` (of the
# message's signal) take the rest of the payload.
FIELD_BYTES = {"u8": 1, "u16": 2, "u30": 4, "i30": 4, "id8": 8, "text": 0, "bytes": 0, "samples": 0}

_PER_SIGNAL = SIGNAL_COUNT
TO_HOST, TO_BOARD = "board->host", "host->board"

# id, name, direction, fields
MESSAGES: tuple[tuple[int, str, str, tuple[tuple[str, str, int, str], ...]], ...] = (
    (
        0x01,
        "hello",  # answers `ping`, `start`, and an `ack` that comes outside a session
        TO_HOST,
        (
            ("format_version", "u8", 1, "FORMAT_VERSION"),
            ("fingerprint", "u30", 1, "fingerprint()"),
            ("session", "u30", 1, "number of the last `start` since power-up, 0 for none"),
            ("streaming", "u8", 1, "1 while that session runs, 0 when its host fell silent"),
            ("serial", "id8", 1, "the chip's unique id"),
            ("release", "u8", 3, "RELEASE of the firmware"),
            ("reset_cause", "u8", 1, "machine.reset_cause()"),
            ("chips", "u8", 1, "bit s: the chip of signal s answers"),
            ("unacknowledged", "u30", _PER_SIGNAL, "index of the first sample that no host acknowledged"),
        ),
    ),
    (
        0x02,
        "data",
        TO_HOST,
        (
            ("signal", "u8", 1, "id"),
            ("gone", "u30", 1, "samples just before `index` that the board cannot deliver any more"),
            # A changed LED current steps the pulse signal by more than a beat. The one sample made while it changes
            # is a mixture and is set aside: the index jumps, and the rules begin anew after the jump.
            ("aside", "u8", 1, "of these, samples set aside because the chip's setting was changed"),
            ("index", "u30", 1, "of the first sample"),
            # The newest sample of a FIFO read gets the time of the read, the older ones lie nominal periods before
            # it: a stamp is late by up to one period plus the polling wait, never early by more than the chip's
            # clock error over the read. Averages are stamped with their last reading.
            ("ticks", "u30", 1, "us modulo 2^30, of the first sample"),
            ("samples", "samples", 1, "the signal's own"),
        ),
    ),
    (
        0x03,
        "status",  # each second
        TO_HOST,
        (
            ("uptime", "u30", 1, "s"),
            ("next_index", "u30", _PER_SIGNAL, "of the next sample the sensor will make"),
            ("fifo_lost", "u30", _PER_SIGNAL, "samples lost in the sensor's FIFO since power-up"),
            ("ring_lost", "u30", _PER_SIGNAL, "samples overwritten in the ring before they were sent"),
            ("link_lost", "u30", _PER_SIGNAL, "samples sent, never acknowledged, then overwritten"),
            ("set_aside", "u30", _PER_SIGNAL, "samples set aside because the chip's setting was changed"),
            ("errors", "u16", _PER_SIGNAL, "failed bus transactions since power-up"),
            ("state", "u8", _PER_SIGNAL, "CHIP_OK ... of the signal's chip"),
            ("contact", "u8", 1, "1 when the pulse sensor sees skin"),
            ("led_current", "u8", 1, "0.2 mA, of the pulse sensor's LEDs"),
            ("callback_errors", "u16", 1, "exceptions in the sampling callback since power-up"),
            ("host_bad_frames", "u16", 1, "frames from the host that were refused since power-up"),
        ),
    ),
    (0x04, "log", TO_HOST, (("level", "u8", 1, "LOG_INFO ..."), ("text", "text", 1, "one sentence"))),
    (0x05, "pong", TO_HOST, (("token", "u30", 1, "of the ping"), ("ticks", "u30", 1, "us modulo 2^30"))),
    (
        0x06,
        "measured",  # answers `selftest`: one for each of CHECKS
        TO_HOST,
        (
            ("check", "u8", 1, "id in CHECKS, which knows signal, unit and limits"),
            ("state", "u8", 1, "CHIP_OK ...; otherwise there is no value, and 0 stands for it"),
            ("value", "i30", 1, "the check's own"),
        ),
    ),
    (
        0x11,
        "run",  # a training run introduces itself, before anything else; its layout never changes
        TO_HOST,
        (
            ("format_version", "u8", 1, "FORMAT_VERSION"),
            ("fingerprint", "u30", 1, "fingerprint()"),
            ("rate", "u8", 1, "Hz, frames a second, 4 to 30"),
            ("seed", "u30", 1, "of all its random numbers; 0 where nobody knows"),
            ("name", "text", 1, "preset and data, or what its owner calls it"),
        ),
    ),
    (
        0x12,
        "frame",
        TO_HOST,
        (
            ("index", "u30", 1, "of this frame; a jump is a loss"),
            ("present", "u30", 1, "bit m: metric m was computed in this frame"),
            ("numbers", "u30", 1, "bit m: it is a number; a metric that is present and none is NaN"),
            ("values", "i30", len(METRICS), "Q16, 0 where there is no number; the host clamps them to their ranges"),
        ),
    ),
    (
        0x13,
        "picture",  # as many as it takes; a picture that misses a part is dropped and counted
        TO_HOST,
        (
            ("number", "u30", 1, "of the picture, the same in all its parts"),
            ("shows", "u8", 1, "id in PICTURES"),
            ("width", "u8", 1, "pixels of one image"),
            ("height", "u8", 1, "pixels of one image"),
            ("count", "u8", 1, "images, one after another"),
            ("offset", "u30", 1, "of the first pixel of this part"),
            ("pixels", "bytes", 1, "8 bit grey, row by row"),
        ),
    ),
    (
        0x14,
        "pace",  # each second
        TO_HOST,
        (
            ("cpu", "u16", 1, "thousandths of one processor that training took since the last"),
            ("late", "u30", 1, "frames that came later than the rate asks for, since the start"),
        ),
    ),
    (0x41, "ping", TO_BOARD, (("token", "u30", 1, "any number, comes back in `pong`"),)),
    (0x42, "start", TO_BOARD, (("session", "u30", 1, "any number but 0; the board resends what is not acknowledged"),)),
    (
        0x43,
        "ack",  # each second: it also keeps the session alive
        TO_BOARD,
        (
            ("held", "u30", _PER_SIGNAL, "last index the host holds with all before it; -1 for none"),
            ("resend", "u8", 1, "bit s: send signal s again from held + 1"),
        ),
    ),
    (0x44, "identify", TO_BOARD, (("seconds", "u8", 1, "s the LED blinks fast"),)),
    (0x45, "selftest", TO_BOARD, ()),  # answered by `measured`
    (0x46, "repl", TO_BOARD, ()),  # leave the application so that files can be copied
)

CHIP_OK, CHIP_ABSENT, CHIP_WRONG, CHIP_SILENT = range(4)
CHIP_STATES = ("ok", "absent", "not the chip expected", "silent")
LOG_INFO, LOG_WARNING, LOG_ERROR = range(3)


class WireError(ValueError):
    """Bytes that are not a message of this table, or values that no message can carry."""


def fingerprint() -> int:
    """30 bits of the CRC-32 of a text that holds every id, name, direction, type, unit, rate and limit."""
    lines = [str(FORMAT_VERSION)]
    for number, name, native, unit, rate, kind, width in SIGNALS:
        lines.append("signal %d %s %s %s %d/%d %s %d" % (number, name, native, unit, rate[0], rate[1], kind, width))
    lines.append("metrics %s; pictures %s" % (" ".join(METRICS), " ".join(PICTURES)))
    for check in CHECKS:
        lines.append("check %d %d %s %s %d %d" % check)
    for number, name, direction, fields in MESSAGES:
        lines.append("message %d %s %s" % (number, name, direction))
        for field in fields:
            lines.append("field %s %s %d %s" % field)
    return binascii.crc32("\n".join(lines).encode()) & MASK
