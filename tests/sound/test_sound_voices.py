"""voices.toml is loaded strictly, its warps invert, and the compiled definitions agree with it."""

from __future__ import annotations

import math
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from somatone.errors import SomatoneError, SoundError
from somatone.sinks.sound.compile import compile_synthdefs
from somatone.sinks.sound.state import SYNTHDEFS
from somatone.voices import ControlSpec, find_voice, load_voices

CONTROLS = [spec for voice in load_voices().values() for spec in voice.controls.values()]
WIRES = {
    "out",
    "send",
    "in",
    "bus",
    "law",
    "first_buffer",
    "buffer_count",
    "machine",
    "buffer",
    "turn",
    "turns",
    "speed",
}
needs_sclang = pytest.mark.skipif(shutil.which("sclang") is None, reason="sclang is not installed")


@given(st.sampled_from(CONTROLS), st.floats(0, 1))
def test_map_and_unmap_are_inverse(spec: ControlSpec, position: float) -> None:
    value = spec.map(position)
    assert spec.minimum <= value <= spec.maximum
    assert spec.unmap(value) == pytest.approx(position, abs=1e-9)


@given(st.sampled_from(CONTROLS), st.floats(allow_nan=False))
def test_any_value_is_clamped(spec: ControlSpec, value: float) -> None:
    assert spec.minimum <= spec.clamp(value) <= spec.maximum
    assert 0 <= spec.unmap(value) <= 1 + 1e-12


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        CONTROLS[0].map(math.nan)


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(SomatoneError, match="did you mean 'grains'"):
        find_voice("grain")
    with pytest.raises(SomatoneError, match="did you mean 'density'"):
        find_voice("grains").control("densty")


GOOD = 'min = 0.0, max = 1.0, default = 0.5, unit = "ratio", warp = "linear", meaning = "x"'


@pytest.mark.parametrize(
    ("control", "telling"),
    [
        (GOOD.replace("default = 0.5", "default = 2.0"), "outside"),
        (GOOD.replace("max = 1.0", "max = 0.0"), "min must be below max"),
        (GOOD.replace("linear", "exponential"), "min above 0"),
        (GOOD.replace("linear", "cubic"), "cubic"),
        (GOOD + ", colour = 1", "colour"),
        (GOOD.replace('unit = "ratio", ', ""), "unit"),
        (GOOD.replace("min = 0.0", 'min = "a"'), "float"),
        (GOOD.replace("min = 0.0", "min = nan"), "finite"),
        ("min = ", "Invalid value"),
    ],
)
def test_a_wrong_table_is_an_error_that_says_where(tmp_path: Path, control: str, telling: str) -> None:
    path = tmp_path / "voices.toml"
    path.write_text(f'[v]\nkind = "note"\nstage = "source"\nmeaning = "x"\n[v.controls]\nc = {{ {control} }}\n')
    with pytest.raises(SomatoneError, match=telling) as caught:
        load_voices(path)
    assert str(path) in str(caught.value)


def parameters(path: Path) -> dict[str, float]:
    """Names and defaults out of a compiled definition (format 2 holds one definition: name, constants, parameters)."""
    data = path.read_bytes()
    assert data[:4] == b"SCgf"
    assert struct.unpack_from(">ih", data, 4) == (2, 1)
    at = 10 + 1 + data[10]
    at += 4 + 4 * int(struct.unpack_from(">i", data, at)[0])
    count = int(struct.unpack_from(">i", data, at)[0])
    values = struct.unpack_from(f">{count}f", data, at + 4)
    at += 4 + 4 * count
    named = {}
    names = int(struct.unpack_from(">i", data, at)[0])
    at += 4
    for _ in range(names):
        length = data[at]
        name = data[at + 1 : at + 1 + length].decode()
        named[name] = float(values[int(struct.unpack_from(">i", data, at + 1 + length)[0])])
        at += 1 + length + 4
    return named


@pytest.mark.parametrize("name", load_voices())
def test_compiled_definitions_have_exactly_the_controls_of_the_table(name: str) -> None:
    voice = load_voices()[name]
    compiled = parameters(SYNTHDEFS / f"{voice.synthdef}{'_2' if voice.stage == 'master' else ''}.scsyndef")
    assert {key for key in compiled if key not in WIRES} == set(voice.controls)
    for control in voice.controls.values():
        assert compiled[control.name] == pytest.approx(control.default, rel=1e-6), control.name


@needs_sclang
def test_compiled_files_are_what_the_sources_give(tmp_path: Path) -> None:
    fresh = compile_synthdefs(tmp_path)
    assert [path.name for path in fresh] == sorted(path.name for path in SYNTHDEFS.glob("*.scsyndef"))
    for path in fresh:
        assert path.read_bytes() == (SYNTHDEFS / path.name).read_bytes(), f"{path.name}: run the compile module again"


@needs_sclang
def test_a_definition_that_does_not_compile_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.scd").write_text("SynthDef(\\broken, { ")
    (tmp_path / "number.scd").write_text("42")
    with pytest.raises(SoundError, match=r"broken\.scd.*number\.scd"):
        compile_synthdefs(tmp_path / "out", tmp_path)
