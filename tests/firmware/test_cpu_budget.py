"""How much of an RP2040 the firmware takes: an estimate, printed, on which two decisions rest (never asserted).

One measured number ties this machine to the board: a CRC-16 bit by bit over 96 bytes takes 3.195 ms in bytecode there.
The rest is bytecode too, so it is taken to be slower by the same factor; flash wait states come on top. The decisions:
framing stays plain Python (a viper twin would save a few percent of an idle core and be one more thing to trust), and
the LED may run the real pulse rule.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from somatone import paths
from somatone.sources.virtual_board import launch

YARDSTICK_US = 3_195
PER_S = {"frame": 84, "tick": 100, "heartbeat": 100, "lamp": 200}
BUS_MS_PER_S = 100 * 0.12 + 50 * (0.18 + 0.38) + 25 * (0.11 + 0.65) + 20 * 0.13  # bytes * 9 bits at 400 kHz
INTERPRETER = next(iter(launch.interpreters()))


@pytest.mark.skipif(INTERPRETER == "cpython", reason="needs MicroPython")
def test_the_share_of_an_rp2040() -> None:
    fakes = Path(__file__).resolve().parents[1] / "fakes" / "board_only"
    firmware = paths.firmware_dir()
    environment = {**os.environ, "MICROPYPATH": f"{fakes}:{firmware}:{firmware / 'lib'}:.frozen"}
    program = [str(launch.interpreters()[INTERPRETER]), str(fakes / "budget.py")]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60, check=True)
    ns = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines() if len(line.split()) == 2}
    factor = YARDSTICK_US * 1000 / ns["yardstick"]
    total = BUS_MS_PER_S / 1000
    print(f"\nRP2040 / this machine: {factor:.0f}; bus {BUS_MS_PER_S / 10:.1f} %")
    for name, often in PER_S.items():
        ms = ns[name] * factor / 1e6
        total += ms * often / 1000
        print(f"{name:10} {ms:6.2f} ms, {often} a second: {ms * often / 10:5.1f} %")
    seal, stuffed = (ns[name] * factor / 1e6 for name in ("seal", "stuffed"))
    print(f"together {total:.0%}; of a frame, sealing takes {seal:.2f} ms; byte by byte COBS alone {stuffed:.2f} ms")
    assert set(PER_S) < set(ns)
