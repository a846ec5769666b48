"""Product profiles that are files of the user's own: read and tried before anything is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.config import Settings
from syncd.core.errors import SyncdError

if TYPE_CHECKING:
    from connectors.scim.profile import Profile


def own_profiles(settings: Settings) -> dict[str, Profile]:
    """Profiles of the user's own, by target, their mapping rows compiled: faults are told before anything is done.

    Raises ProfileError with the faults of all of them, also for a name that is not known. The built-in ones are known to
    be right.
    """
    if all(said.profile == "generic" for said in settings.targets.values()):
        return {}
    from connectors.scim.built_in import built_in  # noqa: PLC0415 - what says nothing of profiles loads nothing of them

    known = built_in()
    own = {name: said.profile for name, said in settings.targets.items() if said.profile not in known}
    if not own:
        return {}
    from connectors.scim.profiles import ProfileError, load_profile, raise_faults  # noqa: PLC0415 - a look needs none

    profiles: dict[str, Profile] = {}
    faults: list[ProfileError] = []
    for name, file in own.items():
        try:
            profiles[name] = load_profile(file)
        except ProfileError as error:
            faults.append(error)
    raise_faults(faults)
    for name, said in settings.jobs.items():
        if said.target in own:
            details = _row_faults(settings, name, profiles[said.target])
            faults += [ProfileError(profile=own[said.target], detail=detail) for detail in details]
    raise_faults(faults)
    return profiles


def _row_faults(settings: Settings, job: str, profile: Profile) -> list[str]:
    """What is wrong with a profile's rows in this job: each row for itself, else what only their whole shows."""
    from syncd.job_compiler import compile_job  # noqa: PLC0415 - a command that only looks needs no expressions
    from syncd.mapping_rows import row_faults  # noqa: PLC0415 - likewise

    if wrong := list(row_faults(settings.sources[settings.jobs[job].source].kind, profile)):
        return wrong
    try:
        compile_job(settings, job, {}, profile)
    except SyncdError as error:
        return [str(error).rpartition(". ")[0] or str(error)]
    return []
