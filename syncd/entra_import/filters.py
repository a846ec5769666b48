"""The scope of an object mapping of Entra as filters. What is lost leaves fewer people in scope, never more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from syncd.config.filters import Clause
from syncd.core.entra_schema import EntraClause, EntraFilter, EntraObjectMapping
from syncd.core.model import Json
from syncd.core.operators import OPERATORS
from syncd.core.vocabulary import UnknownAttribute, vocabulary
from syncd.entra_import.notes import Lost, Notes, quoted

#: Clauses that are joined with AND, as config.toml has them.
Clauses = tuple[Mapping[str, Json], ...]

#: Nobody lacks an object id.
NOBODY: Clauses = ({"attribute": "objectId", "operator": "IS NULL"},)
_UNTIL = "nobody is in scope until you replace the filter objectId IS NULL"


def carry_filters(mapping: EntraObjectMapping, notes: Notes) -> tuple[Clauses, ...]:
    """The filters, each one valid in config.toml; NOBODY where the scope would be wider than it was."""
    for key in mapping.further_filters:
        notes.add(f"scope.{key} is experimental at Microsoft and not available here; {_UNTIL}")
    found = [each for each in mapping.filters if each.clauses]
    if found and len(found) < len(mapping.filters):
        notes.add("a filter without clauses lets everybody in at Entra; it is left out")
    made = tuple(_filters(found, notes))
    if mapping.further_filters:
        return (NOBODY,)
    if found and not made:
        notes.add(f"no filter could be carried over; {_UNTIL}")
        return (NOBODY,)
    return made


def _filters(found: list[EntraFilter], notes: Notes) -> Iterator[Clauses]:
    for each in found:
        clauses: list[Mapping[str, Json]] = []
        for clause in each.clauses:
            try:
                clauses.append(_clause(clause, notes))
            except Lost as lost:
                said = quoted(" ".join([clause.attribute, clause.operator, *clause.values[:3]]))
                notes.add(f"filter {quoted(each.name)} is left out: its clause {said}: {lost}")
                break
        else:
            yield tuple(clauses)


def _clause(clause: EntraClause, notes: Notes) -> Mapping[str, Json]:
    """One clause. Raises Lost."""
    operator = _operator(clause.operator)
    how = OPERATORS.get(operator)
    takes_value = how is None or how.takes_value
    if takes_value and len(clause.values) > 1:
        raise Lost(f"{len(clause.values)} values, where {operator} takes one")
    made: dict[str, Json] = {"attribute": clause.attribute, "operator": operator}
    if takes_value and clause.values:
        made["value"] = clause.values[0]
    try:
        Clause.model_validate(made)
        vocabulary("graph", notes.kind).resolve(clause.attribute)
    except (ValidationError, UnknownAttribute) as error:
        raise notes.refused(error) from None
    return made


def _operator(name: str) -> str:
    """The operator in our spelling, also for names written in one word, such as NotEquals; else as it is."""
    folded = name.replace(" ", "").replace("_", "").upper()
    return next((known for known in OPERATORS if known.replace(" ", "").replace("_", "") == folded), name)
