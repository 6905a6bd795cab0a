"""`somatone flash` and `somatone boards` as a technician types them, against virtual boards."""

from __future__ import annotations

import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.virtual import RunningBoard, eventually, mpremote, somatone  # no types there
from somatone import paths
from somatone.errors import SomatoneError
from somatone.flashing import application, uf2
from somatone.flashing.check import row_of, spoken
from somatone.flashing.find import Port, look
from somatone.flashing.flash import leave_application
from somatone.sources.board_protocol import Measured
from somatone.sources.virtual_board import launch
from wire import table

needs_micropython = pytest.mark.skipif(
    list(launch.interpreters()) == ["cpython"], reason="real MicroPython is not set up (host/setup/micropython.sh)"
)


@needs_micropython
def test_a_blank_board_passes_after_one_command_and_again_after_another(tmp_path: Path) -> None:
    with RunningBoard(tmp_path, "--blank") as board:
        began_s = time.monotonic()
        done = somatone(tmp_path, "flash", "--port", board.port)
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"blank to PASS in {time.monotonic() - began_s:.1f} s")
        assert "1 of 1 boards PASS." in done.stdout and done.stdout.count("PASS") == len(table.CHECKS) + 1
        listed = somatone(tmp_path, "boards", "--port", board.port)
        serial = re.search(r"board ([0-9a-f]{16}) at", done.stdout)
        assert serial and re.search(rf"{serial[1]}\s+0\.1\.0\s+runs\s+{board.port}", listed.stdout)
        again = somatone(tmp_path, "flash", "--port", board.port)
        assert again.returncode == 0 and "application was there already" in again.stdout


@needs_micropython
def test_two_boards_at_once_and_a_chip_that_fails_is_named(tmp_path: Path) -> None:
    with RunningBoard(tmp_path, "--blank", name="one") as one, RunningBoard(tmp_path, "--blank", name="two") as two:
        two.type("nack:tmp117+600")
        done = somatone(tmp_path, "flash", "--port", one.port, "--port", two.port)
    assert done.returncode == 1 and "1 of 2 boards PASS." in done.stdout
    assert "check the TMP117 (address 0x48): it is absent" in done.stdout
    assert done.stdout.count("application copied") == 2


@needs_micropython
def test_a_board_with_another_table_is_named_and_brought_up_to_date(tmp_path: Path) -> None:
    with RunningBoard(tmp_path, "--blank") as board:
        assert somatone(tmp_path, "flash", "--port", board.port).returncode == 0
        _age(board, tmp_path)
        listed = somatone(tmp_path, "boards", "--port", board.port)
        sentence = "runs firmware 0.0.9, older than this host: update the board with `somatone flash`."
        assert sentence in listed.stdout
        run = somatone(tmp_path, "run", "--source", f"board:{board.port}", "--no-sound", "--for", "5")
        assert run.returncode == 1 and sentence in run.stderr
        done = somatone(tmp_path, "flash", "--port", board.port)
        assert done.returncode == 0, done.stdout


def _age(board: RunningBoard, folder: Path) -> None:
    """Put an older firmware on the board by hand, as sources beside main.py: what `somatone flash` must clear away."""
    old = folder / "old"
    for source in paths.firmware_dir().rglob("*.py"):
        copy = old / source.relative_to(paths.firmware_dir())
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text().replace("RELEASE = (0, 1, 0)", "RELEASE = (0, 0, 9)")
        copy.write_text(text.replace('"signal", "u8", 1, "id"', '"signal", "u8", 1, "old id"'))
    leave_application(look(Port(board.port)))
    for words in (("fs", "rm", "-r", ":somatone"), ("fs", "cp", "-r", f"{old}/.", ":"), ("reset",)):
        done = mpremote(folder, board.port, *words)
        assert done.returncode == 0, done.stderr + done.stdout
    eventually(lambda: look(Port(board.port)).state == "needs the other version", 10)


@needs_micropython
def test_a_spoilt_file_makes_the_board_say_that_it_needs_flashing(tmp_path: Path) -> None:
    with RunningBoard(tmp_path, "--blank") as board:
        assert somatone(tmp_path, "flash", "--port", board.port).returncode == 0
        leave_application(look(Port(board.port)))
        spoil = "f = open('somatone/link.mpy', 'r+b'); f.write(b'x'); f.close()"
        assert mpremote(tmp_path, board.port, "exec", spoil).returncode == 0
        assert mpremote(tmp_path, board.port, "reset").returncode == 0
        eventually(lambda: look(Port(board.port)).state == "at its REPL", 10)
        done = somatone(tmp_path, "flash", "--port", board.port)
        assert done.returncode == 0 and "application copied" in done.stdout, done.stdout + done.stderr


@needs_micropython
def test_a_board_in_its_bootloader_gets_its_base_firmware_first(tmp_path: Path) -> None:
    volume, file = _bootloader(tmp_path), _uf2(tmp_path)
    listed = somatone(tmp_path, "boards", "--uf2-volume", str(volume))
    assert "bootloader of RPI-RP2" in listed.stdout and "`somatone flash --uf2 FILE`" in listed.stdout
    port = str(tmp_path / "board.port")
    words = ("flash", "--uf2", str(file), "--uf2-volume", str(volume), "--port", port)
    with ThreadPoolExecutor(1) as pool:
        flashing = pool.submit(somatone, tmp_path, *words)
        eventually((volume / file.name).exists, 20)
        with RunningBoard(tmp_path, "--blank"):  # what the board does when the last block has come
            done = flashing.result()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Base firmware written" in done.stdout and "1 of 1 boards PASS." in done.stdout
    assert (volume / file.name).read_bytes() == file.read_bytes()


def _bootloader(folder: Path) -> Path:
    volume = folder / "RPI-RP2"
    volume.mkdir()
    (volume / uf2.INFO).write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    return volume


def _uf2(folder: Path, family: int = 0xE48BFF56) -> Path:
    file = folder / f"base-{family:08x}.uf2"
    file.write_bytes(struct.pack("<8I", *uf2.MAGIC, 0x2000, 0x10000000, 256, 0, 1, family).ljust(512, b"\0"))
    return file


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: _uf2(folder, 0xE48BFF59), "is for RP2350, but the board in its bootloader"),
        (lambda folder: _uf2(folder, 0x1234), "is for another processor (family 0x00001234)"),
        (lambda folder: Path("/etc/hostname"), "is no UF2 file"),
        (lambda folder: folder / "missing.uf2", "cannot be read"),
    ],
)
def test_wrong_base_firmware_is_refused(make: object, said: str, tmp_path: Path) -> None:
    assert callable(make)
    file = make(tmp_path)
    done = somatone(tmp_path, "flash", "--uf2", str(file), "--uf2-volume", str(_bootloader(tmp_path)))
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_no_board_is_one_sentence(tmp_path: Path) -> None:
    for command in ("flash", "boards"):
        done = somatone(tmp_path, command)
        assert done.returncode == 1 and "No board at any USB port" in done.stderr
    done = somatone(tmp_path, "flash", "--port", str(tmp_path / "ttyACM7"))
    assert done.returncode == 1 and "There is no port" in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_the_flags_are_what_the_board_asks_for() -> None:
    pico = application.Target.of(0x1306, 2**31 - 1)
    assert pico == application.Target(6, "armv6m", 31)
    assert application.Target.of(0x0B06, 2**63 - 1) == application.Target(6, "x64", 31)
    for_pico, for_pc = application.build(pico), application.build(application.Target(6, "x64", 31))
    native = [path for path in for_pico.files if for_pico.files[path] != for_pc.files[path]]
    assert native == []  # plain bytecode: one application for every board
    assert "app.mpy" in for_pico.files and "lib/wire/table.mpy" in for_pico.files and "main.mpy" not in for_pico.files
    assert for_pico.starter.startswith(b'"""Starts the application if it is whole')


def test_native_code_is_compiled_for_the_processor(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import app\n")
    (tmp_path / "app.py").write_text(
        "import micropython\n\n\n@micropython.viper\ndef f(x: int) -> int:\n    return x + 1\n"
    )
    built = {
        name: application.build(application.Target(6, name, 31), tmp_path).files["app.mpy"]
        for name in ("armv6m", "x64")
    }
    assert built["armv6m"] != built["x64"]
    with pytest.raises(SomatoneError, match=r"reads .mpy version 5"):
        application.build(application.Target(5, "armv6m", 31), tmp_path)


def test_what_was_measured_is_said_in_a_persons_units() -> None:
    assert [spoken(2250, "10 mC"), spoken(7200, "uA"), spoken(-40, "62.5 uV"), spoken(1003, "mg")] == [
        *("22.5 C", "7.2 mA", "-2.5 mV", "1.003 g")
    ]
    weak = row_of(Measured("acc", "gravity", "mg", "ok", 300, 900, 1100))
    assert (
        not weak.passed and "check the accelerometer's four wires" in weak.verdict and "900 mg to 1.1 g" in weak.verdict
    )
