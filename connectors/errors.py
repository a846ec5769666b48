"""The error tree of the connectors. An error's docstring is its message and ends with the next step.

SyncdError
  SourceError
    Incomplete        nobody's turn: this read is void, the next cycle tries again      this stream, this cycle
    AccessDenied      the operator's: credentials or permission                         this source
    NotConfigured     the operator's: the id in the configuration does not exist        this source
  TargetError
    Unreachable       nobody's: the next cycle tries again                              this target, this cycle
    Unauthorized      the operator's: the token                                         this target
    Unusable          the operator's: the answer is no SCIM                             this target
    Misconfigured     the operator's: url, profile or dialect cannot be used            this target
    ReadOnly          ours: a dry run tried to write                                    a bug
"""

from __future__ import annotations

from dataclasses import dataclass

from syncd.core.errors import SyncdError


@dataclass(kw_only=True, eq=False)
class SourceError(SyncdError):
    """Source {source}: {detail}. Run: syncd check"""

    source: str
    detail: str = ""


@dataclass(kw_only=True, eq=False)
class Incomplete(SourceError):
    """Source {source}: reading {step} did not come to its end ({detail}). Nothing is removed because of it; the next cycle reads again."""

    step: str = ""


@dataclass(kw_only=True, eq=False)
class AccessDenied(SourceError):
    """Source {source} refused {step} ({detail}). {remedy} Then run: syncd check"""

    step: str = ""
    remedy: str = "Give the application the permission it lacks."


@dataclass(kw_only=True, eq=False)
class NotConfigured(SourceError):
    """Source {source}: {detail}. Correct config.toml, then run: syncd check"""


@dataclass(kw_only=True, eq=False)
class TargetError(SyncdError):
    """Target {target}: {detail}. Run: syncd check"""

    target: str
    detail: str = ""


@dataclass(kw_only=True, eq=False)
class Unreachable(TargetError):
    """Target {target} does not answer ({detail}). Nothing was lost; the next cycle tries again. To see more: syncd check"""


@dataclass(kw_only=True, eq=False)
class Unauthorized(TargetError):
    """Target {target} refuses the credentials ({detail}). Renew the token in config.toml, then run: syncd check"""


@dataclass(kw_only=True, eq=False)
class Unusable(TargetError):
    """Target {target} does not speak SCIM here ({detail}). Check the url in config.toml, then run: syncd check"""


@dataclass(kw_only=True, eq=False)
class Misconfigured(TargetError):
    """Target {target}: {detail}. Correct config.toml, then run: syncd check"""


@dataclass(kw_only=True, eq=False)
class ReadOnly(TargetError):
    """Target {target} was opened for reading and was asked to write ({detail}). Please report this."""
