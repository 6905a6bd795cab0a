"""Sound by SuperCollider, live (`sink`) and offline (`score`), from one declared state (`state`).

Nothing is imported here: `sink` starts supriya only when it runs, and `score` needs no supriya at all.
"""
