"""The users and groups assigned to one application, with profiles evaluated as Okta does it.

Rules: an individual assignment (USER) wins over groups (GROUP); of several groups the lowest priority number gives
the values that groups may set, except arrays that combine the values of all of them. Source: Okta API documentation,
"Application Users", and Okta's help on group priority.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.sandbox.okta.app import App, AppGroup, AppUser, Scope
from connectors.sandbox.okta.mapping import Evaluate, ProfileMapping, compiled
from connectors.sandbox.okta.packed import packed
from connectors.sandbox.okta.schema import Schema
from connectors.sandbox.okta.user import User
from syncd.core.model import Json

#: What became of an app user: the event's last word, the row before and after.
Effect = tuple[str, AppUser | None, AppUser | None]


@dataclass(kw_only=True, slots=True)
class Assignments:
    """One application with everything that hangs on it."""

    app: App
    schema: Schema
    mapping: ProfileMapping
    direct: dict[str, Mapping[str, Json]] = field(default_factory=dict)  #: user id -> values of the assignment
    groups: dict[str, AppGroup] = field(default_factory=dict)
    _rows: dict[str, AppUser] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _external_ids: dict[str, str] = field(default_factory=dict)  # outlive the assignment: re-hired, same account
    _compiled: dict[str, Evaluate] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, user_id: str) -> AppUser | None:
        return self._rows.get(user_id)

    def after(self, key: str) -> Iterable[AppUser]:
        """App users whose id is behind `key`, in rising order of id."""
        for at in range(bisect_right(self._order, key), len(self._order)):
            yield self._rows[self._order[at]]

    def by_priority(self) -> Sequence[AppGroup]:
        """The assigned groups, the highest priority (0) first."""
        return sorted(self.groups.values(), key=lambda group: (group.priority, group.id))

    def remap(self, mapping: ProfileMapping, schema: Schema) -> None:
        """Take a changed mapping or schema; the rows change with the next `refresh` of each. ValueError: bad expression."""
        evaluators = {target: compiled(rule.expression) for target, rule in mapping.rules.items()}
        self.mapping, self.schema, self._compiled = mapping, schema, evaluators

    def put(self, row: AppUser) -> None:
        """Add a row or take its new state."""
        if row.id not in self._rows:
            if self._order and self._order[-1] > row.id:
                insort(self._order, row.id)
            else:
                self._order.append(row.id)
        if row.external_id:
            self._external_ids[row.id] = row.external_id
        self._rows[row.id] = row

    def refresh(
        self,
        user_id: str,
        user: User | None,
        group_ids: Sequence[str],
        now: str,
        make_external_id: Callable[[], str | None],
    ) -> Effect | None:
        """Bring one user's row to what assignment, groups and profile say. None when nothing changed.

        `group_ids`: all groups the user is in. `make_external_id`: gives an id where provisioning is simulated.
        """
        old = self._rows.get(user_id)
        wanted = self._wanted(user, group_ids, old) if user and user.status != "DEPROVISIONED" else None
        if wanted is None or user is None:
            if old is None:
                return None
            del self._rows[user_id]
            del self._order[bisect_left(self._order, user_id)]
            return "remove", old, None
        scope, group_id, as_json = wanted
        if old is None:
            external_id = self._external_ids.get(user.id) or make_external_id()
            row = AppUser(
                id=user.id,
                scope=scope,
                group_id=group_id,
                status="PROVISIONED" if external_id else "ACTIVE",
                sync_state="SYNCHRONIZED" if external_id else "DISABLED",
                external_id=external_id,
                created=now,
                last_updated=now,
                status_changed=now,
                last_sync=now if external_id else None,
                user_name=self.app.user_name(user.profile),
                packed=as_json,
            )
            self.put(row)
            return "add", None, row
        user_name = self.app.user_name(user.profile) if self.app.user_name_push == "PUSH" else old.user_name
        if (old.scope, old.group_id, old.packed, old.user_name) == (scope, group_id, as_json, user_name):
            return None
        row = replace(
            old,
            scope=scope,
            group_id=group_id,
            packed=as_json,
            user_name=user_name,
            last_updated=now,
            last_sync=now if old.last_sync else None,
        )
        self.put(row)
        return "change_username" if user_name != old.user_name else "update", old, row

    def _wanted(
        self, user: User, group_ids: Sequence[str], old: AppUser | None
    ) -> tuple[Scope, str | None, bytes] | None:
        direct = self.direct.get(user.id)
        covering = [self.groups[group_id] for group_id in group_ids if group_id in self.groups]
        if direct is None and not covering:
            return None
        if len(covering) > 1:
            covering.sort(key=lambda group: (group.priority, group.id))
        profile = self._profile(user.profile, direct or {}, covering)
        if old is not None:
            created_with = old.profile if self._on_create_only else {}
            profile |= {name: created_with[name] for name in self._on_create_only if name in created_with}
        as_json = packed(profile)
        return ("GROUP", covering[0].id, as_json) if direct is None else ("USER", None, as_json)

    @property
    def _on_create_only(self) -> list[str]:
        return [target for target, rule in self.mapping.rules.items() if rule.push_status == "DONT_PUSH"]

    def _profile(
        self, profile: Mapping[str, Json], direct: Mapping[str, Json], covering: Sequence[AppGroup]
    ) -> dict[str, Json]:
        if self._compiled is None:
            self.remap(self.mapping, self.schema)
        evaluators = self._compiled or {}
        result: dict[str, Json] = {}
        for attribute in self.schema.attributes:
            name = attribute.name
            if name in evaluators:
                result[name] = evaluators[name](profile)
            elif name in direct:
                result[name] = direct[name]
            elif attribute.scope == "NONE":
                given = [group.profile[name] for group in covering if group.profile.get(name) is not None]
                if attribute.union and given:
                    result[name] = list(dict.fromkeys(value for values in given for value in values))
                elif given:
                    result[name] = given[0]
        return result
