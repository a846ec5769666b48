"""The sandbox as a whole: an Entra tenant, an Okta organisation and a SCIM service each, served on loopback.

Gives the configuration that works with it; secrets are written to files beside it, as a real one has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from connectors.sandbox.clock import Clock
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.generate import Tenant
from connectors.sandbox.graph.generate import generate as generate_tenant
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.generate import generate as generate_organisation
from connectors.sandbox.okta.service import okta_app
from connectors.sandbox.scim.app import scim_app
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.serve import Served, serve

GRAPH_TOKEN = "sandbox"  # noqa: S105 - opens the sandbox and nothing else
OKTA_TOKEN = "sandbox-okta"  # noqa: S105 - likewise
SCIM_TOKEN = "sandbox-scim"  # noqa: S105 - likewise
_TOKENS = {"graph": GRAPH_TOKEN, "okta": OKTA_TOKEN, "scim": SCIM_TOKEN}


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldSize:
    """How much is generated, and what the SCIM service is like."""

    users: int = 120
    groups: int | None = None  #: None: in proportion
    seed: int = 1
    quirks: Quirks | str = "strict"


class World:
    """All three services over their directories. `graph`, `okta` and `scim` are the truth to change and to look at;
    Graph's people go to `scim`, Okta's to `scim_okta`."""

    def __init__(self, size: WorldSize | None = None, *, clock: Clock | None = None) -> None:
        size = size or WorldSize()
        clock = clock or Clock()
        self.graph = GraphDirectory(clock=clock)
        self.tenant = Tenant(seed=size.seed, users=size.users, groups=size.groups)
        generate_tenant(self.graph, self.tenant)
        self.okta = OktaDirectory(clock=clock)
        self.app_id = generate_organisation(self.okta, users=size.users, groups=size.groups).apps[0]
        self.okta.access.add_api_token(OKTA_TOKEN)
        self.scim, self.scim_okta = ScimDirectory(clock), ScimDirectory(clock)
        self.apps = {
            "graph": graph_app(self.graph),
            "okta": okta_app(self.okta),
            "scim": scim_app(self.scim, quirks=size.quirks, token=SCIM_TOKEN),
            "scim_okta": scim_app(self.scim_okta, quirks=size.quirks, token=SCIM_TOKEN),
        }
        self._served: Served | None = None

    def serve(self, *, port: int = 0) -> World:
        """Answer on loopback: on free ports, or on `port` and the next three."""
        self._served = serve(self.apps, port=port).start()
        return self

    def __enter__(self) -> World:
        return self.serve() if self._served is None else self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._served is not None:
            self._served.stop()
            self._served = None

    def url(self, name: str) -> str:
        """Base URL of a service that is being served."""
        if self._served is None:
            raise RuntimeError("the sandbox is not being served")
        return self._served[name]

    def write_config(self, folder: Path, *, extra: str = "") -> Path:
        """Write config.toml and the secrets' files into a folder. Returns the file's path."""
        for name, token in _TOKENS.items():
            file = folder / f"{name}.token"
            file.touch(mode=0o600)
            file.write_text(token + "\n", encoding="utf-8")
        path = folder / "config.toml"
        path.write_text(self.config(folder) + extra, encoding="utf-8")
        return path

    def config(self, folder: Path) -> str:
        """config.toml for this sandbox, with the secrets' files that `write_config` writes into the folder. Its paths
        are absolute: it works wherever it is put."""
        at = folder.absolute()
        return f"""\
[state]
url = "sqlite:///{at}/state.db"

[sources.contoso]
kind = "graph"
endpoint = "{self.url("graph")}/v1.0"
access_token = {{ file = "{at}/graph.token" }}
service_principal_id = "{self.tenant.service_principal_id}"

[sources.acme]
kind = "okta"
org_url = "{self.url("okta")}"
token = {{ file = "{at}/okta.token" }}
app_id = "{self.app_id}"

[targets.sandbox]
kind = "scim"
url = "{self.url("scim")}/scim"
token = {{ file = "{at}/scim.token" }}

[targets.sandbox-okta]
kind = "scim"
url = "{self.url("scim_okta")}/scim"
token = {{ file = "{at}/scim.token" }}

[jobs.entra]
source = "contoso"
target = "sandbox"
schedule = "1m"

[jobs.okta]
source = "acme"
target = "sandbox-okta"
schedule = "1m"
"""
