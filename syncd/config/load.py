"""Finds and reads config.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syncd.config.faults import ConfigError, Fault
from syncd.config.references import reference_faults
from syncd.config.settings import Settings
from syncd.config.surroundings import Surroundings
from syncd.config.wording import fault, fault_at
from syncd.core.model import Json

VARIABLE = "SYNCD_CONFIG"
PLACES = (Path("config.toml"), Path("/etc/syncd/config.toml"))
SIZE_LIMIT_BYTES = 4 * 1024 * 1024

_MAKE = "Write one (syncd init prints one to start from), or name another with --config"


def find_path(
    cli_value: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    places: tuple[Path, ...] = PLACES,
) -> Path:
    """The configuration file: the one named, else $SYNCD_CONFIG, else ./config.toml, else /etc/syncd/config.toml.

    A file that is named is not looked for here: `load` says so if it is missing. Raises ConfigError if there is none.
    """
    if cli_value is not None:
        return Path(cli_value)
    if named := (os.environ if environ is None else environ).get(VARIABLE):
        return Path(named)
    for place in places:
        try:
            if place.is_file():
                return place
        except OSError:  # in a folder that is closed to this user, who hears so when it is read
            return place
    looked = " and ".join(str(place) for place in places)
    right = f"looked for {looked}; ${VARIABLE} is not set"
    raise ConfigError(
        faults=(Fault(file=str(places[0]), key="", found="no configuration file", right=right, remedy=_MAKE),)
    )


def load(path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in one file, every secret resolved. Raises ConfigError with every fault found, one line each.

    Relative paths in the file start at its folder. `environ` stands in for the process's environment in tests.
    """
    file = Path(path)
    raw = _frozen(_read(file))
    around = Surroundings(folder=file.absolute().parent, environ=os.environ if environ is None else environ)
    faults: list[Fault] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(raw, context=around)
    except ValidationError as error:
        faults += [fault(str(file), each) for each in error.errors(include_url=False)]
    faults += [fault_at(str(file), location, wrong) for location, wrong in reference_faults(raw)]
    if settings is None or faults:
        raise ConfigError(faults=tuple(dict.fromkeys(faults)))
    return settings


def _read(file: Path) -> dict[str, Any]:
    def refuse(found: str, right: str, remedy: str = "Correct it, then run: syncd check") -> ConfigError:
        return ConfigError(faults=(Fault(file=str(file), key="", found=found, right=right, remedy=remedy),))

    try:
        if file.exists() and not file.is_file():
            raise refuse("no regular file", "the configuration is a TOML file", _MAKE)
        with file.open("rb") as opened:
            content = opened.read(SIZE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise refuse("the file does not exist", "it must be a configuration", _MAKE) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise refuse(f"the file cannot be read ({reason})", "it must be readable for syncd") from None
    if len(content) > SIZE_LIMIT_BYTES:
        raise refuse(f"larger than {SIZE_LIMIT_BYTES} bytes", "no configuration is") from None
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise refuse(f"byte {error.start} is no UTF-8", "TOML is UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise refuse("no TOML", str(error)) from None
    except (RecursionError, ValueError):
        raise refuse("no TOML", "tables nested too deeply, or a number of too many digits") from None


def _frozen(value: Json) -> Json:
    """Lists as tuples, which is what the settings hold."""
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    return value
