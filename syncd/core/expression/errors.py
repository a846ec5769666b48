"""What can go wrong in an expression, and the two signals that are no errors.

SyncdError
  ExpressionError     the operator's turn: message and column                  the load of the configuration, or one object
Fault                 inside a function, before the column is known: becomes an ExpressionError
IgnoreAttribute       a flow token: this attribute takes no part now           inside; `evaluate` gives IGNORE_ATTRIBUTE
IgnoreObject          a flow token: this object takes no part now              leaves `evaluate`
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from syncd.core.errors import SyncdError


@dataclass(eq=False)
class ExpressionError(SyncdError):
    """{message} (column {column}). To try an expression: syncd eval EXPRESSION"""

    message: str  #: what was found and what was expected, without the place
    column: int  #: 1-based, counted in characters over the whole text, line breaks included


class Fault(Exception):
    """A function cannot work with the values that it was given; the message is for people."""


class IgnoreAttribute(Exception):
    """The flow token IgnoreAttributeFlow, or IgnoreFlowIfNullOrEmpty of nothing, on its way to `evaluate`."""


class IgnoreObject(Exception):
    """The flow token IgnoreObjectFlow was reached: the whole object is to be skipped in this cycle."""


class Ignored(Enum):
    """The type of IGNORE_ATTRIBUTE, so that type checkers can tell it from a value."""

    ATTRIBUTE = "IgnoreAttributeFlow"


#: The result of an expression whose attribute is to be neither set nor cleared now.
IGNORE_ATTRIBUTE: Final = Ignored.ATTRIBUTE
