"""A SCIM server as its own administrator sees it: read and written by plain HTTP, past syncd and its connector."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from syncd.core.attributes import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from tests.servers import RunningServer

Resource = dict[str, Any]


class Product:
    """The truth that a test asserts on."""

    def __init__(self, server: RunningServer) -> None:
        self._http = httpx.Client(base_url=server.url, headers=server.headers, timeout=30, trust_env=False)
        self.extends = self._extends()  #: it keeps titles and the enterprise extension

    def close(self) -> None:
        self._http.close()

    def users(self) -> dict[str, Resource]:
        """Every account by id."""
        return self._all("/Users")

    def groups(self) -> dict[str, Resource]:
        """Every group by id, members and all."""
        return self._all("/Groups")

    def everything(self) -> dict[str, Resource]:
        """Every resource by id: equal before and after, if nothing was written in between."""
        return {**self.users(), **{f"group {id_}": group for id_, group in self.groups().items()}}

    def user(self, login: str) -> Resource:
        """The one account with exactly this userName."""
        return _only(self.users(), "userName", login)

    def group(self, name: str) -> Resource:
        """The one group with exactly this displayName."""
        return _only(self.groups(), "displayName", name)

    def logins(self) -> list[str]:
        return sorted(user["userName"] for user in self.users().values())

    def members(self, name: str) -> list[str]:
        """The ids of a group's members, with every repetition."""
        return sorted(str(member["value"]) for member in self.group(name).get("members") or ())

    def there(self, path: str) -> bool:
        return self._http.get(path).status_code == httpx.codes.OK

    def add_user(self, login: str, **more: Any) -> Resource:
        """An account that the product's own people made."""
        body = {
            "schemas": [USER_SCHEMA],
            "userName": login,
            "name": {"givenName": "Old", "familyName": "Hand"},
            "emails": [{"value": f"old.{login}", "type": "work", "primary": True}],
            "active": True,
            **more,
        }
        return self._made("/Users", body)

    def add_group(self, name: str, *members: str) -> Resource:
        """A group that the product's own people made."""
        group = self._made("/Groups", {"schemas": [GROUP_SCHEMA], "displayName": name})
        if members:
            self.join(f"/Groups/{group['id']}", *members)
        return group

    def join(self, path: str, *members: str) -> None:
        """Add members to a group by hand."""
        added = [{"value": member} for member in members]
        assert self._patched(path, {"op": "add", "path": "members", "value": added})

    def take_out(self, path: str, member: str) -> None:
        """Remove a member from a group by hand, in the one of two ways that the server obeys."""
        by_filter = {"op": "remove", "path": f'members[value eq "{member}"]'}
        by_value = {"op": "remove", "path": "members", "value": [{"value": member}]}
        assert self._patched(path, by_filter) or self._patched(path, by_value)

    def _patched(self, path: str, operation: Resource) -> bool:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        return self._http.patch(path, json=body).is_success

    def change(self, path: str, **attributes: Any) -> None:
        """An edit by the product's own people: the resource as it is, with other values."""
        seen = self._http.get(path)
        body = {**seen.json(), **attributes}
        for name in ("meta", "groups"):
            body.pop(name, None)
        version = seen.headers.get("ETag")
        answer = self._http.put(path, json=body, headers={"If-Match": version} if version else {})
        assert answer.is_success, answer.text

    def delete(self, path: str) -> None:
        answer = self._http.delete(path)
        assert answer.is_success, answer.text

    def _extends(self) -> bool:
        """By trial: what a server announces is not always what it keeps."""
        login = f"trial.{uuid.uuid4().hex}@elsewhere.example"
        more = {
            "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
            "title": "Trial",
            ENTERPRISE_SCHEMA: {"department": "Trial"},
        }
        made = self.add_user(login, **more)
        self.delete(f"/Users/{made['id']}")
        return (made.get("title"), (made.get(ENTERPRISE_SCHEMA) or {}).get("department")) == ("Trial", "Trial")

    def _made(self, path: str, body: Resource) -> Resource:
        answer = self._http.post(path, json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        made: Resource = answer.json()
        return made

    def _all(self, path: str) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        while True:
            page = self._http.get(path, params={"startIndex": len(found) + 1, "count": 100}).json()
            found |= {str(resource["id"]): resource for resource in page["Resources"]}
            if len(found) >= page["totalResults"]:
                return found
            assert page["Resources"], f"{path} ends after {len(found)} of {page['totalResults']}"


def _only(resources: dict[str, Resource], key: str, value: str) -> Resource:
    found = [resource for resource in resources.values() if resource[key] == value]
    assert len(found) == 1, f"{len(found)} with {key} {value!r}"
    return found[0]
