"""Where sound stands: the virtual loudspeakers every voice plays to, the real ones of a room, and the gains between."""
