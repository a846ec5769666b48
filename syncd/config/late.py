"""A table inside another one whose validator is built when a file first has that table."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from syncd.core.model import Json


class Late:
    """`Annotated[Users, Late()]`: what stands there is a Users, with the same faults at the same places.

    Building a validator takes a millisecond or two, and most files have few of all the tables there are. A default has
    to be made by `model_construct`, which needs none.
    """

    _table: type[BaseModel]

    def __get_pydantic_core_schema__(self, table: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, info: ValidationInfo) -> BaseModel:
            return table.model_validate(value, context=info.context)

        self._table = table
        return core_schema.with_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, describe: GetJsonSchemaHandler) -> Json:
        self._table.model_rebuild()
        # As a field's type it gets its place under $defs, like a table that is built with the one around it.
        return describe(core_schema.model_field(self._table.__pydantic_core_schema__))
