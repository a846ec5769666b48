"""Filters compiled to tests of a resource, by the rules of RFC 7644 section 3.4.2.2."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from connectors.sandbox.scim.catalogue import Catalogue, UnknownAttribute
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.filter import All, Any, Comparison, Element, Filter, Negation, Operator, Present
from connectors.sandbox.scim.schema import Attribute
from syncd.core.model import Json, Kind

Predicate = Callable[[Mapping[str, Json]], bool]

_ORDER: Mapping[Operator, Callable[[Json, Json], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT: Mapping[Operator, Callable[[str, str], bool]] = {
    "co": lambda seen, wanted: wanted in seen,
    "sw": str.startswith,
    "ew": str.endswith,
}


def predicate(tree: Filter, kind: Kind, catalogue: Catalogue, exact: frozenset[str] = frozenset()) -> Predicate:
    """A test of whole resources. `exact`: attributes that this server compares with regard to case, schema aside.

    Raises ScimError (invalidFilter) for an attribute that no schema has, or an operator that its type does not take.
    """

    def resolve(path: str) -> tuple[Callable[[Mapping[str, Json]], Json], Attribute, Attribute | None]:
        try:
            place = catalogue.place(kind, path)
        except UnknownAttribute:
            raise refused("invalidFilter", f"there is no attribute {path}") from None
        if place.attribute is None:
            raise refused("invalidFilter", f"{path} is a schema, not an attribute")
        return place.value, place.attribute, place.sub

    return _compiled(tree, resolve, exact)


def element_predicate(tree: Filter, attribute: Attribute) -> Predicate:
    """A test of the elements of one multi-valued attribute: what stands in a value path's brackets.

    Elements of simple attributes are tested as {"value": element}. Raises ScimError (invalidFilter).
    """

    def resolve(path: str) -> tuple[Callable[[Mapping[str, Json]], Json], Attribute, Attribute | None]:
        sub = attribute.subs.get(path.lower())
        if sub is None and attribute.type != "complex" and path.lower() == "value":
            sub = attribute
        if sub is None:
            raise refused("invalidFilter", f"{attribute.name} has no sub-attribute {path}")
        name = "value" if sub is attribute else sub.name
        return (lambda element: element.get(name)), sub, None

    return _compiled(tree, resolve, frozenset())


def _compiled(
    tree: Filter,
    resolve: Callable[[str], tuple[Callable[[Mapping[str, Json]], Json], Attribute, Attribute | None]],
    exact: frozenset[str],
) -> Predicate:
    match tree:
        case All(parts=parts):
            tests = [_compiled(part, resolve, exact) for part in parts]
            return lambda resource: all(test(resource) for test in tests)
        case Any(parts=parts):
            tests = [_compiled(part, resolve, exact) for part in parts]
            return lambda resource: any(test(resource) for test in tests)
        case Negation(of=of):
            test = _compiled(of, resolve, exact)
            return lambda resource: not test(resource)
        case Element(path=path, where=where, then=then):
            read, attribute, _ = resolve(path)
            fits = element_predicate(where, attribute)
            follows = element_predicate(then, attribute) if then else None
            return lambda resource: any(
                fits(each) and (follows is None or follows(each)) for each in _elements(read(resource))
            )
        case Present(path=path):
            read, attribute, sub = resolve(path)
            return lambda resource: any(_present(value) for value in _values(read(resource), sub))
        case Comparison(path=path, operator=name, value=wanted):
            read, attribute, sub = resolve(path)
            if wanted is None and name in {"eq", "ne"}:
                absent = name == "eq"
                return lambda resource: any(_present(value) for value in _values(read(resource), sub)) is not absent
            compared = (sub or attribute).comparable
            holds = _comparison(compared, name, wanted, case_exact=compared.case_exact or attribute.name in exact)
            inner = sub or (compared if compared is not attribute else None)
            if name == "ne" and not attribute.multi_valued:
                return lambda resource: all(holds(value) for value in _values(read(resource), inner))
            return lambda resource: any(holds(value) for value in _values(read(resource), inner))


def _elements(value: Json) -> list[Mapping[str, Json]]:
    """The elements of a multi-valued attribute; a simple one stands as {"value": it}."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [each if isinstance(each, Mapping) else {"value": each} for each in found]


def _values(value: Json, sub: Attribute | None) -> list[Json]:
    """Every value that a path leads to."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    if sub is None:
        return found
    return [each[sub.name] for each in found if isinstance(each, Mapping) and sub.name in each]


def _present(value: Json) -> bool:
    return value is not None and value not in ("", [], {})


def _comparison(attribute: Attribute, name: Operator, wanted: Json, *, case_exact: bool) -> Callable[[Json], bool]:
    """The test of one value. Ordering Booleans and binaries is refused, as RFC 7644 table 3 demands."""
    if attribute.type == "complex":
        raise refused("invalidFilter", f"{attribute.name} is complex: compare one of its sub-attributes")
    if name in _ORDER and attribute.type in {"boolean", "binary"}:
        raise refused("invalidFilter", f"{attribute.name} has no order: {name} cannot compare it")
    if name in _TEXT:
        if not isinstance(wanted, str) or attribute.type in {"boolean", "decimal", "integer"}:
            raise refused("invalidFilter", f"{name} compares texts only")
        text = _TEXT[name]
        if case_exact:
            return lambda seen: isinstance(seen, str) and text(seen, wanted)
        folded = wanted.casefold()
        return lambda seen: isinstance(seen, str) and text(seen.casefold(), folded)
    if attribute.type == "dateTime":
        return _moment_comparison(name, wanted)
    if isinstance(wanted, str) and not case_exact:
        target = wanted.casefold()
        if name == "eq":
            return lambda seen: isinstance(seen, str) and seen.casefold() == target
        if name == "ne":
            return lambda seen: not (isinstance(seen, str) and seen.casefold() == target)
        ordered = _ORDER[name]
        return lambda seen: isinstance(seen, str) and ordered(seen.casefold(), target)
    if name == "eq":
        return lambda seen: _same_type(seen, wanted) and bool(seen == wanted)
    if name == "ne":
        return lambda seen: not (_same_type(seen, wanted) and seen == wanted)
    compare = _ORDER[name]
    return lambda seen: _same_type(seen, wanted) and not isinstance(seen, bool) and compare(seen, wanted)


def _same_type(seen: Json, wanted: Json) -> bool:
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return isinstance(seen, bool) and isinstance(wanted, bool)
    if isinstance(seen, int | float):
        return isinstance(wanted, int | float)
    return isinstance(seen, str) and isinstance(wanted, str)


def _moment_comparison(name: Operator, wanted: Json) -> Callable[[Json], bool]:
    target = moment(wanted)
    if name == "eq":
        return lambda seen: moment(seen) == target
    if name == "ne":
        return lambda seen: moment(seen) != target
    compare = _ORDER[name]
    return lambda seen: seen is not None and compare(moment(seen), target)


def moment(text: Json) -> datetime:
    """A dateTime (RFC 7643 section 2.3.5); without a zone it is UTC. Raises ScimError."""
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise ScimError(status=400, scim_type="invalidFilter", detail=f"{text} is no dateTime") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
