"""The gate rules: one rule a file, the same file on the board and on the host.

Every rule is an object that is fed one integer sample at a time. `step(...)` answers with a bit mask of edges
(`common.OPENED`, `common.CLOSED`, ...), the details of an edge stand in attributes until the next edge.
`reset()` forgets the wearer, `gap()` forgets only continuity. Arithmetic: integers, floor semantics, inputs
clamped, no intermediate above 2**30 - 1 (MicroPython's small integers on 32-bit boards).

Nothing is imported here, so that a board loads only the rules that it uses.
"""
