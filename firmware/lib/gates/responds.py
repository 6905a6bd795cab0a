"""Does this wearer's skin respond at all? About one person in ten shows no responses (Boucsein et al. 2012).

Opens at the first response of `least_nsiemens` and closes after `patience_ms` without another: a piece can tell a calm
or unresponsive skin from a missing one, and need not wait for responses that will not come.
"""

from gates.common import CLOSED, OPENED, samples_of


class Responds:
    """Gate `eda.responds`."""

    def __init__(self, rate_hz: int = 4, *, least_nsiemens: int = 30, patience_ms: int = 150_000) -> None:
        self._least = least_nsiemens
        self._patience = samples_of(patience_ms, rate_hz)
        self.reset()

    def reset(self) -> None:
        """A new wearer, of whom nothing is known."""
        self._left = 0

    def gap(self) -> None:
        """Samples are missing: what was heard stays heard."""

    @property
    def on(self) -> bool:
        return self._left > 0

    def step(self, amplitude_nsiemens: int) -> int:
        """One sample on; the height (nS) of a response that ended with it, else 0."""
        was = self._left
        if amplitude_nsiemens >= self._least:
            self._left = self._patience
            return 0 if was else OPENED
        if was:
            self._left = was - 1
        return CLOSED if was == 1 else 0
