"""What one attribute of a target holds: its characteristics as /Schemas names them (RFC 7643 section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: any: neither the RFC nor the target says; the value goes as it is
Type = Literal["string", "boolean", "integer", "decimal", "dateTime", "reference", "binary", "complex", "any"]
Mutability = Literal["readWrite", "readOnly", "immutable", "writeOnly"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeType:
    """What a target attribute holds."""

    type: Type = "string"
    multi: bool = False  #: a list
    case_exact: bool | None = None  #: None: nobody said
    required: bool = False
    mutability: Mutability = "readWrite"

    @property
    def caseless(self) -> bool:
        """The target said that letter case does not count here."""
        return self.type == "string" and self.case_exact is False
