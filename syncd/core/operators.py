"""The operators of scoping filters: their names, and which values each one takes.

What each one does: comparisons.py. LESS_THAN, LESS_THAN_OR_EQUALS, IN, NOT IN, STARTS_WITH, BEFORE and AFTER (times in
ISO 8601, or relative to now) go beyond Entra.
Source: Microsoft Entra documentation, "Scoping users or groups to be provisioned with scoping filters".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncd.core.model import Json

_RELATIVE = re.compile(r"([+-][0-9]{1,5})([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """Which value one operator takes."""

    takes_value: bool = True
    numeric: bool = False  #: its value must be a number
    pattern: bool = False  #: its value is a regular expression
    dated: bool = False  #: its value must be a date or a time (ISO 8601), or a time relative to now
    several: bool = False  #: its value is a list


def moment(value: Json) -> datetime | None:
    """The time that a value in ISO 8601 gives: a date alone begins at midnight, and UTC is meant where no zone is said."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def relative(value: Json) -> timedelta | None:
    """How far from now a value such as "-30d", "+12h" or "now" lies; None for anything else."""
    if not isinstance(value, str):
        return None
    if value.strip().lower() == "now":
        return timedelta()
    found = _RELATIVE.fullmatch(value.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


OPERATORS: Mapping[str, Operator] = {
    "EQUALS": Operator(),
    "NOT EQUALS": Operator(),
    "IS TRUE": Operator(takes_value=False),
    "IS FALSE": Operator(takes_value=False),
    "IS NULL": Operator(takes_value=False),
    "IS NOT NULL": Operator(takes_value=False),
    "REGEX MATCH": Operator(pattern=True),
    "NOT REGEX MATCH": Operator(pattern=True),
    "GREATER_THAN": Operator(numeric=True),
    "GREATER_THAN_OR_EQUALS": Operator(numeric=True),
    "LESS_THAN": Operator(numeric=True),
    "LESS_THAN_OR_EQUALS": Operator(numeric=True),
    "BEFORE": Operator(dated=True),
    "AFTER": Operator(dated=True),
    "IN": Operator(several=True),
    "NOT IN": Operator(several=True),
    "STARTS_WITH": Operator(),
    "INCLUDES": Operator(),
    "ENDS_WITH": Operator(),
}


def operator_name(text: str) -> str | None:
    """The operator that a configuration names: letter case aside, space and underscore alike; None if there is none."""
    wanted = "_".join(text.upper().replace("_", " ").split())
    return next((name for name in OPERATORS if name.replace(" ", "_") == wanted), None)
