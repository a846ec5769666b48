"""config.toml as typed, frozen settings. What is not understood refuses to start, with a line that says why."""

import os

# Pydantic would look through every installed package for plug-ins: a tenth of the time to start, and others' code.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from syncd.config.faults import ConfigError, Fault
from syncd.config.load import find_path, load
from syncd.config.schema import schema
from syncd.config.settings import Settings

__all__ = ["ConfigError", "Fault", "Settings", "find_path", "load", "schema"]
