"""A board without hardware: the firmware's own files under a real MicroPython, over simulated chips and a pty.

    owner.py (host)  starts  rom.py (child): a flash image, a REPL, resets and faults, for `somatone virtual-board`
    launch.py (host)  starts  boot.py (child)  which puts stand_ins/ in the place of the board's modules and runs
    firmware/main.py unmodified; chip_*.py answer on its I2C bus with what body_feed.py says the body does.

All but launch.py, owner.py, cable.py and faults.py is MicroPython subset. What it does not imitate: the time that
the board's own bytecode takes, callbacks
between two bytecodes (timers run while the firmware sleeps or idles), and USB (a pty blocks where USB drops).
"""
