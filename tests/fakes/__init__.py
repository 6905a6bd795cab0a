"""Stand-ins for what only a board has, for tests under CPython and for MicroPython scripts."""
