"""Stands in for the board's `time`: ticks and sleeps on the world's clock. Ticks wrap at 2^30, as on the RP2040."""

import world

_MODULO = 1 << 30


def ticks_us() -> int:
    return world.current.clock.now_us() & (_MODULO - 1)


def ticks_ms() -> int:
    return world.current.clock.now_us() // 1000 & (_MODULO - 1)


def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & (_MODULO - 1)


def ticks_diff(end: int, start: int) -> int:
    return (end - start + (_MODULO >> 1)) % _MODULO - (_MODULO >> 1)


def sleep_us(us: int) -> None:
    clock = world.current.clock
    clock.wait_until(clock.now_us() + us)


def sleep_ms(ms: int) -> None:
    sleep_us(ms * 1000)


def sleep(s: int) -> None:
    sleep_us(s * 1_000_000)
