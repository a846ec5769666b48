"""The wished resource of one object, in normal form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Desired:
    """Values by canonical path. None: the target shall have no value there; a path that is missing is left alone."""

    values: Mapping[str, Json]
    references: Mapping[str, str | None]  #: paths that point at another user, by source id
    on_create: frozenset[str]  #: paths that are written on creation only
    redacted: frozenset[str]  #: paths whose values are not to be shown
    caseless: frozenset[str] = frozenset()  #: paths where the target says that letter case does not count

    @property
    def active(self) -> bool:
        """False where the mapping says that the account is to be inactive."""
        return self.values.get("active") is not False
