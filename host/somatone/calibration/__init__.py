"""Calibration of a board's skin-conductance front end against known resistors.

`fit` is the arithmetic, `steady` waits for a reading that can be believed, `store` keeps a record per board, `guide`
leads a person through it at a port.
"""
