"""Stills and films of a recording: the stage's own drawing, frame by frame by a clock that waits for it, with sound."""
