"""The machine that learns: a GAN on handwritten digits, in a process of its own, as one more wearer of the piece."""
