"""The bound of every rule: the largest magnitude that any operation can give, proven; the limit is 2**30 - 1."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bench.figures import Figure
from bench.range_claims import AUDITS
from bench.range_proof import proven_bound


def range_audit() -> Iterator[Figure]:
    """One row a rule, or a rule's part."""
    for name, audit in AUDITS.items():
        bound, ways = proven_bound(audit)
        size = f"2**{math.log2(bound):.2f}" if bound else "none: it only compares"
        yield Figure(f"{name}: largest intermediate", "< 2**30", f"{size}, {ways} ways through a step")
