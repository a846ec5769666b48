"""The file that an administrator exported: JSON of bounded size, in one of the encodings that tools write."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import orjson

from syncd.config.faults import one_line
from syncd.core.entra_schema import EntraSchema, NotASchema, read_schema
from syncd.core.errors import SyncdError

SIZE_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(kw_only=True, eq=False)
class EntraSchemaError(SyncdError):
    """{file}: {detail}. Export it anew (GET servicePrincipals/ID/synchronization/jobs/JOB/schema), then run: syncd init --from-entra-schema FILE"""

    file: str
    detail: str


def load_entra_schema(path: Path) -> EntraSchema:
    """The schema in a JSON file of at most 16 MiB; - is standard input. Raises EntraSchemaError."""
    name = one_line(str(path))

    def refuse(detail: str) -> EntraSchemaError:
        return EntraSchemaError(file=name, detail=one_line(detail))

    content = _content(path, name)
    if len(content) > SIZE_LIMIT_BYTES:
        raise refuse(f"it is larger than {SIZE_LIMIT_BYTES} bytes; no schema is")
    # PowerShell's redirection writes UTF-16 with a byte order mark.
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return read_schema(orjson.loads(content.decode("utf-16" if utf16 else "utf-8-sig")))
    except UnicodeDecodeError:
        raise refuse("it is no JSON, which is UTF-8 text") from None
    except orjson.JSONDecodeError as error:
        raise refuse(f"it is no JSON: {error}") from None
    except NotASchema as error:
        raise refuse(str(error)) from None


def _content(path: Path, name: str) -> bytes:
    """At most one byte more than is allowed."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(SIZE_LIMIT_BYTES + 1)
        # A pipe or a device could be read without end.
        if path.exists() and not path.is_file():
            raise EntraSchemaError(file=name, detail="it is no regular file")
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise EntraSchemaError(file=name, detail=f"the file cannot be read ({reason})") from None
