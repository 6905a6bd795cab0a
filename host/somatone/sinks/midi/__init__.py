"""MIDI out: controllers from levels, notes from gates."""
