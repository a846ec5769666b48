"""Changes of an organisation in their JSON form, `{"op": "suspend_user", "user": "kim@acme.example"}`.

Users are named by id or login, groups by id or name, applications by id or label; `app` may be left out where there
is only one. Each gives back the changed object, or {}.

create_user {profile, status?, provider?} · update_user {user, profile, remove?} · activate_user · suspend_user
unsuspend_user · deactivate_user · reactivate_user · delete_user · set_status {user, status} · sign_in {user, finding?}
create_group {name, description?, type?, source_id?, profile?} · rename_group {group, name} · update_group {group,
profile} · delete_group · add_member {group, user} · remove_member · assign_user {user, profile?} · unassign_user
assign_group {group, profile?, priority?} · set_app_group (the same) · unassign_group · set_app_user {user, status?,
sync_state?, external_id?} · set_app {user_name_template?, user_name_push?} · set_mapping {target, expression?,
push_status?} · set_attribute {attribute, schema?} · remove_attribute {name} · create_push {group, target_group_id,
status?} · set_push {push, status} · delete_push {push} · revoke_tokens · expire_cursors · write_log {event_type}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.mapping import Rule
from connectors.sandbox.okta.schema import Attribute
from connectors.sandbox.okta.user import STATUSES, Status
from syncd.core.model import Json

Arguments = dict[str, Json]

#: op -> new status, event behind "user."
_LIFECYCLE: Mapping[str, tuple[Status, str]] = {
    "activate_user": ("ACTIVE", "lifecycle.activate"),
    "reactivate_user": ("PROVISIONED", "lifecycle.reactivate"),
    "suspend_user": ("SUSPENDED", "lifecycle.suspend"),
    "unsuspend_user": ("ACTIVE", "lifecycle.unsuspend"),
    "deactivate_user": ("DEPROVISIONED", "lifecycle.deactivate"),
    "lock_user": ("LOCKED_OUT", "account.lock"),
    "unlock_user": ("ACTIVE", "account.unlock"),
}


def mutate(directory: OktaDirectory, op: str, arguments: Mapping[str, Json]) -> Json:
    """Carry out one change. ValueError or KeyError for an op, a name or an argument that there is not."""
    given = dict(arguments)
    with directory.lock:
        if op in _LIFECYCLE:
            status, event = _LIFECYCLE[op]
            return directory.set_status(given["user"], status, event=event).data("")
        for table in (_PEOPLE, _APPLICATIONS, _REST):
            if op in table:
                result = table[op](directory, given)
                return {} if result is None else result
    raise ValueError(
        f"no mutation {op}; there are {', '.join(sorted({*_LIFECYCLE, *_PEOPLE, *_APPLICATIONS, *_REST}))}"
    )


def _app(directory: OktaDirectory, given: Arguments) -> str:
    app = given.pop("app", None)
    if app is None:
        if len(directory.apps) != 1:
            raise ValueError(f"say which app: there are {len(directory.apps)}")
        return next(iter(directory.apps))
    return str(app)


def _status(text: str) -> Status:
    if text not in STATUSES:
        raise ValueError(f"no status {text}; there are {', '.join(STATUSES)}")
    return cast("Status", text)


_Table = Mapping[str, Callable[[OktaDirectory, Arguments], Json]]

_PEOPLE: _Table = {
    "create_user": lambda d, a: d.create_user(a.pop("profile"), **a).data(""),
    "update_user": lambda d, a: d.update_user(a.pop("user"), a.pop("profile", {}), **a).data(""),
    "set_status": lambda d, a: d.set_status(a["user"], _status(a["status"])).data(""),
    "delete_user": lambda d, a: d.delete_user(a["user"]),
    "sign_in": lambda d, a: d.sign_in(a["user"], finding=a.get("finding")).data(""),
    "create_group": lambda d, a: d.create_group(a.pop("name"), **a).json(""),
    "rename_group": lambda d, a: d.update_group(a["group"], {"name": a["name"]}).json(""),
    "update_group": lambda d, a: d.update_group(a["group"], a["profile"]).json(""),
    "delete_group": lambda d, a: d.delete_group(a["group"]),
    "add_member": lambda d, a: d.add_member(a["group"], a["user"]),
    "remove_member": lambda d, a: d.remove_member(a["group"], a["user"]),
}


def _assign_group(directory: OktaDirectory, given: Arguments) -> Json:
    app = _app(directory, given)
    return directory.assign_group(app, given.pop("group"), **given).json("", directory.app(app).app.id)


def _set_mapping(directory: OktaDirectory, given: Arguments) -> Json:
    expression = given.get("expression")
    rule = Rule(expression=expression, push_status=given.get("push_status", "PUSH")) if expression else None
    directory.set_mapping(_app(directory, given), given["target"], rule)
    return {}


def _set_attribute(directory: OktaDirectory, given: Arguments) -> Json:
    fields = {**given["attribute"]}
    fields["enum"] = tuple((value, title) for value, title in fields.get("enum", ()))
    whose = None if given.get("schema") == "user" else _app(directory, given)
    directory.set_attribute(Attribute(**fields), app=whose)
    return {}


_APPLICATIONS: _Table = {
    "create_app": lambda d, a: d.create_app(a.pop("label"), **a).json(""),
    "set_app": lambda d, a: d.set_app(_app(d, a), **a).json(""),
    "assign_user": lambda d, a: {"id": d.assign_user(_app(d, a), a["user"], a.get("profile")).id},
    "unassign_user": lambda d, a: d.unassign_user(_app(d, a), a["user"]),
    "assign_group": _assign_group,
    "set_app_group": _assign_group,
    "unassign_group": lambda d, a: d.unassign_group(_app(d, a), a["group"]),
    "set_app_user": lambda d, a: {"id": d.set_app_user(_app(d, a), a.pop("user"), **a).id},
    "set_mapping": _set_mapping,
    "set_attribute": _set_attribute,
    "remove_attribute": lambda d, a: d.remove_attribute(_app(d, a), a["name"]),
    "create_push": lambda d, a: d.create_push(_app(d, a), a.pop("group"), **a).json(""),
    "set_push": lambda d, a: d.set_push(a["push"], a["status"], a.get("error_summary", "")).json(""),
    "delete_push": lambda d, a: d.delete_push(a["push"]),
}

_REST: _Table = {
    "revoke_tokens": lambda d, _: {"revoked": d.access.revoke_access_tokens()},
    "expire_cursors": lambda d, _: d.expire_cursors(),
    "write_log": lambda d, a: d.log.write(a["event_type"]),
}
