"""The command line, one file for each group of verbs."""

from syncd.cli.program import main

__all__ = ["main"]
