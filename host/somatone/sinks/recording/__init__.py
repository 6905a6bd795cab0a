"""The recorder: what went into the path, and when, in MCAP files that survive a power cut."""
