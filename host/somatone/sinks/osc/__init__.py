"""Open Sound Control out, to anybody who listens, and in, from those who are listed."""
