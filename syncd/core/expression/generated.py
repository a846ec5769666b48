"""Functions whose result the object alone does not decide: chance, the tenant, names in use."""

from __future__ import annotations

import string
import uuid
from collections.abc import Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import ExpressionError, Fault
from syncd.core.expression.functions import Argument, Evaluator, builder, failed
from syncd.core.expression.values import Value, integer, text

#: The special characters of the Windows password policy "Password must meet complexity requirements".
_SPECIAL = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
_CLASSES = (string.digits, _SPECIAL, string.ascii_uppercase, string.ascii_lowercase)
_LONGEST = 256


@builder("Guid()", needs=frozenset({"chance"}))
def guid(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Guid(): a new random GUID at each evaluation, lower-case, 8-4-4-4-12.

    Map it with apply = "on-create", or the target is rewritten in every cycle.

    Null: takes no arguments.
    Example: Guid() → like [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}
    """

    def new(source: AttributeSource, context: EvaluationContext) -> Value:
        return str(uuid.UUID(int=context.random.getrandbits(128), version=4))

    return new


def _random_text(context: EvaluationContext, values: Sequence[Value]) -> str:
    length = integer(values[0], "length")
    names = ("minNumbers", "minSpecial", "minCapital", "minLower")
    least = [
        0 if value is None else integer(value, name)
        for name, value in zip(names, [*values[1:5], *[None] * 4], strict=False)
    ]
    avoid = set((text(values[5]) if len(values) > 5 else None) or "")
    if min(least) < 0 or not sum(least) <= length <= _LONGEST:
        raise Fault(
            f"length is {length}; it must be at least the sum of the minima, {sum(least)}, and at most {_LONGEST}"
        )
    classes = [[each for each in letters if each not in avoid] for letters in _CLASSES]
    for letters, minimum, name in zip(classes, least, names, strict=True):
        if minimum and not letters:
            raise Fault(f"charactersToAvoid leaves nothing for {name}")
    asked = [letters for letters, minimum in zip(classes, least, strict=True) if minimum] or [classes[0], *classes[2:]]
    rest = [each for letters in asked for each in letters]
    if length > sum(least) and not rest:
        raise Fault("charactersToAvoid leaves no character")
    found = [
        context.random.choice(letters) for letters, minimum in zip(classes, least, strict=True) for _ in range(minimum)
    ]
    found += [context.random.choice(rest) for _ in range(length - len(found))]
    context.random.shuffle(found)
    return "".join(found)


@builder(
    "RandomString(length, [minNumbers], [minSpecial], [minCapital], [minLower], [charactersToAvoid])",
    needs=frozenset({"chance"}),
)
def random_string(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """RandomString(length, [minNumbers], [minSpecial], [minCapital], [minLower], [charactersToAvoid]): a random text of that length.

    It has at least the given numbers of digits, special characters, capitals and small letters, and none of the
    characters to avoid. What is left of the length (at most 256) comes from the classes that have a minimum, or from
    digits and letters where none has. Map it with apply = "on-create".

    Null: what is left out or empty is 0, or nothing to avoid.
    Example: RandomString(6, 3, 0, 0, 3) → like (?=(?:.*[0-9]){3})(?=(?:.*[a-z]){3})[0-9a-z]{6}
    Example: RandomString(3, 3, 0, 0, 0, ) → like [0-9]{3}
    Example: RandomString(2, 3) → error at least the sum of the minima
    """
    evaluators = tuple(argument.evaluate for argument in arguments)

    def new(source: AttributeSource, context: EvaluationContext) -> Value:
        values = [evaluate(source, context) for evaluate in evaluators]
        try:
            return _random_text(context, values)
        except Fault as fault:
            raise failed(name, fault, column) from None

    return new


@builder("DefaultDomain()", needs=frozenset({"tenant"}))
def default_domain(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """DefaultDomain(): the tenant's default verified domain.

    Null: takes no arguments; where the domain is not known it is an error.
    Example: DefaultDomain() → error the tenant's default domain is not known here
    """

    def domain(source: AttributeSource, context: EvaluationContext) -> Value:
        if context.default_domain is None:
            raise ExpressionError(f"{name}: the tenant's default domain is not known here", column)
        return context.default_domain

    return domain


@builder("SelectUniqueValue(rule1, rule2, …)", needs=frozenset({"target"}))
def select_unique_value(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """SelectUniqueValue(rule1, rule2, …): the first of the rules' values that is not in use at the target.

    It stands at the top of the expression only, and is meant for apply = "on-create". If all are taken, the object fails
    with the values that were tried. Where nobody can say what is in use, the first value is taken.

    Null: rules that give null or the empty text are passed over; all of them so give null.
    Example: SelectUniqueValue(Join(".", [givenName], [surname]), Join(".", Left([givenName], 1), [surname])) with {"givenName": "John", "surname": "Smith"} → "John.Smith"
    """
    evaluators = tuple(argument.evaluate for argument in arguments)

    def first_free(source: AttributeSource, context: EvaluationContext) -> Value:
        tried: list[str] = []
        for evaluate in evaluators:
            value = evaluate(source, context)
            try:
                candidate = text(value)
            except Fault as fault:
                raise failed(name, fault, column) from None
            if candidate:
                if context.taken is None or not context.taken(candidate):
                    return candidate
                tried.append(candidate)
        if tried:
            raise ExpressionError(f"{name}: all values are in use at the target: {', '.join(tried)[:200]}", column)
        return None

    return first_free
