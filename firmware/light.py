"""How bright the pulse sensor's LEDs shine: a slow loop in integers, against clipping and against too little light.

Looks once a second at the brightest counts of that second, and moves rarely and far rather than often and little:
each move steps the signal, costs two samples (set aside, see max30102.py) and lets the host's pulse rule begin anew,
so there must be few. From anywhere it takes one to three moves to where 120 000 of 262 143 counts are, and between
50 000 and 235 000 it stays. Off the skin the current goes back to nominal, where it is known what air looks like.

Why not compensate the step: ambient light and the cover's reflection do not scale with the current, so some hundred
counts of step would remain, as much as a weak pulse. A jump of the index is honest, and every rule knows it.
"""

from micropython import const

from drivers.max30102 import LED_NOMINAL

LED_MIN = const(0x05)  # 1 mA
LED_MAX = const(0x80)  # 25.6 mA, half of the chip's range (p. 20)
_TARGET = const(120_000)
_CLIPS = const(235_000)
_DIM = const(50_000)
_PATIENCE = const(3)  # s: a finger that moves is no reason
_SETTLE = const(2)  # s after a move


class Light:
    """`second` moves `pulse.want_led`; the sampling callback sets it."""

    def __init__(self, pulse) -> None:  # type: ignore[no-untyped-def]
        self._pulse = pulse
        self._wrong = 0
        self._settle = 0

    def second(self) -> bool:
        """Once a second; True when the current is changed."""
        pulse = self._pulse
        infrared, red = pulse.brightest_ir, pulse.brightest_red
        pulse.brightest_ir = pulse.brightest_red = 0
        if self._settle:
            self._settle -= 1
            return False
        clips = max(infrared, red) > _CLIPS
        dim = bool(pulse.contact) and infrared < _DIM
        away = not pulse.contact and not clips and pulse.led != LED_NOMINAL
        self._wrong = self._wrong + 1 if dim or away else 0
        if not clips and self._wrong < _PATIENCE:
            return False
        self._wrong = 0
        wanted = LED_NOMINAL if away else better(pulse.led, infrared, red)
        if wanted == pulse.led:
            return False
        pulse.want_led = wanted
        self._settle = _SETTLE
        return True


def better(led: int, infrared: int, red: int) -> int:
    """The current at which infrared would be at its target and red would not clip; at most 2^7 * 235 000 < 2^25."""
    wanted = led * _TARGET // max(infrared, 1)
    if max(infrared, red) > _CLIPS:
        wanted = led * _TARGET // max(infrared, red)
    elif red * wanted > _CLIPS * led:
        wanted = led * _CLIPS // red
    return min(max(wanted, LED_MIN), LED_MAX)
