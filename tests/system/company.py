"""A small company at Entra or at Okta: the same people, teams and events behind one set of verbs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp

from connectors.sandbox.clock import Clock
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.service import okta_app

TOKEN = "company"  #: opens the sandbox and nothing else


class Company(Protocol):
    """Its application is assigned to its teams, and to nobody else unless `assign` says so.

    People and teams are named by short words ("ada", "sales"); their logins and display names carry the company's
    `tag`, so that several companies can share a server. A person's id at the source is `ids[name]`.
    """

    kind: str
    domain: str
    tag: str
    ids: dict[str, str]
    app: ASGIApp

    def source(self, folder: Path, url: str) -> str:
        """The table of config.toml, with its secrets in the folder."""
        ...

    def hire(self, name: str, *teams: str, title: str | None = "Engineer") -> str:
        """A new colleague in these teams. Gives the login."""
        ...

    def set_title(self, name: str, title: str | None) -> None: ...

    def set_given_name(self, name: str, given: str) -> None: ...

    def set_mail(self, name: str, mail: str) -> None: ...

    def rename(self, name: str, new: str) -> str:
        """Another login, mail address and surname for the same person. Gives the login."""
        ...

    def disable(self, name: str) -> None: ...

    def enable(self, name: str) -> None: ...

    def assign(self, name: str) -> None:
        """The application directly, beside what teams give."""
        ...

    def unassign(self, name: str) -> None: ...

    def purge(self, name: str) -> None:
        """Delete a person for good."""
        ...

    def found(self, team: str, *, assigned: bool = True) -> str:
        """A new team. Gives its display name."""
        ...

    def rename_team(self, team: str, new: str) -> str: ...

    def dissolve(self, team: str) -> None: ...

    def withdraw(self, team: str) -> None:
        """The application is no longer the team's."""
        ...

    def join(self, team: str, *names: str) -> None: ...

    def leave(self, team: str, *names: str) -> None: ...


def write_secret(file: Path, secret: str) -> None:
    """As an administrator leaves it: readable by its owner alone."""
    file.touch(mode=0o600)
    file.write_text(f"{secret}\n", encoding="utf-8")


class _Words:
    domain = "company.example"

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.ids: dict[str, str] = {}

    def login(self, name: str) -> str:
        return f"{name}.{self.tag}@{self.domain}"

    def team_name(self, team: str) -> str:
        return f"{team.capitalize()} {self.tag}"


class GraphCompany(_Words):
    """At Entra."""

    kind = "graph"

    def __init__(self, tag: str, clock: Clock | None = None) -> None:
        super().__init__(tag)
        self.directory = GraphDirectory(clock=clock, domain=self.domain, seed=len(tag))
        self.application = self.directory.create_application("Product")
        self.app = graph_app(self.directory)

    def source(self, folder: Path, url: str) -> str:
        write_secret(folder / "source.token", "sandbox")
        return f"""
[sources.company]
kind = "graph"
endpoint = "{url}/v1.0"
access_token = {{ file = "{folder / "source.token"}" }}
service_principal_id = "{self.application}"
"""

    def hire(self, name: str, *teams: str, title: str | None = "Engineer") -> str:
        login = self.login(name)
        self.ids[name] = self.directory.create_user(
            userPrincipalName=login,
            mail=login,
            mailNickname=login.partition("@")[0],
            displayName=f"{name.capitalize()} {self.tag}",
            givenName=name.capitalize(),
            surname=self.tag,
            jobTitle=title,
            department="Products",
        )
        for team in teams:
            self.join(team, name)
        return login

    def set_title(self, name: str, title: str | None) -> None:
        self.directory.update_user(self.ids[name], jobTitle=title)

    def set_given_name(self, name: str, given: str) -> None:
        self.directory.update_user(self.ids[name], givenName=given)

    def set_mail(self, name: str, mail: str) -> None:
        self.directory.update_user(self.ids[name], mail=mail)

    def rename(self, name: str, new: str) -> str:
        login = self.login(new)
        self.directory.update_user(self.ids[name], userPrincipalName=login, mail=login, surname=f"{self.tag}-{new}")
        return login

    def disable(self, name: str) -> None:
        self.directory.disable_user(self.ids[name])

    def enable(self, name: str) -> None:
        self.directory.enable_user(self.ids[name])

    def assign(self, name: str) -> None:
        self.directory.assign(self.ids[name])

    def unassign(self, name: str) -> None:
        self.directory.unassign(self.ids[name])

    def purge(self, name: str) -> None:
        self.directory.purge(self.ids[name])

    def set_manager(self, name: str, manager: str | None) -> None:
        self.directory.set_manager(self.ids[name], self.ids[manager] if manager else None)

    def found(self, team: str, *, assigned: bool = True) -> str:
        self.ids[team] = self.directory.create_group(self.team_name(team))
        if assigned:
            self.directory.assign(self.ids[team])
        return self.team_name(team)

    def rename_team(self, team: str, new: str) -> str:
        self.directory.rename_group(self.ids[team], self.team_name(new))
        return self.team_name(new)

    def dissolve(self, team: str) -> None:
        self.directory.delete(self.ids[team])

    def withdraw(self, team: str) -> None:
        self.directory.unassign(self.ids[team])

    def join(self, team: str, *names: str) -> None:
        self.directory.add_members(self.ids[team], *(self.ids[name] for name in names))

    def leave(self, team: str, *names: str) -> None:
        self.directory.remove_members(self.ids[team], *(self.ids[name] for name in names))


class OktaCompany(_Words):
    """At Okta."""

    kind = "okta"

    def __init__(self, tag: str, clock: Clock | None = None) -> None:
        super().__init__(tag)
        self.directory = OktaDirectory(clock=clock, seed=len(tag))
        self.directory.access.add_api_token(TOKEN)
        self.application = self.directory.create_app("Product").id
        self.app = okta_app(self.directory)

    def source(self, folder: Path, url: str) -> str:
        write_secret(folder / "source.token", TOKEN)
        return f"""
[sources.company]
kind = "okta"
org_url = "{url}"
token = {{ file = "{folder / "source.token"}" }}
app_id = "{self.application}"
"""

    def hire(self, name: str, *teams: str, title: str | None = "Engineer") -> str:
        login = self.login(name)
        profile = {
            "login": login,
            "email": login,
            "firstName": name.capitalize(),
            "lastName": self.tag,
            "displayName": f"{name.capitalize()} {self.tag}",
            "title": title,
            "department": "Products",
        }
        self.ids[name] = self.directory.create_user(profile).id
        for team in teams:
            self.join(team, name)
        return login

    def set_title(self, name: str, title: str | None) -> None:
        self.directory.update_user(self.ids[name], {"title": title})

    def set_given_name(self, name: str, given: str) -> None:
        self.directory.update_user(self.ids[name], {"firstName": given})

    def set_mail(self, name: str, mail: str) -> None:
        self.directory.update_user(self.ids[name], {"email": mail})

    def rename(self, name: str, new: str) -> str:
        login = self.login(new)
        self.directory.update_user(self.ids[name], {"login": login, "email": login, "lastName": f"{self.tag}-{new}"})
        return login

    def disable(self, name: str) -> None:
        self.directory.set_status(self.ids[name], "DEPROVISIONED", event="lifecycle.deactivate")

    def enable(self, name: str) -> None:
        self.directory.set_status(self.ids[name], "ACTIVE", event="lifecycle.activate")

    def assign(self, name: str) -> None:
        self.directory.assign_user(self.application, self.ids[name])

    def unassign(self, name: str) -> None:
        self.directory.unassign_user(self.application, self.ids[name])

    def purge(self, name: str) -> None:
        self.disable(name)
        self.directory.delete_user(self.ids[name])

    def found(self, team: str, *, assigned: bool = True) -> str:
        self.ids[team] = self.directory.create_group(self.team_name(team)).id
        if assigned:
            self.directory.assign_group(self.application, self.ids[team])
        return self.team_name(team)

    def rename_team(self, team: str, new: str) -> str:
        self.directory.update_group(self.ids[team], {"name": self.team_name(new)})
        return self.team_name(new)

    def dissolve(self, team: str) -> None:
        self.directory.delete_group(self.ids[team])

    def withdraw(self, team: str) -> None:
        self.directory.unassign_group(self.application, self.ids[team])

    def join(self, team: str, *names: str) -> None:
        for name in names:
            self.directory.add_member(self.ids[team], self.ids[name])

    def leave(self, team: str, *names: str) -> None:
        for name in names:
            self.directory.remove_member(self.ids[team], self.ids[name])


COMPANIES: dict[str, type[GraphCompany] | type[OktaCompany]] = {"graph": GraphCompany, "okta": OktaCompany}

#: enough of them that two or three leavers are no mass removal
PEOPLE: Sequence[str] = (
    "ada", "ben", "cem", "dea", "eve", "fay", "gil", "hal", "ida", "jan", "kim", "leo", "mia", "ned", "ola", "pia",
    "quy", "rex", "sue", "tom", "una", "vic", "wes", "xia", "yan", "zoe", "abe", "bea", "cal", "dot",
)  # fmt: skip
