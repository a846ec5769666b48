"""The sandbox's SCIM 2.0 service: the plain RFC 7643 and 7644, and the ways of servers that differ from it.

directory = ScimDirectory()
with serve({"scim": scim_app(directory, quirks="testmu", token="…")}) as served:
    …                                   # talk to f"{served['scim']}/scim"
assert directory.members("Staff") == {"jane@contoso.com"}
"""

from connectors.sandbox.scim.app import scim_app
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.presets import PRESETS, preset
from connectors.sandbox.scim.quirks import Quirks

__all__ = ["PRESETS", "Quirks", "ScimDirectory", "Stored", "preset", "scim_app"]
