"""config.toml as typed, frozen settings. What is not understood refuses to start, with a line that says why."""

from syncd.plugins import leave_out_plugins

leave_out_plugins()  # before all else is loaded

from syncd.config.faults import ConfigError, Fault  # noqa: E402 - see above
from syncd.config.load import find_path, load  # noqa: E402 - likewise
from syncd.config.schema import schema  # noqa: E402 - likewise
from syncd.config.settings import Settings  # noqa: E402 - likewise

__all__ = ["ConfigError", "Fault", "Settings", "find_path", "load", "schema"]
