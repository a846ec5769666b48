"""The command line, one file for each group of verbs."""

from syncd.cli.garbage import look_rarely
from syncd.plugins import leave_out_plugins

look_rarely()  # before all else is loaded
leave_out_plugins()

from syncd.cli.program import main  # noqa: E402 - see above

__all__ = ["main"]
