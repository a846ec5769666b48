"""What a configuration file refers to besides itself: its folder and the process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """Given to pydantic as the validation context, so that tests can pass their own."""

    folder: Path = field(default_factory=Path.cwd)  #: relative paths in the file start here
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def path(self, text: str) -> Path:
        """An absolute path; relative ones start at the file's folder, wherever the daemon was started."""
        return (self.folder / text).absolute()


def surroundings(info: ValidationInfo) -> Surroundings:
    """Those of the validation at hand."""
    return info.context if isinstance(info.context, Surroundings) else Surroundings()
