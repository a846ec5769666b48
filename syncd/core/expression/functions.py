"""The registry of functions: name, parameters, documentation, and how a call becomes a closure.

A function's docstring is its reference page and a test:

    Name(parameter, [optional], several1, several2, …): what it gives.

    More paragraphs.

    Null: what null arguments do.
    Example: EXPRESSION [with {JSON attributes}] → JSON result | absent | error WORDS | like REGEX
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from syncd.core.expression import nodes
from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import ExpressionError, Fault
from syncd.core.expression.values import Value

Evaluator = Callable[[AttributeSource, EvaluationContext], Value]
Needs = Literal["clock", "chance", "tenant", "target"]  #: what besides the object decides the result


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """One compiled argument of a call, for builders that specialise on what it is."""

    node: nodes.Node
    evaluate: Evaluator
    constant: bool = False  #: `value` is what it always gives
    value: Value = None

    @property
    def given(self) -> bool:
        """False for an argument left empty."""
        return not isinstance(self.node, nodes.Empty)


Builder = Callable[[str, Sequence[Argument], int], Evaluator]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    name: str
    optional: bool = False
    repeated: bool = False  #: the last parameters of a function that takes any number
    keywords: frozenset[str] = frozenset()  #: bare words that may stand here


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    expression: str
    attributes: dict[str, Any]
    kind: Literal["result", "absent", "error", "like"]
    result: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One function of the language, and its reference page."""

    name: str
    parameters: tuple[Parameter, ...]
    family: str  #: the module's name: text, dates, …
    doc: str
    build: Builder
    needs: frozenset[Needs] = frozenset()
    foldable: bool = True  #: with constant arguments it is a constant

    @property
    def signature(self) -> str:
        words = [f"[{p.name}]" if p.optional else p.name for p in self.parameters]
        return f"{self.name}({', '.join([*words, '…'] if self.parameters and self.parameters[-1].repeated else words)})"

    @property
    def least(self) -> int:
        return sum(not p.optional for p in self.parameters)

    @property
    def most(self) -> int | None:
        """None where there is no limit but the length of the expression."""
        return None if self.parameters and self.parameters[-1].repeated else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        return self.parameters[min(index, len(self.parameters) - 1)]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The description without signature, null rule and examples."""
        body = self.doc.removeprefix(f"{self.signature}: ")
        parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", body)]
        return tuple(part for part in parts if part and not part.startswith(("Null: ", "Example: ")))

    @property
    def null_rule(self) -> str:
        found = re.search(r"^Null: (.*?)(?=^Example: |\Z)", self.doc, re.MULTILINE | re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(_example(line[1]) for line in re.finditer(r"^Example: (.*)$", self.doc, re.MULTILINE))


def _example(line: str) -> Example:
    left, _, gives = line.rpartition(" → ")
    expression, _, text = left.partition(" with {")
    attributes: dict[str, Any] = json.loads("{" + text) if text else {}
    kind, _, words = gives.partition(" ")
    if kind == "error":
        return Example(expression=expression, attributes=attributes, kind="error", result=words)
    if kind == "like":
        return Example(expression=expression, attributes=attributes, kind="like", result=words)
    if kind == "absent":
        return Example(expression=expression, attributes=attributes, kind="absent", result=None)
    return Example(expression=expression, attributes=attributes, kind="result", result=json.loads(gives))


REGISTRY: dict[str, Function] = {}


def builder(
    signature: str,
    *,
    needs: frozenset[Needs] = frozenset(),
    foldable: bool = True,
    keywords: frozenset[str] = frozenset(),
) -> Callable[[Builder], Builder]:
    """Registers a function that makes its own closure: one that is lazy, reads the context or specialises.

    `signature` is written as in the docstring. `keywords` may stand in its last parameter.
    """

    def register(build: Builder) -> Builder:
        _register(signature, build, build, keywords=keywords, needs=needs, foldable=foldable)
        return build

    return register


def function(
    signature: str, *, keywords: frozenset[str] = frozenset()
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Registers a plain function of values. It raises Fault for what it cannot do; a parameter not given is None."""

    def register(plain: Callable[..., Value]) -> Callable[..., Value]:
        def build(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
            return applied(plain, name, arguments, column)

        _register(signature, plain, build, keywords=keywords)
        return plain

    return register


def _register(
    signature: str,
    documented: Callable[..., Any],
    build: Builder,
    *,
    keywords: frozenset[str],
    needs: frozenset[Needs] = frozenset(),
    foldable: bool = True,
) -> None:
    name, _, inside = signature.removesuffix(")").partition("(")
    words = [word.strip() for word in inside.split(",") if word.strip()]
    repeated = bool(words) and words[-1] == "…"
    words = words[:-1] if repeated else words
    parameters = tuple(
        Parameter(
            name=word.strip("[]"),
            optional=word.startswith("["),
            repeated=repeated and index == len(words) - 1,
            keywords=keywords if index == len(words) - 1 else frozenset(),
        )
        for index, word in enumerate(words)
    )
    doc = "\n".join(line.strip() for line in (documented.__doc__ or "").splitlines()).strip()
    family = documented.__module__.rpartition(".")[2]
    REGISTRY[name] = Function(
        name=name, parameters=parameters, family=family, doc=doc, build=build, needs=needs, foldable=foldable
    )


def failed(name: str, fault: Fault, column: int) -> ExpressionError:
    return ExpressionError(f"{name}: {fault}", column)


def applied(plain: Callable[..., Value], name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """The closure that evaluates the arguments and hands them to a plain function; one shape for each usual number."""
    evaluators = tuple(argument.evaluate for argument in arguments)
    match evaluators:
        case (first,) if isinstance(node := arguments[0].node, nodes.Attribute):
            attribute = node.name

            def of_attribute(source: AttributeSource, context: EvaluationContext) -> Value:
                try:
                    return plain(source.get(attribute))
                except Fault as fault:
                    raise failed(name, fault, column) from None

            return of_attribute
        case (first,):

            def of_one(source: AttributeSource, context: EvaluationContext) -> Value:
                value = first(source, context)
                try:
                    return plain(value)
                except Fault as fault:
                    raise failed(name, fault, column) from None

            return of_one
        case first, second:

            def of_two(source: AttributeSource, context: EvaluationContext) -> Value:
                left, right = first(source, context), second(source, context)
                try:
                    return plain(left, right)
                except Fault as fault:
                    raise failed(name, fault, column) from None

            return of_two
        case _:

            def of_several(source: AttributeSource, context: EvaluationContext) -> Value:
                values = [evaluate(source, context) for evaluate in evaluators]
                try:
                    return plain(*values)
                except Fault as fault:
                    raise failed(name, fault, column) from None

            return of_several
