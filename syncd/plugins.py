"""Pydantic's plug-ins, which are left out: others' code has no business in a process that holds credentials.

Looking for them, and loading what looks for them (importlib.metadata, email, zipfile), takes a twentieth of a short command.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType


def leave_out_plugins() -> None:
    """To be called before the first model or command is built. Where pydantic has its loader elsewhere one day, its own
    switch alone holds."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    loader = ModuleType("pydantic.plugin._loader")
    vars(loader)["get_plugins"] = tuple
    sys.modules.setdefault(loader.__name__, loader)
