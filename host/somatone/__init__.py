"""somatone: a body, and a machine that learns, turned into sound."""

__version__ = "0.1.0"
