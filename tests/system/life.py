"""The working life of one company at one SCIM server that others wrote: both sides, the recorder between, and the job."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sandbox.serve import serve
from syncd.config import load
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.servers import RunningServer
from tests.system.company import COMPANIES, PEOPLE, Company, write_secret
from tests.system.conftest import sync_once
from tests.system.product import Product, Resource
from tests.system.recorder import Recorder, words


@dataclass(kw_only=True)
class Life:
    """One company, one product, and the job between them."""

    company: Company
    product: Product
    recorder: Recorder
    runtime: Runtime
    untouched: dict[str, Resource] = field(default_factory=dict)  #: what was there before and is not the company's
    adopted: Resource = field(default_factory=dict)  #: an account that was there before and is somebody's here
    adopted_group: Resource = field(default_factory=dict)
    initial: JobResult | None = None
    finished: bool = True  #: the last test came to its end
    _seen: int = 0

    def sync(self, *, code: int = 0, **wish: Any) -> list[dict[str, Any]]:
        """One cycle; gives the report's changes."""
        self._seen = self.recorder.now
        result = sync_once(self.runtime, "job", **wish)
        told = result.data(self.runtime.store)
        assert result.exit_code == code, told
        changes: list[dict[str, Any]] = told["changes"]
        return changes

    @property
    def written(self) -> list[str]:
        """What the last cycle wrote on the wire."""
        return words(self.recorder.writes(self._seen))

    def account(self, name: str) -> Resource:
        return self.product.user(self.company.login(name))

    def steady(self) -> None:
        """A further cycle over everything on both sides writes nothing and finds nothing to do."""
        if not self.product.extends:  # it makes displayName from the other names, which a full cycle mends once at most
            self.sync(full=True)
        changes = self.sync(full=True)
        assert self.written == [], changes
        assert changes == []
        self.finished = True


@contextmanager
def lived(
    kind: str, server: RunningServer, folder: Path, *, people: int = len(PEOPLE), more: str = ""
) -> Iterator[Life]:
    """After the initial cycle of a company of thirty, at a server where others are at home too. `more`: TOML behind the
    job's table."""
    company: Company = COMPANIES[kind](uuid.uuid4().hex[:8])
    for team in ("sales", "legal", "support", "design", "research"):
        company.found(team)
    for number, person in enumerate(PEOPLE[:people]):
        company.hire(person, "sales" if number % 2 else "legal", *(("support",) if number % 3 == 0 else ()))
    with (
        closing(Product(server)) as product,
        Recorder(server) as recorder,
        serve({"source": company.app}) as served,
        closing(
            Runtime.open(load(_configured(folder, company, served["source"], recorder, server, more=more)))
        ) as runtime,
    ):
        life = Life(company=company, product=product, recorder=recorder, runtime=runtime)
        stranger = product.add_user(f"stranger.{company.tag}@elsewhere.example")
        product.add_group(f"Strangers {company.tag}", str(stranger["id"]))
        life.adopted = product.add_user(company.login("ada"), displayName="Old Hand", nickName="Countess")
        life.adopted_group = product.add_group(company.team_name("legal"), str(stranger["id"]))
        ours = {str(life.adopted["id"]), f"group {life.adopted_group['id']}"}
        life.untouched = {id_: one for id_, one in product.everything().items() if id_ not in ours}
        life.initial = sync_once(runtime, "job")
        yield life


def _configured(
    folder: Path, company: Company, source: str, recorder: Recorder, server: RunningServer, *, more: str
) -> Path:
    write_secret(folder / "target.token", server.token)
    path = folder / "config.toml"
    path.write_text(
        f"""
[state]
url = "sqlite:///{folder / "state.db"}"
{company.source(folder, source)}
[targets.product]
kind = "scim"
url = "{recorder.url}"
token = {{ file = "{folder / "target.token"}" }}
profile = "generic"

[jobs.job]
source = "company"
target = "product"
schedule = "1m"
drift = "repair"
{more}
""",
        encoding="utf-8",
    )
    return path
