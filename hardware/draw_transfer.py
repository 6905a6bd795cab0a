"""The simulated transfer curve, and how far the host's conversion is from it. Needs ngspice."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from hardware.front_end import Circuit, codes
from somatone.timeline.units import conductance_nanosiemens

POINTS = 81  # twenty a decade, 0.01 to 100 uS
QUANTUM_NS = 0.5  # the path counts whole nS: this much is rounding


def draw(folder: Path) -> None:
    """transfer.svg and transfer.png."""
    conductances_us = [10 ** (-2 + 4 * step / (POINTS - 1)) for step in range(POINTS)]
    found = codes(Circuit(), [1e6 / us for us in conductances_us])
    errors = [
        100 * (conductance_nanosiemens(code) / (us * 1000) - 1) for us, code in zip(conductances_us, found, strict=True)
    ]
    figure, (curve, error) = plt.subplots(2, 1, figsize=(8.4, 6.4), sharex=True, height_ratios=(3, 2))
    curve.semilogx(conductances_us, found, color="#1f5fd6", linewidth=2)
    curve.set_ylabel("ADS1115 code (62.5 µV)")
    curve.set_title("Front end in ngspice, and the host's conversion of its codes")
    rounding = [100 * QUANTUM_NS / (us * 1000) for us in conductances_us]
    error.fill_between(
        conductances_us, rounding, [-share for share in rounding], color="#dddddd", label="rounding to 1 nS"
    )
    error.plot(conductances_us, errors, color="#d62728", linewidth=1.6, label="conversion error")
    error.plot((0.05, 40, 40, 0.05, 0.05), (1, 1, -1, -1, 1), color="#222222", linestyle="--", label="promised")
    error.set_ylim(-2, 2)
    error.set_ylabel("error, %")
    error.set_xlabel("skin conductance, µS")
    error.legend(loc="lower right", fontsize=9)
    for axes in (curve, error):
        axes.grid(True, which="both", alpha=0.25)
    figure.tight_layout()
    mpl.rcParams["svg.hashsalt"] = "somatone"
    figure.savefig(folder / "transfer.svg", metadata={"Date": None})
    figure.savefig(folder / "transfer.png", dpi=110)
    plt.close(figure)
