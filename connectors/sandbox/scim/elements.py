"""The elements of one multi-valued attribute under PATCH: which an operation means, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.sandbox.scim.error import refused
from connectors.sandbox.scim.filter import All, Any, Comparison, Filter, Negation
from connectors.sandbox.scim.intake import Intake, one_primary
from connectors.sandbox.scim.predicate import element_predicate
from connectors.sandbox.scim.schema import Attribute
from syncd.core.model import Json


class Elements:
    """The values of one multi-valued attribute of one resource; `patched` gives a new list and leaves these alone."""

    def __init__(self, attribute: Attribute, intake: Intake, seen: Sequence[Json]) -> None:
        self._attribute = attribute
        self._intake = intake
        self._seen = list(seen)

    def patched(self, verb: str, where: Filter | None, sub: Attribute | None, value: Json) -> list[Json]:
        """The elements after one operation. `value` None: none was given, or null."""
        if where is not None:
            return self._chosen(verb, self._typed(where), sub, value)
        if sub is not None:
            return self._sub_of(range(len(self._seen)), verb, sub, value, create={})
        if verb == "remove":
            return self._without(value)
        new: list[Json] = self._intake.value(self._attribute, value, lone=True) or []
        if verb == "replace":
            return new
        return self._joined(new)

    def _joined(self, new: Sequence[Json]) -> list[Json]:
        """With further elements; one that is there already is not added again (RFC 7644 section 3.5.2.1)."""
        elements = list(self._seen)
        touched = set()
        for each in new:
            if each in elements:
                touched.add(elements.index(each))
                continue
            twin = self._twin(elements, each)
            if twin is None:
                elements.append(each)
                touched.add(len(elements) - 1)
            else:
                elements[twin] = {**elements[twin], **each}
                touched.add(twin)
        return self._one_primary(elements, touched)

    def _twin(self, elements: Sequence[Json], new: Json) -> int | None:
        """The element with the same value and type, if any."""
        if not isinstance(new, Mapping) or "value" not in new:
            return None
        key = (new["value"], new.get("type"))
        return next((n for n, each in enumerate(elements) if (each.get("value"), each.get("type")) == key), None)

    def _without(self, value: Json) -> list[Json]:
        """Without all, or without those listed: a value in a remove is no RFC, but is sent."""
        if value is None:
            return []
        listed = self._intake.value(self._attribute, value, lone=True) or []
        keys = [each.get("value") if isinstance(each, Mapping) else each for each in listed]
        return [each for each in self._seen if (each.get("value") if isinstance(each, Mapping) else each) not in keys]

    def _chosen(self, verb: str, where: Filter, sub: Attribute | None, value: Json) -> list[Json]:
        fits = element_predicate(where, self._attribute)
        chosen = [
            n for n, each in enumerate(self._seen) if fits(each if isinstance(each, Mapping) else {"value": each})
        ]
        if not chosen:
            return self._absent(verb, where, sub, value)
        if sub is not None:
            return self._sub_of(chosen, verb, sub, value, create=None)
        if verb == "remove":
            return [each for n, each in enumerate(self._seen) if n not in set(chosen)]
        new = self._intake.element(self._attribute, value)
        if new is None:
            raise refused("invalidValue", f"{self._attribute.name}: an element needs a value")
        elements = list(self._seen)
        for n in chosen:
            elements[n] = {**elements[n], **new} if verb == "add" and isinstance(new, Mapping) else new
        return self._one_primary(elements, set(chosen))

    def _absent(self, verb: str, where: Filter, sub: Attribute | None, value: Json) -> list[Json]:
        """No element fits. RFC 7644 section 3.5.2.3: replace has noTarget; an add makes what its filter describes."""
        quirks = self._intake.quirks
        if verb == "remove":
            if quirks.absent_removal == "refused":
                raise refused("noTarget", f"no element of {self._attribute.name} fits the filter")
            return self._seen
        if quirks.absent_element == "refused" or (verb == "replace" and quirks.absent_element == "rfc"):
            raise refused("noTarget", f"no element of {self._attribute.name} fits the filter")
        described = self._described(where)
        if sub is not None:
            return self._sub_of((), verb, sub, value, create=described)
        if not isinstance(value, Mapping):
            raise refused("invalidValue", f"{self._attribute.name}: an object is due")
        return self._joined([self._intake.element(self._attribute, {**described, **value})])

    def _described(self, where: Filter) -> dict[str, Json]:
        """The element that a filter of equalities describes."""
        parts = where.parts if isinstance(where, All) else (where,)
        found: dict[str, Json] = {}
        for part in parts:
            if not isinstance(part, Comparison) or part.operator != "eq":
                raise refused("noTarget", f"no element of {self._attribute.name} fits, and the filter describes none")
            found[part.path] = part.value
        return found

    def _sub_of(
        self, chosen: Sequence[int], verb: str, sub: Attribute, value: Json, *, create: Mapping[str, Json] | None
    ) -> list[Json]:
        """One sub-attribute of some elements; with none chosen, of a new one that begins as `create`."""
        if sub.mutability == "readOnly":
            raise refused("mutability", f"{sub.name} is read-only")
        cleaned = None if verb == "remove" else self._intake.value(sub, value)
        elements = list(self._seen)
        if not chosen and create is not None and cleaned is not None:
            if verb == "replace" and not create:
                raise refused("noTarget", f"{self._attribute.name} has no element")
            return self._joined([self._intake.element(self._attribute, {**create, sub.name: cleaned})])
        for n in chosen:
            element = {name: each for name, each in elements[n].items() if name != sub.name}
            if cleaned is not None:
                element[sub.name] = cleaned
            elements[n] = element
        return self._one_primary([each for each in elements if each], set(chosen))

    def _one_primary(self, elements: list[Json], touched: set[int]) -> list[Json]:
        """A new primary element ends the old one's time (RFC 7644 section 3.5.2)."""
        if any(isinstance(elements[n], Mapping) and elements[n].get("primary") for n in touched if n < len(elements)):
            elements = [
                {**each, "primary": False} if n not in touched and each.get("primary") else each
                for n, each in enumerate(elements)
            ]
        one_primary(elements, self._attribute)
        return elements

    def _typed(self, where: Filter) -> Filter:
        """The filter with "True" read as true where this server takes texts for Booleans."""
        if self._intake.quirks.string_booleans != "accepted":
            return where
        match where:
            case Comparison(path=path, value=str() as value):
                sub = self._attribute.subs.get(path.lower())
                if sub is not None and sub.type == "boolean" and value.lower() in {"true", "false"}:
                    return replace(where, value=value.lower() == "true")
            case All(parts=parts):
                return All(tuple(self._typed(part) for part in parts))
            case Any(parts=parts):
                return Any(tuple(self._typed(part) for part in parts))
            case Negation(of=of):
                return Negation(self._typed(of))
        return where
