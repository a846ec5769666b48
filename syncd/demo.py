"""`syncd demo` and `syncd sandbox`: the whole of syncd on one's own machine, without an account anywhere.

The demo runs what an administrator would see in the first days: a dry run, a sync, a day's changes (joiner, mover,
leaver, rename, role change), a dry run of them, a sync, and a sync that writes nothing.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from connectors.sandbox.world import World, WorldSize
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult
from syncd.report.steps import say
from syncd.report.text import print_report
from syncd.runtime import Runtime

USERS = 120
_ROLE_MAPPING = """
[[jobs.entra.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.entra.users.mappings]]
target = "active"
expression = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
[[jobs.entra.users.mappings]]
target = "displayName"
source = "displayName"
[[jobs.entra.users.mappings]]
target = "name.givenName"
source = "givenName"
[[jobs.entra.users.mappings]]
target = "name.familyName"
source = "surname"
[[jobs.entra.users.mappings]]
target = 'emails[type eq "work"].value'
source = "mail"
[[jobs.entra.users.mappings]]
target = "title"
source = "jobTitle"
[[jobs.entra.users.mappings]]
target = "userType"
expression = 'IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin", "User")'
[[jobs.entra.users.mappings]]
target = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
source = "department"
[[jobs.entra.users.mappings]]
target = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
source = "manager"
"""


async def demo(console: Console) -> int:
    """Run the demo. Returns 0 if its last sync wrote nothing, and everything before it went well."""
    with World(WorldSize(users=USERS)) as world, tempfile.TemporaryDirectory(prefix="syncd-demo-") as folder:
        runtime = Runtime.open(load(world.write_config(Path(folder), extra=_ROLE_MAPPING)))
        try:
            return await _show(console, world, runtime)
        finally:
            runtime.close()


async def _show(console: Console, world: World, runtime: Runtime) -> int:
    async def run(title: str, *, dry: bool) -> list[JobResult]:
        say(console, Text(f"\n━━ {title} {'━' * max(3, 76 - len(title))}\n", style="bold blue"))
        results = await sync(runtime, (), Wish(dry=dry))
        print_report(console, results, runtime.store)
        return results

    first = await run("syncd --dry-run", dry=True)
    done = await run("syncd sync", dry=False)
    say(console, Text("\n━━ A day at the source " + "━" * 58 + "\n", style="bold blue"))
    for line in a_day(world):
        say(console, f"  {line}")
    second = await run("syncd --dry-run", dry=True)
    done += await run("syncd sync", dry=False)
    last = await run("syncd sync, once more: nothing is left to do", dry=False)
    exact = [r.checksum for r in (*first, *second)] == [r.checksum for r in done]
    quiet = not any(sum(n for word, n in r.counts.items() if word != "skip") for r in last)
    say(console, f"each dry run's plan was the plan applied: {'yes' if exact else 'NO'}")
    say(console, f"the last sync wrote nothing: {'yes' if quiet else 'NO'}")
    return 0 if exact and quiet and all(r.exit_code == 0 for r in (*done, *last)) else 1


def a_day(world: World) -> list[str]:
    """Change both directories as a day does. Returns what happened, in words."""
    graph, okta = world.graph, world.okta
    assigned = [row.principal_id for row in graph.assignments if row.ended is None and row.principal_type == "User"]
    people = [id_ for id_ in dict.fromkeys(assigned) if graph.user(id_).properties.get("accountEnabled")][:4]
    joiner = graph.create_user(
        userPrincipalName="ada.lovelace@contoso.example",
        displayName="Ada Lovelace",
        givenName="Ada",
        surname="Lovelace",
        mail="ada.lovelace@contoso.example",
        jobTitle="Analyst",
        department="Research",
        accountEnabled=True,
    )
    graph.assign(joiner, role="Admin")
    mover, renamed, leaver, promoted = people
    names = {id_: str(graph.user(id_).properties["displayName"]) for id_ in people}
    graph.update_user(mover, department="Design", jobTitle="Lead designer")
    graph.update_user(
        renamed,
        surname="Okonkwo-Berg",
        userPrincipalName="renamed.okonkwo-berg@contoso.example",
        mail="renamed.okonkwo-berg@contoso.example",
    )
    graph.unassign(leaver)
    for group in list(graph.groups_of(leaver)):
        graph.remove_members(group, leaver)
    graph.unassign(promoted)
    graph.assign(promoted, role="Admin")
    app_user = next(iter(okta.app(world.app_id).app_users))
    okta.update_user(app_user, {"title": "Principal engineer"})
    return [
        "Entra: Ada Lovelace joins, assigned as Admin",
        f"Entra: {names[mover]} moves to Design",
        f"Entra: {names[renamed]} marries, and gets a new name, login and mail",
        f"Entra: {names[leaver]} is unassigned",
        f"Entra: {names[promoted]} becomes Admin",
        "Okta: somebody gets a new title",
    ]


def serve_sandbox(*, users: int, port: int, folder: Path) -> int:
    """Serve until SIGTERM or SIGINT; the configuration, which works as printed, is in `folder`."""
    with World(WorldSize(users=users)).serve(port=port) as world:
        folder.mkdir(parents=True, exist_ok=True)
        path = world.write_config(folder)
        sys.stdout.write(f"# {path.absolute()}\n{world.config()}")
        sys.stdout.flush()
        sys.stderr.write(f"syncd: the sandbox answers. Try: syncd --config {path} --dry-run    (stop it with Ctrl-C)\n")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0
