"""What every table of config.toml has in common: frozen, strict, no unknown key, and all faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from syncd.config.faults import ADD, CORRECT, nearest_of
from syncd.core.model import Json

#: The type of the errors that carry a Wrong; all others are pydantic's own.
WRONG = "syncd"


class Wrong(NamedTuple):
    """A fault before file and table are known. No field may show a secret."""

    found: str
    right: str
    remedy: str = CORRECT
    #: a key of the table at hand, or the way to one deeper down; None: the value at hand itself
    key: str | tuple[str | int, ...] | None = None

    @property
    def location(self) -> tuple[str | int, ...]:
        if self.key is None:
            return ()
        return (self.key,) if isinstance(self.key, str) else self.key

    def error(self) -> PydanticCustomError:
        """To be raised by the validator of one value."""
        facts = {"found": self.found, "right": self.right, "remedy": self.remedy}
        return PydanticCustomError(WRONG, "{found}", facts)


class Section(BaseModel):
    """One table. `relations` adds what no single key can say, whether or not the keys themselves are right."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        """Faults between the keys of this table. `raw` is as the file has it: any type may stand anywhere."""
        del raw
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        wrongs = list(cls.relations(data)) if isinstance(data, Mapping) else []
        try:
            made = handler(data)
        except ValidationError as error:
            details = [cls._worded(each) for each in error.errors(include_url=False)]
        else:
            if not wrongs:
                return made
            details = []
        for wrong in wrongs:
            details.append(InitErrorDetails(type=wrong.error(), loc=wrong.location, input=None))
        raise ValidationError.from_exception_data(cls.__name__, details)

    @classmethod
    def _worded(cls, error: ErrorDetails) -> InitErrorDetails:
        """Unknown and missing keys get their words here, where the known ones are at hand."""
        location = error["loc"]
        wrong: Wrong | None = None
        if len(location) == 1 and error["type"] == "extra_forbidden":
            wrong = Wrong("unknown key", nearest_of(str(location[0]), list(cls.model_fields), "key"))
        elif len(location) == 1 and error["type"] == "missing":
            field = cls.model_fields.get(str(location[0]))
            wrong = Wrong("missing", (field.description if field else None) or "it must be given", ADD)
        elif error["type"] == WRONG:
            wrong = Wrong(**error["ctx"])
        kind = error["type"] if wrong is None else wrong.error()
        return InitErrorDetails(type=kind, loc=location, input=error["input"], ctx=error.get("ctx", {}))


def given(raw: Mapping[str, Json], *keys: str) -> list[str]:
    """Which of these keys the table has; a switch that is false counts as left out."""
    return [key for key in keys if key in raw and raw[key] is not False]
