"""`python -m somatone` is the `somatone` command."""

from somatone.cli import main

main()
