"""What an expression may ask besides the object's attributes: the time, chance, the tenant's domain, names in use."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


class AttributeSource(Protocol):
    """Anything that gives attribute values by name; None for an absent one. A dict will do."""

    def get(self, name: str, /) -> Any: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationContext:
    """The surroundings of one evaluation. A cycle passes one context for all its objects, so that all see one time."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: random.Random = field(default_factory=random.SystemRandom)  #: RandomString may make first passwords
    default_domain: str | None = None  #: for DefaultDomain(); None: not known
    taken: Callable[[str], bool] | None = None  #: for SelectUniqueValue; None: nothing is in use
    time_limit_s: float = 0.1  #: for one evaluation of one regular expression
