"""The wearable: its parts, its wires, its front end in simulation, and the pictures drawn from them.

    .venv/bin/python -m hardware.draw         # every picture again (needs graphviz and ngspice)
    .venv/bin/python -m hardware.front_end    # transfer curve and fault currents as tables (needs ngspice)
"""
