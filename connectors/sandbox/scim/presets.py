"""The servers that the sandbox can play: the plain RFC, and four products after their public documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.testmu import TESTMU

#: Targets that Microsoft Entra's customers use without the compliance flag have to understand "False", a manager as a
#: text, the removal of members by a value array, and the replacement of an element that is not there yet.
_UNDERSTANDS_ENTRA = Quirks(
    string_booleans="accepted",
    manager_forms=("string", "complex", "list"),
    absent_element="created",
    pathless_dotted="applied",
)

PRESETS: Mapping[str, Quirks] = {
    "strict": Quirks(),
    "testmu": TESTMU,
    # Users are created and updated, never deleted; without an e-mail address there is no user.
    "modyo": replace(
        _UNDERSTANDS_ENTRA,
        required=("emails",),
        unique=("group.displayName",),
        refused_requests=("DELETE /Users",),
    ),
    # Group provisioning exists from product version 1.51 on: `groups="on"` makes it that version.
    "lightrun": replace(_UNDERSTANDS_ENTRA, groups="absent"),
    # The licence has seats: `seats=n` sets how many.
    "keepnet": replace(_UNDERSTANDS_ENTRA, required=("emails",)),
}


def preset(name: str) -> Quirks:
    """The quirks of one of the PRESETS. Raises ValueError that names them for any other name."""
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
