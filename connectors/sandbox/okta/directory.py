"""An Okta organisation that lives in memory, applications and all: what the sandbox serves.

Assignments follow every change of users and groups as they do at Okta. Users and groups themselves: organisation.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from connectors.sandbox.okta.app import App, AppGroup, AppUser
from connectors.sandbox.okta.assignments import Assignments
from connectors.sandbox.okta.group import Group
from connectors.sandbox.okta.mapping import DEFAULT_RULES, ProfileMapping, Rule
from connectors.sandbox.okta.organisation import Organisation
from connectors.sandbox.okta.push import GroupPushMapping, PushStatus
from connectors.sandbox.okta.schema import Attribute, Schema, app_attributes
from connectors.sandbox.okta.systemlog import app_user_target, group_target, named_target, user_target
from syncd.core.model import Json


class OktaDirectory(Organisation):
    """Users, groups and applications of one organisation, with a method for each change that Okta knows."""

    def clear(self, seed: int) -> None:
        """Begin anew with an empty organisation. Credentials stay valid."""
        with self.lock:
            self.apps: dict[str, Assignments] = {}
            self.pushes: dict[str, GroupPushMapping] = {}
            super().clear(seed)

    # -- applications --------------------------------------------------------------------------------------------

    def app(self, id_or_label: str) -> Assignments:
        """The application with this id or label, and its assignments. KeyError when there is none."""
        found = self.apps.get(id_or_label)
        if found is None:
            found = next((a for a in self.apps.values() if a.app.label == id_or_label), None)
        if found is None:
            raise KeyError(f"no app {id_or_label}")
        return found

    def create_app(
        self,
        label: str,
        *,
        name: str = "acme_testmu_1",
        user_name_template: str = "${source.login}",
        attributes: tuple[Attribute, ...] | None = None,
        rules: Mapping[str, Rule] | None = None,
    ) -> App:
        """A new application with an app profile (`attributes`) and a mapping (`rules`) from the user's."""
        with self.lock:
            self.settle()
            now = self.now
            app = App(
                id=self.identifiers.next("app"),
                name=name,
                label=label,
                created=now,
                last_updated=now,
                user_name_template=user_name_template,
            )
            schema = Schema(
                id=self.identifiers.next("schema"),
                name=name,
                title=f"{label} User",
                attributes=app_attributes() if attributes is None else attributes,
                created=now,
                last_updated=now,
            )
            mapping = ProfileMapping(
                id=self.identifiers.next("mapping"),
                source_id=self.user_type_id,
                target_id=app.id,
                target_name=name,
                rules=DEFAULT_RULES if rules is None else rules,
            )
            self.apps[app.id] = Assignments(app=app, schema=schema, mapping=mapping)
            self.log.write("application.lifecycle.create", _app_target(app))
            return app

    def set_app(
        self,
        app: str,
        *,
        user_name_template: str | None = None,
        user_name_push: Literal["PUSH", "DONT_PUSH"] | None = None,
    ) -> App:
        """Change how the application user name is made; with PUSH existing ones follow."""
        with self.lock:
            self.settle()
            assigned = self.app(app)
            assigned.app = replace(
                assigned.app,
                user_name_template=user_name_template or assigned.app.user_name_template,
                user_name_push=user_name_push or assigned.app.user_name_push,
                last_updated=self.now,
            )
            self.log.write("application.lifecycle.update", _app_target(assigned.app))
            self._refresh(assigned, [row.id for row in assigned.after("")])
            return assigned.app

    def assign_user(self, app: str, user: str, profile: Mapping[str, Json] | None = None) -> AppUser:
        """Assign a user individually, with values that win over those of groups. ValueError: the user is deactivated."""
        with self.lock:
            self.settle()
            assigned, found = self.app(app), self.user(user)
            if found.status == "DEPROVISIONED":
                raise ValueError(f"{found.login} is deactivated and cannot be assigned")
            assigned.direct[found.id] = dict(profile or {})
            self._refresh(assigned, [found.id])
            row = assigned.get(found.id)
            assert row is not None, "an assigned user has a row"  # noqa: S101 - says so to the type checker
            return row

    def unassign_user(self, app: str, user: str) -> None:
        """Take the individual assignment away; a group that covers the user goes on giving the application."""
        with self.lock:
            self.settle()
            assigned, found = self.app(app), self.user(user)
            assigned.direct.pop(found.id, None)
            self._refresh(assigned, [found.id])

    def assign_group(
        self, app: str, group: str, profile: Mapping[str, Json] | None = None, *, priority: int | None = None
    ) -> AppGroup:
        """Assign a group, or change its assignment. Without `priority` a new one gets the lowest rank."""
        with self.lock:
            self.settle()
            assigned, found = self.app(app), self.group(group)
            old = assigned.groups.get(found.id)
            if priority is None:
                priority = old.priority if old else max((g.priority + 1 for g in assigned.groups.values()), default=0)
            if profile is None:
                profile = old.profile if old else {}
            new = AppGroup(id=found.id, priority=priority, last_updated=self.now, profile=dict(profile))
            assigned.groups[found.id] = new
            what = "update" if old else "add"
            self.log.write(f"group.application_assignment.{what}", group_target(found), _app_target(assigned.app))
            self._refresh(assigned, self.member_ids(found.id))
            return new

    def assign_many(
        self, app: str, *, users: Mapping[str, Mapping[str, Json]], groups: Mapping[str, Mapping[str, Json]]
    ) -> None:
        """Assign users and groups by id, each with its profile, in one go; groups rank in their order."""
        with self.lock:
            self.settle()
            assigned, now = self.app(app), self.now
            assigned.direct.update(users)
            first = len(assigned.groups)
            for priority, (group_id, profile) in enumerate(groups.items(), first):
                assigned.groups[group_id] = AppGroup(id=group_id, priority=priority, last_updated=now, profile=profile)
                target = group_target(self.groups[group_id])
                self.log.write("group.application_assignment.add", target, _app_target(assigned.app))
            affected = {*users, *(user_id for group_id in groups for user_id in self.member_ids(group_id))}
            self._refresh(assigned, sorted(affected))

    def unassign_group(self, app: str, group: str) -> None:
        """Take a group's assignment away; users whom nothing else covers lose the application."""
        with self.lock:
            self.settle()
            assigned, found = self.app(app), self.group(group)
            if assigned.groups.pop(found.id, None):
                self.log.write("group.application_assignment.remove", group_target(found), _app_target(assigned.app))
                self._refresh(assigned, self.member_ids(found.id))

    def set_app_user(
        self,
        app: str,
        user: str,
        *,
        status: str | None = None,
        sync_state: str | None = None,
        external_id: str | None = None,
    ) -> AppUser:
        """What provisioning by Okta itself would leave behind on an app user. KeyError: not assigned."""
        with self.lock:
            self.settle()
            assigned, found = self.app(app), self.user(user)
            old = assigned.get(found.id)
            if old is None:
                raise KeyError(f"{found.login} is not assigned to {assigned.app.label}")
            row = replace(
                old,
                status=status or old.status,
                sync_state=sync_state or old.sync_state,
                external_id=external_id or old.external_id,
                status_changed=self.now if status else old.status_changed,
                last_updated=self.now,
            )
            assigned.put(row)
            return row

    # -- schemas and mappings ------------------------------------------------------------------------------------

    def set_mapping(self, app: str, target: str, rule: Rule | None) -> None:
        """Set one row of an application's mapping (None: take it out) and apply it to everybody assigned."""
        with self.lock:
            self.settle()
            assigned = self.app(app)
            assigned.remap(assigned.mapping.with_rule(target, rule), assigned.schema)
            self.log.write("directory.mapping.update", _app_target(assigned.app))
            self._refresh(assigned, [row.id for row in assigned.after("")])

    def set_attribute(self, attribute: Attribute, *, app: str | None = None) -> None:
        """Add or replace an attribute of an application's schema, or of the user schema (app None)."""
        with self.lock:
            self.settle()
            if app is None:
                self.user_schema = self.user_schema.with_attribute(attribute, self.now)
                self.log.write("directory.user_profile.update", named_target(self.user_type_id, "UserType", "user"))
                return
            assigned = self.app(app)
            self._change_schema(assigned, assigned.schema.with_attribute(attribute, self.now))

    def remove_attribute(self, app: str, name: str) -> None:
        """Take an attribute out of an application's schema and mapping."""
        with self.lock:
            self.settle()
            assigned = self.app(app)
            assigned.mapping = assigned.mapping.with_rule(name, None)
            self._change_schema(assigned, assigned.schema.without_attribute(name, self.now))

    def _change_schema(self, assigned: Assignments, schema: Schema) -> None:
        assigned.remap(assigned.mapping, schema)
        self.log.write("directory.app_user_profile.update", _app_target(assigned.app))
        self._refresh(assigned, [row.id for row in assigned.after("")])

    # -- group push ----------------------------------------------------------------------------------------------

    def create_push(
        self, app: str, group: str, *, target_group_id: str, status: PushStatus = "ACTIVE"
    ) -> GroupPushMapping:
        """Push a group to a group of the target. ValueError where that group is pushed already."""
        with self.lock:
            self.settle()
            assigned, found, now = self.app(app), self.group(group), self.now
            if any((p.app_id, p.source_group_id) == (assigned.app.id, found.id) for p in self.pushes.values()):
                raise ValueError(f"group {found.name} is pushed to {assigned.app.label} already")
            push = GroupPushMapping(
                id=self.identifiers.next("push"),
                app_id=assigned.app.id,
                source_group_id=found.id,
                target_group_id=target_group_id,
                status=status,
                created=now,
                last_updated=now,
                last_push=now if status == "ACTIVE" else None,
            )
            self.pushes[push.id] = push
            return push

    def set_push(self, push_id: str, status: PushStatus, error_summary: str = "") -> GroupPushMapping:
        """Pause, resume or fail a group push; resuming pushes at once."""
        with self.lock:
            self.settle()
            old, now = self.pushes[push_id], self.now
            resumed = status == "ACTIVE" != old.status
            push = replace(
                old,
                status=status,
                error_summary=error_summary,
                last_updated=now,
                last_push=now if resumed else old.last_push,
            )
            self.pushes[push_id] = push
            return push

    def delete_push(self, push_id: str) -> None:
        """Forget a group push. ValueError while it is ACTIVE."""
        with self.lock:
            if self.pushes[push_id].status == "ACTIVE":
                raise ValueError("an active group push mapping cannot be deleted")
            del self.pushes[push_id]

    # -- effects -------------------------------------------------------------------------------------------------

    def _reassign(self, user_id: str) -> None:
        user = self.users.get(user_id)
        for assigned in self.apps.values():
            if user is None or user.status == "DEPROVISIONED":
                assigned.direct.pop(user_id, None)
            self._refresh(assigned, [user_id])

    def _withdraw(self, group: Group) -> None:
        for app_id, assigned in self.apps.items():
            if group.id in assigned.groups:
                self.unassign_group(app_id, group.id)

    def _refresh(self, assigned: Assignments, user_ids: Iterable[str]) -> None:
        now = self.now
        for user_id in list(user_ids):
            user = self.users.get(user_id)
            effect = assigned.refresh(user_id, user, self.groups_of(user_id), now, lambda: self._external_id(user_id))  # noqa: B023 - called before the loop goes on
            if effect and user and self.log.recording:
                what, old, new = effect
                row = new or old
                target = app_user_target(user, row.user_name if row else user.login)
                self.log.write(
                    f"application.user_membership.{what}", target, user_target(user), _app_target(assigned.app)
                )
                if what == "add" and new and new.external_id:
                    self.log.write("application.user_membership.provision", target, _app_target(assigned.app))

    def _external_id(self, user_id: str) -> str | None:
        if not self.options.provisioning:
            return None
        return f"scim-{hashlib.sha256(f'{self.seed} {user_id}'.encode()).hexdigest()[:12]}"


def _app_target(app: App) -> Json:
    return named_target(app.id, "AppInstance", app.label)
