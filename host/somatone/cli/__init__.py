"""The command line: one file for each kind of person who types. Importing a file adds its commands, in this order."""

from somatone.cli import play, artist, instrument, network, research, technician, e4  # noqa: F401, I001 - the order is that of --help
from somatone.cli.frame import main

__all__ = ["main"]
