"""The people of an Okta organisation: users, groups, memberships, and every change with all its effects.

The methods are what an administrator, a sign-in or a directory import would do; state follows as it does at Okta, and
each change writes its System Log events. All of them may be called from any thread. Applications: directory.py.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Literal

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.access import Access
from connectors.sandbox.okta.group import Group, GroupType
from connectors.sandbox.okta.identifier import Identifiers
from connectors.sandbox.okta.memberships import Memberships
from connectors.sandbox.okta.options import Options
from connectors.sandbox.okta.packed import packed
from connectors.sandbox.okta.schema import Schema, user_attributes
from connectors.sandbox.okta.systemlog import SystemLog, group_target, user_target
from connectors.sandbox.okta.timestamp import timestamp
from connectors.sandbox.okta.user import Status, User
from connectors.sandbox.okta.users import Users
from syncd.core.model import Json


class Organisation:
    """Users and groups. A new one has the group Everyone and nothing else."""

    def __init__(self, *, seed: int = 1, clock: Clock | None = None, options: Options | None = None) -> None:
        self.clock = clock or Clock()
        self.options = options or Options()
        self.access = Access(self.clock)
        self.lock = threading.RLock()
        self._past: str | None = None
        self.clear(seed)

    def clear(self, seed: int) -> None:
        """Begin anew with an empty organisation. Credentials stay valid."""
        with self.lock:
            self.seed = seed
            self.identifiers = Identifiers(seed)
            self.log = SystemLog(self.clock, self.identifiers)
            self.users = Users(self.clock)
            self.groups: dict[str, Group] = {}
            self.members = Memberships()
            self._due: list[tuple[float, int, Callable[[], None]]] = []
            self._turns = count()
            self.cursor_generation = 0  #: cursors of an earlier generation are expired
            self.founded = now = self.now
            self.user_type_id = self.identifiers.next("user_type")
            self.user_schema = Schema(
                id=self.identifiers.next("schema"),
                name="user",
                title="User",
                attributes=user_attributes(),
                created=now,
                last_updated=now,
            )
            self.set_options({})
            everyone = self._add_group(
                "BUILT_IN", {"name": "Everyone", "description": "All users in your organization"}
            )
            self.everyone_id = everyone.id

    @property
    def now(self) -> str:
        """The present as Okta writes it."""
        return self._past or timestamp(self.clock.now())

    @contextmanager
    def long_ago(self, at: str) -> Iterator[None]:
        """What is changed in this context happened at that time, and left no trace in the System Log."""
        self._past, self.log.recording = at, False
        try:
            yield
        finally:
            self._past, self.log.recording = None, True

    def set_options(self, changes: Mapping[str, Json]) -> Options:
        """Turn switches (`Options`). ValueError for an unknown one."""
        with self.lock:
            self.options = self.options.with_(changes)
            self.users.index_delay_s = self.options.index_delay_s
            self.log.out_of_order = self.options.log_out_of_order
            self.access.token_lifetime_s = self.options.token_lifetime_s
            return self.options

    def settle(self) -> None:
        """Let everything happen that was due by now: delayed status changes and memberships."""
        with self.lock:
            while self._due and self._due[0][0] <= self.clock.time():
                heapq.heappop(self._due)[2]()

    def expire_cursors(self) -> None:
        """From now on every cursor that was given out is answered with E0000029."""
        with self.lock:
            self.cursor_generation += 1

    def _later(self, delay_s: float, effect: Callable[[], None]) -> None:
        if delay_s > 0:
            heapq.heappush(self._due, (self.clock.time() + delay_s, next(self._turns), effect))
        else:
            effect()

    def _reassign(self, user_id: str) -> None:
        """What applications make of a changed user or membership."""

    def _withdraw(self, group: Group) -> None:
        """What applications do when a group goes."""

    # -- users ---------------------------------------------------------------------------------------------------

    def user(self, id_or_login: str) -> User:
        """The user with this id or login. KeyError when there is none."""
        found = self.users.get(id_or_login)
        if found is None:
            raise KeyError(f"no user {id_or_login}")
        return found

    def create_user(self, profile: Mapping[str, Json], *, status: Status = "ACTIVE", provider: str = "OKTA") -> User:
        """A new user. `login` is required; `email` is the login where it is not given. ValueError: login taken."""
        with self.lock:
            self.settle()
            self.settle()
            profile = {"email": profile["login"], **profile}
            if self.users.get(str(profile["login"])):
                raise ValueError(f"login {profile['login']} is taken")
            now = self.now
            user = User(
                id=self.identifiers.next("user"),
                type_id=self.user_type_id,
                packed=packed(profile),
                status=status,
                created=now,
                activated=None if status == "STAGED" else now,
                status_changed=now,
                last_updated=now,
                provider=provider,
            )
            self.users.put(user)
            self.log.write("user.lifecycle.create", user_target(user))
            if status != "STAGED":
                self.log.write("user.lifecycle.activate", user_target(user))
            self._reassign(user.id)
            return user

    def update_user(self, id_or_login: str, profile: Mapping[str, Json], *, remove: Sequence[str] = ()) -> User:
        """Change attributes; None makes one null, `remove` takes it out of the profile altogether."""
        with self.lock:
            self.settle()
            self.settle()
            old = self.user(id_or_login)
            login = profile.get("login", old.login)
            holder = self.users.get(str(login))
            if holder is not None and holder.id != old.id:
                raise ValueError(f"login {login} is taken")
            merged = {key: value for key, value in {**old.profile, **profile}.items() if key not in remove}
            user = replace(old, packed=packed(merged), last_updated=self.now)
            self.users.put(user)
            self.log.write(
                "user.account.update_profile",
                user_target(user),
                detail={"changedAttributes": ",".join(sorted({*profile, *remove}))},
            )
            self._reassign(user.id)
            return user

    def set_status(self, id_or_login: str, status: Status, *, event: str | None = None) -> User:
        """Any change of status. Deactivation takes all app assignments away; suspension keeps everything.

        With `transition_s` the status follows later and transitioningToStatus announces it. `event`: the part behind
        "user." of the event's type.
        """
        with self.lock:
            self.settle()
            self.settle()
            user = self.user(id_or_login)
            if self.options.transition_s and status in {"ACTIVE", "PROVISIONED", "DEPROVISIONED"}:
                self.users.put(replace(user, transitioning_to=status))
            self._later(self.options.transition_s, lambda: self._arrive(user.id, status, event))
            return self.user(user.id)

    def _arrive(self, user_id: str, status: Status, event: str | None) -> None:
        user, now = self.users.get(user_id), self.now
        if user is None:
            return
        user = replace(
            user,
            status=status,
            transitioning_to=None,
            status_changed=now,
            last_updated=now,
            activated=user.activated or (None if status in {"STAGED", "DEPROVISIONED"} else now),
        )
        self.users.put(user)
        if event:
            self.log.write(f"user.{event}", user_target(user))
        self._reassign(user_id)

    def delete_user(self, id_or_login: str) -> None:
        """Delete for good. ValueError unless the user is DEPROVISIONED."""
        with self.lock:
            self.settle()
            self.settle()
            user = self.user(id_or_login)
            if user.status != "DEPROVISIONED":
                raise ValueError(f"{user.login} is {user.status}: only deactivated users can be deleted")
            self.log.write("user.lifecycle.delete.initiated", user_target(user))
            for group_id in self.members.groups(user.id):
                self.members.remove(group_id, user.id)
            self.users.remove(user)
            self.log.write("user.lifecycle.delete.completed", user_target(user))

    def sign_in(self, id_or_login: str, *, finding: Status | None = None) -> User:
        """A sign-in moves lastLogin alone. `finding`: the credential state that Okta notices only now."""
        with self.lock:
            self.settle()
            self.settle()
            user = replace(self.user(id_or_login), last_login=self.now)
            self.users.put(user)
            self.log.write("user.session.start", user_target(user))
            return user if finding is None or finding == user.status else self.set_status(user.id, finding)

    # -- groups --------------------------------------------------------------------------------------------------

    def group(self, id_or_name: str) -> Group:
        """The group with this id or, where only one has it, this name. KeyError otherwise."""
        if id_or_name in self.groups:
            return self.groups[id_or_name]
        named = [group for group in self.groups.values() if group.name == id_or_name]
        if len(named) != 1:
            raise KeyError(f"{len(named)} groups are named {id_or_name}")
        return named[0]

    def create_group(
        self,
        name: str,
        *,
        description: str | None = None,
        type: GroupType = "OKTA_GROUP",  # noqa: A002 - the field's own word
        source_id: str | None = None,
        profile: Mapping[str, Json] | None = None,
    ) -> Group:
        """A new, empty group. An APP_GROUP names the app that it comes from."""
        with self.lock:
            self.settle()
            self.settle()
            group = self._add_group(type, {"name": name, "description": description, **(profile or {})}, source_id)
            self.log.write("group.lifecycle.create", group_target(group))
            return group

    def _add_group(self, type: GroupType, profile: Mapping[str, Json], source_id: str | None = None) -> Group:  # noqa: A002 - as above
        now = self.now
        group = Group(
            id=self.identifiers.next("group"),
            type=type,
            profile=profile,
            created=now,
            last_updated=now,
            last_membership_updated=now,
            source_id=source_id,
        )
        self.groups[group.id] = group
        return group

    def update_group(self, id_or_name: str, profile: Mapping[str, Json]) -> Group:
        """Rename a group or change another attribute of its profile."""
        with self.lock:
            self.settle()
            self.settle()
            old = self.group(id_or_name)
            group = replace(old, profile={**old.profile, **profile}, last_updated=self.now)
            self.groups[group.id] = group
            self.log.write("group.profile.update", group_target(group))
            return group

    def delete_group(self, id_or_name: str) -> None:
        """Delete a group: its memberships and app assignments go with it."""
        with self.lock:
            self.settle()
            self.settle()
            group = self.group(id_or_name)
            self._withdraw(group)
            for user_id in list(self.members.members(group.id)):
                self.members.remove(group.id, user_id)
            del self.groups[group.id]
            self.log.write("group.lifecycle.delete", group_target(group))

    def add_member(self, id_or_name: str, id_or_login: str) -> None:
        """Put a user into a group; nothing happens where it is there already."""
        self._member(id_or_name, id_or_login, "add")

    def remove_member(self, id_or_name: str, id_or_login: str) -> None:
        """Take a user out of a group; nothing happens where it is not there."""
        self._member(id_or_name, id_or_login, "remove")

    def _member(self, id_or_name: str, id_or_login: str, what: Literal["add", "remove"]) -> None:
        with self.lock:
            self.settle()
            self.settle()
            group, user = self.group(id_or_name), self.user(id_or_login)
            if group.type == "BUILT_IN":
                raise ValueError(f"the members of {group.name} are not set by hand")
            change = self.members.add if what == "add" else self.members.remove
            if not change(group.id, user.id):
                return
            self.groups[group.id] = replace(group, last_membership_updated=self.now)
            self.log.write(f"group.user_membership.{what}", user_target(user), group_target(group))
            self._later(self.options.membership_delay_s, lambda: self._reassign(user.id))

    def member_ids(self, group_id: str) -> Sequence[str]:
        """The members' ids in rising order; of Everyone: all users that are not deactivated."""
        if group_id == self.everyone_id:
            return [user.id for user in self.users if user.status != "DEPROVISIONED"]
        return self.members.members(group_id)

    def groups_of(self, user_id: str) -> list[str]:
        """The ids of all groups that a user is in, Everyone among them."""
        return sorted((self.everyone_id, *self.members.groups(user_id)))
