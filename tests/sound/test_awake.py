"""The processors are held awake while there is sound, and let go with it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from somatone.sinks.sound import awake as module
from somatone.sinks.sound.awake import awake, longest_wake_us


@pytest.mark.parametrize(("driver", "us"), [("haltpoll\n", 0), ("none", 0), ("", 0), ("intel_idle\n", 10)])
def test_a_virtual_machine_polls_and_a_real_one_sleeps_lightly(driver: str, us: int) -> None:
    assert longest_wake_us(driver) == us


def test_the_wish_is_32_bits_and_the_file_open_as_long_as_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish, driver = tmp_path / "wish", tmp_path / "driver"
    wish.touch()
    driver.write_text("intel_idle\n")
    monkeypatch.setattr(module, "WISH", wish)
    monkeypatch.setattr(module, "DRIVER", driver)

    def is_open() -> bool:
        return str(wish) in {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}

    with awake():
        assert struct.unpack("=i", wish.read_bytes()) == (10,)
        assert is_open()
    assert not is_open()


def test_without_the_permission_it_sounds_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WISH", tmp_path / "nothing here")
    with awake():
        pass
    assert not module.may_hold()
