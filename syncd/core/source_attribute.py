"""How one attribute of a source is read, and what the source has to send for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from syncd.core.entry import Entry
from syncd.core.model import Json

#: Gives the attribute's value of an entry; None where it has none. An empty string is a value.
Accessor = Callable[[Entry], Json]


class Property:
    """The accessor of what the source names alike and sends plainly. Whoever reads many may read by its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, entry: Entry) -> Json:
        return entry.attributes.get(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAttribute:
    """One name of a vocabulary."""

    accessor: Accessor
    reads: frozenset[str] = frozenset()  #: properties that the source must be asked for; empty: it always sends it


def _soft_deleted(entry: Entry) -> Json:
    return entry.soft_deleted


def _roles(entry: Entry) -> Json:
    return list(entry.roles) or None


def _groups(entry: Entry) -> Json:
    return list(entry.groups) or None


def _members(entry: Entry) -> Json:
    return entry.attributes.get("members")


#: Computed by syncd, not sent by the source, as in Entra's provisioning service.
SOFT_DELETED = SourceAttribute(accessor=_soft_deleted)
ROLES = SourceAttribute(accessor=_roles)
GROUPS = SourceAttribute(accessor=_groups)
MEMBERS = SourceAttribute(accessor=_members)
