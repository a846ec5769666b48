"""The organisation behind `/_emu/`: reset, switches, the whole truth, and the faults that only Okta has.

POST /_emu/reset {seed, users, groups, apps, options, token} · POST /_emu/quirks: `Options` by name
Fault rules may match `endpoint` (users, user, groups, group, group-users, app, apps, logs, other, token) and `page`.
Transforms: `odd_record` with a name of odd.py, `unknown_fields`, `oversized` with a size in bytes, `revoke_tokens`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from urllib.parse import parse_qs, unquote

import orjson

from connectors.sandbox.emulator import Control
from connectors.sandbox.misfortune import Answer
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import STATUS, OktaError
from connectors.sandbox.okta.generate import generate
from connectors.sandbox.okta.mutations import mutate
from connectors.sandbox.okta.odd import odd_record, oversized, unknown_fields
from connectors.sandbox.okta.page import opened
from connectors.sandbox.okta.throttle import Throttle, bucket_of, rate_headers
from syncd.core.model import Json

_CODES = {status: code for code, status in reversed(STATUS.items())}


class OktaControl(Control):
    """What the control API asks of an organisation."""

    def __init__(self, directory: OktaDirectory, throttle: Throttle) -> None:
        self._directory = directory
        self._throttle = throttle
        self.transforms: Mapping[str, Callable[[Json, Json], Json]] = {
            "odd_record": odd_record,
            "unknown_fields": unknown_fields,
            "oversized": oversized,
            "revoke_tokens": self._revoke,
        }

    def reset(self, options: Mapping[str, Json]) -> Json:
        """A new organisation of the sizes asked for. Credentials stay, and `token` lets one more SSWS token in."""
        given = dict(options)
        switches, token = given.pop("options", {}), given.pop("token", None)
        unknown = given.keys() - {"seed", "users", "groups", "apps"}
        if unknown:
            raise ValueError(f"reset knows seed, users, groups, apps, options, token, not {', '.join(sorted(unknown))}")
        with self._directory.lock:
            self._throttle.clear()
            self._directory.clear(int(given.get("seed", 1)))
            self._directory.set_options(switches)
            if token is not None:
                self._directory.access.add_api_token(str(token))
            sizes = {name: int(given[name]) for name in ("users", "groups", "apps") if name in given}
            return asdict(generate(self._directory, **sizes)) if sizes else {}

    def mutate(self, op: str, arguments: Mapping[str, Json]) -> Json:
        """One change of mutations.py."""
        return mutate(self._directory, op, arguments)

    def quirks(self, switches: Mapping[str, Json]) -> Json:
        """Turn switches of `Options`; gives all of them."""
        options = self._directory.set_options(switches)
        return {name: value for name in options.__slots__ if not isinstance(value := getattr(options, name), Mapping)}

    def state(self) -> Json:
        """Users, groups with members, applications with everything assigned, and how often each bucket was asked."""
        directory = self._directory
        with directory.lock:
            directory.settle()
            return {
                "users": [user.data("") for user in directory.users],
                "groups": [
                    {**group.json(""), "members": list(directory.member_ids(group.id))}
                    for group in directory.groups.values()
                ],
                "apps": [
                    {
                        **assigned.app.json(""),
                        "users": [
                            orjson.loads(row.json("", assigned.app.id, None, None)) for row in assigned.after("")
                        ],
                        "groups": [group.json("", assigned.app.id) for group in assigned.by_priority()],
                    }
                    for assigned in directory.apps.values()
                ],
                "group_push_mappings": [push.json("") for push in directory.pushes.values()],
                "log_events": directory.log.last,
                "tokens_issued": directory.access.issued,
                "requests": dict(self._throttle.counts),
                "refused": dict(self._throttle.refused),
            }

    def describe(self, method: str, path: str, query: str, body: bytes) -> Mapping[str, Json]:
        """The bucket a request counts for, and which page of its list it asks for (1, 2, …)."""
        facts: dict[str, Json] = {"endpoint": bucket_of(unquote(path))}
        if method == "GET":
            after = parse_qs(query).get("after", [""])[-1]
            try:
                facts["page"] = opened(after)[0].page if after else 1
            except OktaError:
                facts["page"] = None
        return facts

    def error(self, status: int) -> Answer:
        """Okta's body for a status, with rate-limit headers; a fault rule may strip them."""
        reset = int(self._directory.clock.time()) + 2
        headers = rate_headers(600, 0 if status == 429 else 300, reset)
        code = _CODES.get(status, "E0000009")
        body = OktaError(code=code, summary=f"Injected fault with status {status}").body("oaefault")
        return Answer(
            status=status,
            headers=(
                (b"content-type", b"application/json"),
                *((name.encode(), value.encode()) for name, value in headers.items()),
            ),
            body=body,
        )

    def _revoke(self, content: Json, _: Json) -> Json:
        self._directory.access.revoke_access_tokens()
        return content
