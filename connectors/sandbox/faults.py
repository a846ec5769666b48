"""Fault rules: which request goes wrong, how often, and how.

A rule is `{"match": {...}, "times": n, "action": {...}}`. The oldest rule that matches and has times left wins.

match   method · path (regular expression, searched in the raw path and query) · body (the same, in the request's body)
        · nth (from the nth request that matches the rest, counted from 1) · every (each nth of them)
        · any further key is compared with what the service says of the request, as `stream` or `page`
action  status, headers, retry_after (seconds, "date:seconds", or absent), body   answer this instead
        html: 502 | 200                             an HTML page with this status
        drop: "before" | "answer" | "body"          close the connection: unhandled; handled but nothing sent; amid the body
        reset: true                                 with drop: a TCP reset rather than a close
        truncate: n, length: "correct" | "wrong"    only the first n bytes of the body (a fraction below 1: that share)
        corrupt_gzip: true                          Content-Encoding says gzip, the body is not
        delay_s: x                                  wait first, then go on with the rest of the action
        redirect: url, status                       "same": to the same URL again
        applied: true                               carry the request out first, then answer as told
        replace: JSON                               200 with this body: null, {}, an object for an array
        edit: {"set": {}, "remove": []}             changes the top level of the JSON answer
        first: {"set": {}, "remove": []}            changes the first record of the page
        transform: name, with: JSON                 an edit that the service knows by name
        add_headers, strip_headers                  of the true answer
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import regex
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from syncd.core.model import Json


class Edit(BaseModel):
    """A change of one JSON object: keys to set, then keys to remove."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    set: dict[str, Any] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def applied_to(self, record: Json) -> Json:
        """A changed copy; what is no object comes back as it was."""
        if not isinstance(record, dict):
            return record
        return {key: value for key, value in {**record, **self.set}.items() if key not in self.remove}


class Action(BaseModel):
    """What happens to a request that meets a fault; the keys are told in the module's docstring."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    status: int | None = Field(default=None, ge=100, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    retry_after: int | str | None = None
    body: Any = None
    html: int | None = None
    drop: Literal["before", "answer", "body"] | None = None
    reset: bool = False
    truncate: float | None = Field(default=None, ge=0)
    length: Literal["correct", "wrong"] = "correct"
    corrupt_gzip: bool = False
    delay_s: float = Field(default=0, ge=0, le=300)
    redirect: str | None = None
    applied: bool = False
    replace: Any = None
    edit: Edit | None = None
    first: Edit | None = None
    transform: str | None = None
    with_: Any = Field(default=None, alias="with")
    add_headers: dict[str, str] = Field(default_factory=dict)
    strip_headers: tuple[str, ...] = ()

    @property
    def replaces(self) -> bool:
        """`replace` was given, be it null."""
        return "replace" in self.model_fields_set

    @property
    def name(self) -> str:
        """The keys that were given, for the journal."""
        return "+".join(sorted(self.model_fields_set))


class Match(BaseModel):
    """Which requests a rule is for; keys that are not named here are asked of the service."""

    model_config = ConfigDict(extra="allow", frozen=True)
    method: str | None = None
    path: str | None = None
    body: str | None = None
    nth: int = Field(default=1, ge=1)
    every: int = Field(default=1, ge=1)

    @field_validator("path", "body")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            regex.compile(pattern or "")
        except regex.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    def fits(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> bool:
        """Whether the request is of this kind, whatever its turn."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or regex.search(self.path, target, timeout=1) is not None)
            and (self.body is None or regex.search(self.body, body.decode(errors="replace"), timeout=1) is not None)
            and all(facts.get(key) == value for key, value in (self.model_extra or {}).items())
        )


class Rule(BaseModel):
    """One fault rule, with its counters."""

    model_config = ConfigDict(extra="forbid")
    match: Match = Field(default_factory=Match)
    times: int | None = Field(default=1, ge=1)  #: None: for ever
    action: Action
    _seen: int = PrivateAttr(default=0)
    _hit: int = PrivateAttr(default=0)

    def takes(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> bool:
        """Whether this request is one that goes wrong; counts it."""
        if (self.times is not None and self._hit >= self.times) or not self.match.fits(method, target, body, facts):
            return False
        self._seen += 1
        turn = self._seen - self.match.nth
        if turn < 0 or turn % self.match.every:
            return False
        self._hit += 1
        return True

    @property
    def data(self) -> dict[str, Json]:
        """The rule with how often it matched and struck."""
        return {
            "match": self.match.model_dump(exclude_defaults=True),
            "times": self.times,
            "action": self.action.name,
            "seen": self._seen,
            "hit": self._hit,
        }


class Faults:
    """The rules of one service, oldest first."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rules: Sequence[Mapping[str, Json]] | Mapping[str, Json]) -> None:
        """Add rules in their JSON form. Raises pydantic.ValidationError, a ValueError, and then adds none."""
        given = [Rule.model_validate(rule) for rule in ([rules] if isinstance(rules, Mapping) else rules)]
        with self._lock:
            self._rules.extend(given)

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._rules.clear()

    def meet(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> Action | None:
        """The action that strikes this request, if any."""
        with self._lock:
            return next((rule.action for rule in self._rules if rule.takes(method, target, body, facts)), None)

    @property
    def data(self) -> list[dict[str, Json]]:
        """The rules with their counters."""
        return [rule.data for rule in self._rules]
