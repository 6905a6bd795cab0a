"""The wearable: its parts, its wires, its front end in simulation, and the pictures drawn from them.

`python -m hardware.draw` draws every picture again (needs graphviz and ngspice); `python -m hardware.front_end` prints
the transfer curve and the fault currents (needs ngspice).
"""
