"""The System Log: what happened in the organisation, in the order of storage.

Shape and rules: Okta API documentation, "System Log". Kept for 90 days of the sandbox's clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.group import Group
from connectors.sandbox.okta.identifier import Identifiers
from connectors.sandbox.okta.packed import packed
from connectors.sandbox.okta.timestamp import precise
from connectors.sandbox.okta.user import User
from syncd.core.model import Json

RETENTION = timedelta(days=90)
#: A demonstration or a test does not get near; a runaway one stays bounded.
_CAPACITY = 500_000
_ACTOR = {"type": "User", "alternateId": "admin@acme.example", "displayName": "Admin", "detailEntry": None}
_MESSAGES = {
    "user.lifecycle.create": "Create Okta user",
    "user.lifecycle.activate": "Activate Okta user",
    "user.lifecycle.suspend": "Suspend Okta user",
    "user.lifecycle.unsuspend": "Unsuspend Okta user",
    "user.lifecycle.deactivate": "Deactivate Okta user",
    "user.lifecycle.delete.initiated": "Delete Okta user initiated",
    "user.lifecycle.delete.completed": "Delete Okta user completed",
    "user.account.update_profile": "Update user profile for Okta",
    "user.account.lock": "Max sign in attempts exceeded",
    "user.session.start": "User login to Okta",
    "group.user_membership.add": "Add user to group membership",
    "group.user_membership.remove": "Remove user from group membership",
    "group.lifecycle.create": "Create Okta group",
    "group.lifecycle.delete": "Delete Okta group",
    "group.profile.update": "Update Okta group profile",
    "group.application_assignment.add": "Assign app to group",
    "group.application_assignment.remove": "Unassign app from group",
    "group.application_assignment.update": "Update app assignment to group",
    "application.user_membership.add": "Add user to application membership",
    "application.user_membership.remove": "Remove user's application membership",
    "application.user_membership.update": "Update user's application membership",
    "application.user_membership.change_username": "Change user's application username",
    "application.user_membership.provision": "Provision user to application",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEvent:
    """One event; `number` is its place in the order of storage."""

    number: int
    stored: float  #: seconds of the sandbox's clock
    published: str
    event_type: str
    target_ids: tuple[str, ...]
    packed: bytes  #: the event as Okta sends it


class SystemLog:
    """The events of one organisation, oldest first."""

    def __init__(self, clock: Clock, identifiers: Identifiers) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._actor = {"id": identifiers.next("user"), **_ACTOR}
        self._events: list[LogEvent] = []
        self._next = 1
        self.out_of_order = False
        self.recording = True

    def write(self, event_type: str, *targets: Json, detail: Mapping[str, Json] | None = None) -> None:
        """Store one event, while recording. Targets: `user_target`, `group_target` and the like."""
        if not self.recording:
            return
        stored = published = self._clock.now()
        if self.out_of_order and self._next % 3 == 0:
            published -= timedelta(seconds=5)
        text = precise(published)
        data: Json = {
            "uuid": self._identifiers.uuid(),
            "published": text,
            "eventType": event_type,
            "version": "0",
            "severity": "INFO",
            "legacyEventType": None,
            "displayMessage": _MESSAGES.get(event_type, event_type.replace(".", " ").replace("_", " ").capitalize()),
            "actor": self._actor,
            "client": None,
            "request": {"ipChain": []},
            "outcome": {"result": "SUCCESS", "reason": None},
            "target": list(targets),
            "transaction": {"type": "WEB", "id": f"tx{self._next}", "detail": {}},
            "debugContext": {"debugData": dict(detail or {})},
            "authenticationContext": {"authenticationStep": 0, "externalSessionId": "unknown"},
            "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": None},
        }
        event = LogEvent(
            number=self._next,
            stored=stored.timestamp(),
            published=text,
            event_type=event_type,
            target_ids=tuple(target["id"] for target in targets),
            packed=packed(data),
        )
        self._next += 1
        self._events.append(event)
        if len(self._events) > _CAPACITY:
            del self._events[: _CAPACITY // 10]

    def after(self, number: int) -> Sequence[LogEvent]:
        """Events stored behind this number and within retention, oldest first."""
        self._forget(self._clock.now() - RETENTION)
        return self._events[bisect_left(self._events, number + 1, key=lambda event: event.number) :]

    @property
    def last(self) -> int:
        """The number of the youngest event, 0 where there is none."""
        return self._next - 1

    def _forget(self, before: datetime) -> None:
        gone = bisect_left(self._events, before.timestamp(), key=lambda event: event.stored)
        if gone:
            del self._events[:gone]


def user_target(user: User) -> Json:
    """The user as a target of an event."""
    return {
        "id": user.id,
        "type": "User",
        "alternateId": user.login,
        "displayName": user.display_name,
        "detailEntry": None,
    }


def app_user_target(user: User, user_name: str) -> Json:
    """The user of an application as a target of an event."""
    return {**user_target(user), "type": "AppUser", "alternateId": user_name}


def group_target(group: Group) -> Json:
    """The group as a target of an event."""
    return named_target(group.id, "UserGroup", group.name)


def named_target(id: str, type: str, name: str) -> Json:  # noqa: A002 - the field's own words
    """Anything else that has an id and a name."""
    return {"id": id, "type": type, "alternateId": "unknown", "displayName": name, "detailEntry": None}
