"""A response of the skin at a known moment is heard: real firmware, real pty, real daemon, real scsynth."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.ears import can_listen
from live.body_to_sound import startle_and_listen


@pytest.mark.skipif(not shutil.which("scsynth"), reason="scsynth is not installed")
@pytest.mark.skipif(not can_listen(), reason="gcc is not installed, which makes the listener on the audio clock")
def test_a_startle_is_heard(tmp_path: Path) -> None:
    heard = startle_and_listen(tmp_path)
    assert heard.gate_s is not None and heard.sound_s is not None
    print(
        f"\nonset -> gate {heard.gate_s - heard.onset_s:.3f} s, gate -> sound {heard.sound_s - heard.gate_s:.3f} s, "
        f"firmware under {heard.interpreter}"
    )
    # The piece promises the texture changes within a second of the gate; the rule needs the rise to know it.
    assert 0.0 < heard.gate_s - heard.onset_s < 2.5
    # Both are on one clock; the gate's time is that of the read, before the note is sent.
    assert -0.05 < heard.sound_s - heard.gate_s < 1.0
