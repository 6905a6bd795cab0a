"""A million samples a rule under three interpreters, and numpy's twins over as many: equal to the bit, or said."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.digests import ARCHITECTURES, digests, interpreter
from bench.figures import Figure
from bench.twin import TWINS

SAMPLES = 1_000_000


def bit_exact() -> Iterator[Figure]:
    """Digests compared rule by rule; then what numpy would save."""
    found = digests(SAMPLES // 4, timeout_s=1800)
    mine = found["cpython"]
    rules = {rule for rule, _ in mine}
    for arch in ARCHITECTURES:
        what = f"rules on MicroPython {arch} against CPython, {SAMPLES:,} samples each"
        if arch not in found:
            yield Figure(what, "equal", f"not measured: no MicroPython at {interpreter(arch)}")
            continue
        different = sorted({rule for rule, kind in mine if found[arch].get((rule, kind)) != mine[rule, kind]})
        said = f"different: {', '.join(different)}" if different else f"equal, {len(rules)} rules and variants"
        yield Figure(what, "equal", said)
    for name, twin in TWINS.items():
        samples = twin.vector(SAMPLES, 1)
        begun = time.process_time()
        expected = twin.rule(samples)
        rule_s = time.process_time() - begun
        begun = time.process_time()
        same = bool((twin.numpy(samples) == expected).all())
        numpy_s = time.process_time() - begun
        said = (
            f"{'equal' if same else 'DIFFERENT'}; the rule's step {1e6 * rule_s / SAMPLES:.2f} us a sample, "
            f"the twin's part of it {1e6 * numpy_s / SAMPLES:.3f} us"
        )
        yield Figure(f"numpy twin: {name}, {SAMPLES:,} samples", "equal", said)
