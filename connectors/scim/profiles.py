"""The profiles: TOML files, those beside this module or a user's own, checked key by key.

`generic` is RFC 7643 and RFC 7644 with discovery. What a profile says: profile.py.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from connectors.scim.built_in import BUILT_IN, built_in
from connectors.scim.dialects import DIALECTS, Dialect
from connectors.scim.profile import Deletion, ErrorWords, KindProfile, Profile
from syncd.core.attributes import PathError, parse_path
from syncd.core.errors import SyncdError
from syncd.core.model import Json

#: A flood would hide the first line.
MOST_SHOWN = 100


@dataclass(kw_only=True, eq=False)
class ProfileError(SyncdError):
    """Profile {profile}: {detail}. Correct it, or choose a built-in one; then run: syncd check"""

    profile: str
    detail: str
    also: tuple[ProfileError, ...] = ()  #: further faults, of this file or another

    def __str__(self) -> str:
        """A line for each fault, the same one once."""
        lines = [super().__str__(), *(line for error in self.also for line in str(error).split("\n"))]
        return "\n".join(dict.fromkeys(lines))


def raise_faults(faults: Sequence[ProfileError]) -> None:
    """Raise them all as one error; nothing where there is none."""
    if faults:
        raise replace(faults[0], also=(*faults[0].also, *faults[1:]))


def load_profile(name: str) -> Profile:
    """The built-in profile of this name, or the one in the file at this path. Raises ProfileError."""
    path = Path(name) if "/" in name or name.endswith(".toml") else BUILT_IN / f"{name}.toml"
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError:
        if path.parent == BUILT_IN:
            near = difflib.get_close_matches(name.lower(), built_in(), n=1)
            hint = f"the nearest is {near[0]}; " if near else ""
            raise ProfileError(profile=name, detail=f"not known; {hint}built in are {', '.join(built_in())}") from None
        raise ProfileError(profile=name, detail="the file does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(profile=name, detail=f"the file cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(profile=name, detail=f"no valid TOML: {error}") from None
    return _Reader(name).profile(data, path.stem)


_ROW_KEYS = ("target", "source", "constant", "expression", "apply", "default", "when_empty", "allowed")
_SOURCES = ("any", "graph", "okta")


class _Reader:
    """Checks a profile's data key by key, so that each fault is told with its place, all of them at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._faults: list[str] = []

    def profile(self, data: Mapping[str, Json], stem: str) -> Profile:
        known = {f.name for f in fields(Profile)} - {"name"}
        self._keys(data, known, "")
        checked: dict[str, Any] = {"name": stem, "title": self._text(data, "title", "", default=stem)}
        if "url" in data:
            checked["url"] = self._text(data, "url", "")
        if "dialect" in data:
            checked["dialect"] = self._choice(data, "dialect", "", tuple(DIALECTS))
        if "member_remove" in data:
            checked["member_remove"] = self._choice(data, "member_remove", "", ("filter", "value", "put"))
        if "paging" in data:
            checked["paging"] = self._choice(data, "paging", "", ("index", "cursor"))
        for key in ("discovery", "patch", "members_shown"):
            if key in data:
                checked[key] = self._flag(data, key, "")
        for key, most in (("member_chunk", 10_000), ("page_size", 1_000)):
            if key in data:
                checked[key] = self._number(data, key, "", most)
        if "traits" in data:
            checked["traits"] = self._traits(self._table(data, "traits", ""))
        for key in ("users", "groups"):
            if key in data:
                checked[key] = self._kind(self._table(data, key, ""), key)
        checked["errors"] = tuple(
            self._error(entry, f"errors[{at}]") for at, entry in enumerate(self._tables(data, "errors", ""))
        )
        raise_faults([ProfileError(profile=self._name, detail=detail) for detail in self._faults[:MOST_SHOWN]])
        return Profile(**checked)

    def _kind(self, data: Mapping[str, Json], at: str) -> KindProfile:
        self._keys(data, {f.name for f in fields(KindProfile)}, at)
        checked: dict[str, Any] = {}
        for key in ("supported", "rename"):
            if key in data:
                checked[key] = self._flag(data, key, at)
        for key in ("match", "required"):
            if key in data:
                checked[key] = self._paths(data, key, at)
        for key in ("filterable", "accepts", "on_create", "updatable", "optional"):
            if key in data:
                checked[key] = frozenset(self._paths(data, key, at))
        if "delete" in data:
            checked["delete"] = self._choice(data, "delete", at, get_args(Deletion))
        if "immutable" in data:
            table = self._table(data, "immutable", at)
            checked["immutable"] = {
                self._path(path, f"{at}.immutable"): self._text(table, path, f"{at}.immutable") for path in table
            }
        if "mappings" in data:
            table = self._table(data, "mappings", at)
            self._keys(table, set(_SOURCES), f"{at}.mappings")
            checked["mappings"] = {
                source: tuple(
                    self._row(row, f"{at}.mappings.{source}[{number}]")
                    for number, row in enumerate(self._tables(table, source, f"{at}.mappings"))
                )
                for source in table
                if source in _SOURCES
            }
        return KindProfile(**checked)

    def _row(self, row: Mapping[str, Json], at: str) -> Mapping[str, Json]:
        self._keys(row, set(_ROW_KEYS), at)
        if sum(key in row for key in ("source", "constant", "expression")) != 1:
            self._fail(f"{at} needs exactly one of source, constant, expression")
        self._path(row.get("target"), f"{at}.target")
        for key, choices in (("apply", ("always", "on-create")), ("when_empty", ("clear", "keep"))):
            if key in row:
                self._choice(row, key, at, choices)
        for key in ("source", "expression"):
            if key in row:
                self._text(row, key, at)
        if "allowed" in row and not isinstance(row["allowed"], list):
            self._fail(f"{at}.allowed must be a list")
        return dict(row)

    def _error(self, entry: Mapping[str, Json], at: str) -> ErrorWords:
        self._keys(entry, {f.name for f in fields(ErrorWords)}, at)
        checked: dict[str, Any] = {"remedy": self._text(entry, "remedy", at)}
        if "status" in entry:
            checked["status"] = self._number(entry, "status", at, 599)
        if "contains" in entry:
            checked["contains"] = self._text(entry, "contains", at)
        if "kind" in entry:
            checked["kind"] = self._choice(entry, "kind", at, ("user", "group"))
        for key in ("permanent", "absent"):
            if key in entry:
                checked[key] = self._flag(entry, key, at)
        if "status" not in entry and "contains" not in entry:
            self._fail(f"{at} needs status or contains; else it would fit every error")
        return ErrorWords(**checked)

    def _traits(self, data: Mapping[str, Json]) -> Mapping[str, Json]:
        plain = DIALECTS["rfc7644"]
        known = {f.name for f in fields(Dialect) if isinstance(getattr(plain, f.name), (bool, str))} - {"name"}
        self._keys(data, known, "traits")
        choices = {
            "pathless": ("never", "dotted", "always"),
            "absent_element": ("element", "path"),
            "member_remove": ("filter", "value"),
        } | dict.fromkeys(("user_update", "user_active", "group_update"), ("PATCH", "PUT"))
        return {
            key: self._choice(data, key, "traits", choices[key]) if key in choices else self._flag(data, key, "traits")
            for key in data
            if key in known
        }

    def _fail(self, detail: str) -> None:
        """Note a fault and go on: what a check then gives stands for nothing, since no profile comes of it."""
        self._faults.append(detail)

    def _keys(self, data: Mapping[str, Json], known: set[str], at: str) -> None:
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
                self._fail(f"unknown key {_at(at, key)}; {hint}")

    def _wrong(self, at: str, found: Json, wanted: str) -> None:
        self._fail(f"{at} is {found!r}, but must be {wanted}")

    def _flag(self, data: Mapping[str, Json], key: str, at: str) -> bool:
        if not isinstance(value := data[key], bool):
            self._wrong(_at(at, key), value, "true or false")
        return bool(value)

    def _number(self, data: Mapping[str, Json], key: str, at: str, most: int) -> int:
        value = data[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            self._wrong(_at(at, key), value, f"a number from 1 to {most}")
            return most
        return value

    def _text(self, data: Mapping[str, Json], key: str, at: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self._wrong(_at(at, key), value, "a text")
        return str(value)

    def _choice(self, data: Mapping[str, Json], key: str, at: str, choices: tuple[str, ...]) -> str:
        value = data[key]
        if value not in choices:
            near = difflib.get_close_matches(str(value), choices, n=1)
            self._wrong(_at(at, key), value, f"{near[0]!r}" if near else f"one of {', '.join(choices)}")
        return str(value)

    def _table(self, data: Mapping[str, Json], key: str, at: str) -> Mapping[str, Json]:
        if not isinstance(value := data[key], dict):
            self._wrong(_at(at, key), value, "a table")
            return {}
        return value

    def _tables(self, data: Mapping[str, Json], key: str, at: str) -> list[Mapping[str, Json]]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._wrong(_at(at, key), value, "an array of tables")
            return []
        return value

    def _paths(self, data: Mapping[str, Json], key: str, at: str) -> tuple[str, ...]:
        if not isinstance(value := data[key], list):
            self._wrong(_at(at, key), value, "a list of attribute paths")
            return ()
        return tuple(self._path(path, _at(at, key)) for path in value)

    def _path(self, text: Json, at: str) -> str:
        if not isinstance(text, str):
            self._wrong(at, text, "an attribute path")
            return ""
        try:
            return str(parse_path(text))
        except PathError as error:
            self._fail(f"{at}: {error}")
            return ""


def _at(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
