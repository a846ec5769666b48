"""Lists and searches (RFC 7644 section 3.4.2): filter, order, page."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.sandbox.scim.admission import Admission
from connectors.sandbox.scim.catalogue import UnknownAttribute
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.filter import All, Comparison, Element, Filter, FilterError, parse_filter, paths
from connectors.sandbox.scim.index import INDEXED, folded
from connectors.sandbox.scim.predicate import predicate
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.representation import Projection, Representation
from syncd.core.model import Json, Kind

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

#: Attributes that are not stored with the rest: a filter on them looks at the resource as shown.
_SHOWN_ONLY = {"meta", "groups", "members", "schemas"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What a search asks for."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start_index: int = 1
    count: int | None = None
    cursor: str | None = None  #: empty: the first page
    projection: Projection | None = None

    @classmethod
    def of(cls, given: Mapping[str, Json]) -> Query:
        """From the parameters of a GET (texts) or the body of a POST to /.search. Raises ScimError."""
        return cls(
            filter=_text(given, "filter"),
            sort_by=_text(given, "sortBy"),
            descending=str(given.get("sortOrder", "")).lower() == "descending",
            start_index=max(1, _number(given.get("startIndex"), "startIndex") or 1),
            count=None if given.get("count") is None else max(0, _number(given["count"], "count") or 0),
            cursor=None if given.get("cursor") is None else str(given["cursor"]),
            projection=Projection.of(names(given.get("attributes")), names(given.get("excludedAttributes"))),
        )


class Search:
    """Searches one directory, with the faults that the quirks ask for."""

    def __init__(self, directory: ScimDirectory, quirks: Quirks, representation: Representation) -> None:
        self._directory = directory
        self._quirks = quirks
        self._representation = representation

    def answer(self, kinds: Sequence[Kind], query: Query, turn: int = 0) -> dict[str, Json]:
        """A ListResponse. `turn` varies the order where that is unstable. Raises ScimError."""
        quirks = self._quirks
        if query.count is not None and quirks.count_status is not None:
            raise ScimError(status=quirks.count_status, detail="count cannot be handled")
        count = quirks.page_size if query.count is None or quirks.ignores_count else query.count
        if count > quirks.max_page:
            if quirks.over_max_page == "refused":
                raise refused("invalidValue", f"count is at most {quirks.max_page}")
            count = quirks.max_page
        if quirks.cursor and query.cursor is not None:
            return self._from_cursor(kinds, query, query.cursor, count, turn)
        first = 1 if quirks.ignores_start_index or quirks.cursor else query.start_index
        found, total = self._found(kinds, query, first, count, turn)
        if not found and count and total and first > total and quirks.past_the_end == "first":
            first = 1
            found, total = self._found(kinds, query, first, count, turn)
        return {
            "schemas": [LIST_SCHEMA],
            "totalResults": max(0, total + quirks.total_results_off),
            "startIndex": first,
            "itemsPerPage": len(found),
            "Resources": [self._representation.shown(each, query.projection) for each in found],
        }

    def _from_cursor(self, kinds: Sequence[Kind], query: Query, cursor: str, count: int, turn: int) -> dict[str, Json]:
        """A page as RFC 9865 has it, without a total. Here a cursor is the place of the page's first object."""
        if cursor and not cursor.isdecimal():
            raise refused("invalidCursor", f"there is no cursor {cursor}")
        first = int(cursor or 1)
        found, total = self._found(kinds, query, first, count, turn)
        page: dict[str, Json] = {
            "schemas": [LIST_SCHEMA],
            "itemsPerPage": len(found),
            "Resources": [self._representation.shown(each, query.projection) for each in found],
        }
        if first + len(found) <= total:
            page["nextCursor"] = str(first + len(found))
        return page

    def _found(
        self, kinds: Sequence[Kind], query: Query, first: int, count: int, turn: int
    ) -> tuple[Sequence[Stored], int]:
        """One page, and how many there are."""
        quirks = self._quirks
        plain = query.filter is None or quirks.filter == "ignored"
        hidden = quirks.hides_inactive or quirks.delete_user == "tombstone" or quirks.delete_group != "removed"
        if plain and not hidden and not query.sort_by and not quirks.unstable_order and len(kinds) == 1:
            total = self._directory.count(kinds[0])
            return list(self._directory.listed(kinds[0], first - 1, first - 1 + count)), total
        matching = [each for kind in kinds for each in self._matching(kind, None if plain else query.filter)]
        matching = [each for each in matching if not each.gone and not self._hidden(each)]
        if query.sort_by:
            matching = self._sorted(matching, query.sort_by, query.descending)
        if quirks.unstable_order:
            random.Random(turn).shuffle(matching)  # noqa: S311 - an order, not a secret
        return matching[first - 1 : first - 1 + count], len(matching)

    def _hidden(self, stored: Stored) -> bool:
        return self._quirks.hides_inactive and stored.kind == "user" and stored.attributes.get("active") is False

    def _matching(self, kind: Kind, text: str | None) -> Iterable[Stored]:
        if text is None:
            return self._directory.listed(kind)
        quirks = self._quirks
        if quirks.filter == "refused":
            raise refused("invalidFilter", "filters are not supported")
        try:
            tree = parse_filter(text)
        except FilterError as error:
            raise refused("invalidFilter", str(error)) from None
        self._check_allowed(kind, tree)
        if quirks.filter == "email" and isinstance(tree, Comparison) and tree.operator == "eq":
            tree = Comparison("emails.value" if kind == "user" else "displayName", "eq", tree.value)
        if kind == "user" and isinstance(tree, Comparison) and tree.path.lower() == "username":
            Admission("user", self._directory, quirks).check_organisation(str(tree.value))
        exact = frozenset(["userName"]) if quirks.case_sensitive_user_name else frozenset()
        test = predicate(tree, kind, quirks.catalogue, exact)
        candidates = self._candidates(tree, kind)
        view = self._view(tree, kind)
        return [
            each for each in (self._directory.listed(kind) if candidates is None else candidates) if test(view(each))
        ]

    def _check_allowed(self, kind: Kind, tree: Filter) -> None:
        if self._quirks.filter == "eq" and not (isinstance(tree, Comparison) and tree.operator == "eq"):
            raise refused("invalidFilter", "a filter is one comparison with eq")
        allowed = self._quirks.filter_attributes
        for path in () if allowed is None else paths(tree):
            if f"{kind}.{path}".lower() not in {each.lower() for each in allowed or ()}:
                raise refused("invalidFilter", f"filtering by {path} is not supported")

    def _view(self, tree: Filter, kind: Kind) -> Callable[[Stored], Mapping[str, Json]]:
        """How much of a resource the filter's test has to see."""
        named = {path.rpartition(":")[2].partition(".")[0].lower() for path in paths(tree)}
        if named & _SHOWN_ONLY or self._quirks.group_roles_win:
            return self._representation.shown
        if "id" in named:
            return lambda stored: {"id": stored.id, **stored.attributes}
        return lambda stored: stored.attributes

    def _candidates(self, tree: Filter, kind: Kind) -> list[Stored] | None:
        """The few resources that can fit, by an index, in order of creation; None: any can."""
        match tree:
            case All(parts=parts):
                return next((found for part in parts if (found := self._candidates(part, kind)) is not None), None)
            case Element(path=path, where=where, then=then):
                for test in (then, *(where.parts if isinstance(where, All) else (where,))):
                    if isinstance(test, Comparison) and test.operator == "eq" and test.path.lower() == "value":
                        return self._indexed(kind, path, test.value)
            case Comparison(path=path, operator="eq", value=str() as value):
                return self._indexed(kind, path, value)
        return None

    def _indexed(self, kind: Kind, path: str, value: Json) -> list[Stored] | None:
        try:
            place = self._quirks.catalogue.place(kind, path)
        except UnknownAttribute:
            return None
        if place.schema is not None or place.attribute is None or not isinstance(value, str):
            return None
        if place.sub is not None and place.sub.name != "value":
            return None
        if place.attribute.name == "id":
            found = self._directory.get(kind, value)
            return [] if found is None else [found]
        if place.attribute.name == "members" and self._quirks.members_shown:
            return sorted(self._directory.groups_of(value), key=lambda each: each.number)
        if place.attribute.name not in INDEXED[kind]:
            return None
        ids = self._directory.index.find(kind, place.attribute.name, folded(value))
        return sorted((each for i in ids if (each := self._directory.get(kind, i))), key=lambda each: each.number)

    def _sorted(self, found: list[Stored], path: str, descending: bool) -> list[Stored]:
        """By one attribute; what has none comes last when ascending (RFC 7644 section 3.4.2.3)."""

        def key(stored: Stored) -> tuple[bool, Json]:
            try:
                place = self._quirks.catalogue.place(stored.kind, path)
            except UnknownAttribute:
                raise refused("invalidPath", f"there is no attribute {path}") from None
            value = place.value(self._representation.shown(stored, Projection(without=frozenset(["members"]))))
            if isinstance(value, list):
                value = next((each for each in value if isinstance(each, Mapping) and each.get("primary")), value[0])
            if isinstance(value, Mapping):
                value = value.get(place.sub.name if place.sub else "value")
            if value is None:
                return True, ""
            exact = (place.sub or place.attribute).case_exact if place.attribute else True
            return False, value if exact or not isinstance(value, str) else value.casefold()

        return sorted(found, key=key, reverse=descending)


def _text(given: Mapping[str, Json], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise refused("invalidValue", f"{name} is a text")
    return value or None


def names(given: Json) -> list[str]:
    """Attribute names from a comma-separated text or a list; anything else names none."""
    parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return [name for each in parts if (name := str(each).strip())]


def _number(given: Json, name: str) -> int | None:
    if given is None or given == "":
        return None
    try:
        return int(given)
    except (TypeError, ValueError):
        raise refused("invalidValue", f"{name} must be a number") from None
