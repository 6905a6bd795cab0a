"""The audio library that grains are cut from."""

from somatone.library.synthesise import ensure_library

__all__ = ["ensure_library"]
