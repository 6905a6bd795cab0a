"""Which streams of body and machine move together, and how surprising that is, beside what chance does."""
