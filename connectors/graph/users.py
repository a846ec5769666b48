"""Users as users/delta tells them."""

from __future__ import annotations

from connectors.graph.delta import DeltaStream, Reading
from connectors.graph.settings import GraphSettings
from syncd.core.model import Json, Removal, SourceUser, State


def user_stream(settings: GraphSettings) -> DeltaStream:
    return DeltaStream(
        stream="users",
        path="/users/delta",
        permission="User.Read.All",
        select=settings.user_select,
        read=read_users,
        assigned=settings.assigned_only,
        once="manager",
    )


def read_users(items: list[dict[str, Json]], full: bool = True) -> list[Reading]:
    """The users of one page. Takes the items over: annotations are removed from them.

    Attributes are Graph's, with `manager` as the manager's id, absent where Graph does not mention one; a manager who
    is only said to have gone is in `ended`, for Graph may repeat that after it has told of the next one. In a delta
    round `enabled` is None where Graph does not mention `accountEnabled`: what is known stays. Someone removed for a
    reason that Graph does not give counts as restorable. Someone removed and told again begins a new reading, so that
    the order is kept.
    """
    silent = True if full else None
    before: list[Reading] = []
    users: dict[str, SourceUser] = {}
    removals: dict[str, Removal] = {}
    for item in items:
        user_id = item["id"]
        removed = item.get("@removed")
        if removed is not None:
            users.pop(user_id, None)
            removals[user_id] = Removal(kind="user", id=user_id, state=removed_state(removed))
            continue
        if user_id in removals:
            before.append(Reading(records=tuple(users.values()), removals=tuple(removals.values())))
            users, removals = {}, {}
        earlier = users.get(user_id)
        ended = _former_managers(item.get("manager@delta"))
        attributes = user_attributes(item)
        enabled = attributes["accountEnabled"] is not False if "accountEnabled" in attributes else silent
        user = SourceUser(id=user_id, attributes=attributes, enabled=enabled, ended=ended)
        users[user_id] = user if earlier is None else user.after(earlier)
    return [*before, Reading(records=tuple(users.values()), removals=tuple(removals.values()))]


def user_attributes(item: dict[str, Json]) -> dict[str, Json]:
    """A user's own properties, in place: a manager who is told becomes `manager`, other annotations are dropped."""
    managers = item.pop("manager@delta", None)
    own = without_annotations(item)
    if managers and (now := _manager(managers)) is not None:
        own["manager"] = now
    return own


def user_of(item: dict[str, Json]) -> SourceUser:
    """The user of a whole record, which it takes over."""
    attributes = user_attributes(item)
    return SourceUser(id=item["id"], attributes=attributes, enabled=attributes.get("accountEnabled") is not False)


def without_annotations(item: dict[str, Json]) -> dict[str, Json]:
    """The item less `@odata.type` and its like, in place."""
    # One look at all names together: most objects have no annotation, and a million users have thirty million names.
    if "@" in "".join(item):
        for key in [key for key in item if "@" in key]:
            del item[key]
    return item


def _entries(changes: Json) -> list[dict[str, Json]]:
    entries = changes if isinstance(changes, list) else [changes]
    return [entry for entry in entries if isinstance(entry, dict)]


def _manager(changes: Json) -> str | None:
    """The manager after a change, which Graph tells as removal and addition, as an addition or as a removal alone."""
    added = [entry.get("id") for entry in _entries(changes) if "@removed" not in entry]
    return added[-1] if added and isinstance(added[-1], str) else None


def _former_managers(changes: Json) -> frozenset[tuple[str, str]]:
    """Who is no longer the manager, where nobody is said to be it now."""
    if not changes or _manager(changes) is not None:
        return frozenset()
    return frozenset(("manager", str(entry.get("id"))) for entry in _entries(changes))


def removed_state(removed: Json) -> State:
    """`changed`: soft-deleted, can be restored; `deleted`: gone (Microsoft Graph documentation, "Use delta query")."""
    return "gone" if isinstance(removed, dict) and removed.get("reason") == "deleted" else "soft"
