"""The stages that a piece may name, and which one it gets when it names none."""

from __future__ import annotations

from somatone.errors import SomatoneError
from somatone.pieces.schema import File
from somatone.voices import unknown

DEFAULT_STAGE = "correlations"
STAGES = (DEFAULT_STAGE, "twos_and_sevens")  # each a folder of the page's stages/


def check_stage(file: File) -> None:
    """Raise `SomatoneError` for a stage that there is not."""
    if file.stage and file.stage not in STAGES:
        raise SomatoneError(f"stage: {unknown('stage', file.stage, STAGES)}")


def stage_of(file: File) -> str:
    """The stage that is named, else the one of the piece's own name, else the first."""
    return file.stage or (file.name if file.name in STAGES else DEFAULT_STAGE)
