"""config.toml as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from syncd.config.faults import ADD
from syncd.config.graph_source import GraphSource
from syncd.config.identifier import Name
from syncd.config.job import Job
from syncd.config.late import Late
from syncd.config.okta_source import OktaSource
from syncd.config.section import Section, Wrong
from syncd.config.service import Log, Metrics, Notify
from syncd.config.state import State
from syncd.config.target import Target
from syncd.core.model import Json

Source = Annotated[GraphSource | OktaSource, Field(discriminator="kind")]


class Settings(Section):
    """Everything that the file says; every secret resolved, every default filled in."""

    state: Annotated[State, Late()] = Field(default_factory=State.model_construct, description="Where the state DB is")
    sources: Mapping[Name, Source] = Field(default_factory=dict, description="Directories that are read, by name")
    targets: Mapping[Name, Target] = Field(default_factory=dict, description="SCIM services that are written, by name")
    jobs: Mapping[Name, Job] = Field(default_factory=dict, description="What is brought where, by name")
    log: Annotated[Log, Late()] = Field(default_factory=Log.model_construct, description="Logs and their keeping")
    notify: Annotated[Notify, Late()] = Field(default_factory=Notify.model_construct, description="Notifications")
    metrics: Annotated[Metrics, Late()] = Field(
        default_factory=Metrics.model_construct, description="Metrics and health"
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        jobs = raw.get("jobs", {})
        if isinstance(jobs, Mapping) and not jobs:
            yield Wrong("no jobs", "write a table [jobs.NAME] with source and target", ADD, key="jobs")
