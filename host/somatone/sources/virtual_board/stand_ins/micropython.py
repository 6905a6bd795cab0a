"""Stands in for `micropython` under CPython only; real MicroPython always takes its own."""


def const(value):  # type: ignore[no-untyped-def]
    return value


def kbd_intr(_character: int) -> None:
    pass
