"""One row of an attribute mapping: what gives the value of one target attribute, compiled once.

Rules of a row: exactly one of source, constant, expression; `default` where that gives nothing; `allowed` bounds the
values; the result is converted to the target attribute's type; and for what is empty then, `when_empty` decides
between clearing the target's value and leaving it alone. An empty string counts as empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from syncd.core.entry import Entry
from syncd.core.errors import SyncdError
from syncd.core.expression import IGNORE_ATTRIBUTE, EvaluationContext, Expression, ExpressionError, render
from syncd.core.model import Json
from syncd.core.redaction import shown_expression
from syncd.core.schema import AttributeType, NotConvertible, convert, is_empty
from syncd.core.source_attribute import Accessor

_BOOLEANS: Mapping[str, bool] = {"True": True, "False": False}


@dataclass(kw_only=True, eq=False)
class MappingError(SyncdError):
    """Job {job}: {target} from {origin}{place}: {detail}. Correct the mapping, or the value at the source, then run: syncd explain NAME"""

    job: str
    target: str  #: the target attribute's path
    origin: str  #: the expression, [source attribute] or constant
    place: str = ""  #: ", column 17" of an expression
    detail: str  #: what was found, and what was expected


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingSpec:
    """One row as it is configured."""

    target: str
    source: str | None = None
    constant: Json = None
    expression: str | None = None
    apply: Literal["always", "on-create"] = "always"
    default: Json = None
    when_empty: Literal["clear", "keep"] = "clear"
    allowed: Sequence[Json] | None = None

    @property
    def text(self) -> str:
        """What gives the value, as it may be shown. Raises ExpressionError."""
        if self.expression is not None:
            return shown_expression(self.expression)
        return f"[{self.source}]" if self.source is not None else f"constant {self.constant!r}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeMapping:
    """A compiled row."""

    job: str
    spec: MappingSpec
    path: str  #: canonical
    text: str  #: what gives the value, as it may be shown
    type: AttributeType
    reads: Mapping[str, Accessor] = field(default_factory=dict)  #: the source attributes that it names
    expression: Expression | None = None
    reference: bool = False  #: the value is the source id of a user

    @property
    def redacts(self) -> bool:
        return self.expression is not None and self.expression.redacts

    @property
    def follows_soft_delete(self) -> bool:
        """It uses IsSoftDeleted, so it is what leaving scope writes."""
        return "IsSoftDeleted" in self.reads

    @property
    def plain(self) -> bool:
        """A text that is found needs nothing done to it, and nothing stands in where none is found."""
        text = self.type.type == "string" and not self.type.multi and not self.reference
        return text and self.spec.default is None and self.spec.allowed is None

    def evaluate(self, entry: Entry, context: EvaluationContext) -> Json:
        """The converted value, None for empty, IGNORE_ATTRIBUTE to leave the attribute alone.

        Raises MappingError, and IgnoreObject from an expression.
        """
        return self.finish(self.found({name: read(entry) for name, read in self.reads.items()}, context))

    def found(self, source: Mapping[str, Json], context: EvaluationContext) -> Json:
        """What the row gives before default and conversion; `source` has what it reads. Raises MappingError,
        IgnoreObject."""
        if self.expression is not None:
            try:
                return self.expression.evaluate(source, context)
            except ExpressionError as error:
                raise self._error(error.message, f", column {error.column}") from None
        return source.get(self.spec.source) if self.spec.source is not None else self.spec.constant

    def finish(self, found: Json) -> Json:
        """The value of the target's type. Raises MappingError."""
        spec = self.spec
        if self.type.type == "boolean" and isinstance(found, str) and found in _BOOLEANS and spec.allowed is None:
            return _BOOLEANS[found] if not self.type.multi else [_BOOLEANS[found]]
        if found is IGNORE_ATTRIBUTE:
            return IGNORE_ATTRIBUTE
        if self.reference:
            return self._reference(found)
        if is_empty(found):
            found = spec.default
        if spec.allowed is not None and not is_empty(found):
            self._check(found, spec.allowed)
        try:
            return convert(found, self.type)
        except NotConvertible as fault:
            hidden = f"its value, which is redacted, is no {self.type.type} as the attribute expects"
            raise self._error(hidden if self.redacts else str(fault)) from None

    def _reference(self, found: Json) -> str | None:
        if is_empty(found):
            return None
        if not isinstance(found, str):
            raise self._error(f"a {type(found).__name__}, the id of one user at the source is expected")
        return found

    def _check(self, found: Json, allowed: Sequence[Json]) -> None:
        known = {str(render(value)) for value in allowed}
        for value in found if isinstance(found, (list, tuple)) else (found,):
            if not is_empty(value) and str(render(value)) not in known:
                seen = "its value, which is redacted," if self.redacts else f"{render(value)!r}"
                raise self._error(f"{seen} is not allowed; expected one of: {', '.join(sorted(known))}")

    def _error(self, detail: str, place: str = "") -> MappingError:
        return MappingError(job=self.job, target=self.path, origin=self.text, place=place, detail=detail)
