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

from connectors.sandbox.graph.entity import Group, User
from connectors.sandbox.world import World, WorldSize
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult
from syncd.report.steps import say
from syncd.report.text import print_report
from syncd.runtime import Runtime

USERS = 120
SHOWN = 4  #: rows of each action
MAPPINGS = """
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
        runtime = Runtime.open(load(world.write_config(Path(folder), extra=MAPPINGS)))
        try:
            return await _show(console, world, runtime)
        finally:
            runtime.close()


async def _show(console: Console, world: World, runtime: Runtime) -> int:
    async def run(title: str, *, dry: bool) -> list[JobResult]:
        say(console, Text(f"\n━━ {title} {'━' * max(3, 76 - len(title))}\n", style="bold blue"))
        results = await sync(runtime, (), Wish(dry=dry))
        print_report(console, results, runtime.store, shown=SHOWN)
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
    rows = [row for row in graph.assignments if row.ended is None]
    people = list(dict.fromkeys(r.principal for r in rows if isinstance(r.principal, User) and r.principal.enabled))
    groups = [row.principal for row in rows if isinstance(row.principal, Group)]
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
    graph.add_members(groups[0].id, joiner)
    mover, renamed, promoted, leaver = people[:4]
    graph.update_user(mover.id, department="Design", jobTitle="Lead designer")
    name = "nia.okonkwo-berg@contoso.example"
    graph.update_user(renamed.id, surname="Okonkwo-Berg", userPrincipalName=name, mail=name)
    graph.unassign(leaver.id)
    for group in groups:
        if isinstance(group, Group) and leaver in group:
            graph.remove_members(group.id, leaver.id)
    graph.unassign(promoted.id)
    graph.assign(promoted.id, role="Admin")
    graph.rename_group(groups[0].id, "Engineering & Platform")
    promoted_at_okta = next(iter(okta.app(world.app_id).after("")))
    okta.update_user(promoted_at_okta.id, {"title": "Principal engineer"})
    return [
        "Entra: Ada Lovelace joins, assigned as Admin, and is put into Engineering",
        f"Entra: {_shown(mover)} moves to Design",
        f"Entra: {_shown(renamed)} gets a new surname, login and mail",
        f"Entra: {_shown(leaver)} leaves: unassigned, and out of the group",
        f"Entra: {_shown(promoted)} becomes Admin",
        "Entra: the group Engineering is renamed",
        f"Okta: {okta.user(promoted_at_okta.id).profile['login']} gets a new title",
    ]


def _shown(user: User) -> str:
    return str(user.values.get("displayName") or (user.person.display_name if user.person else user.id))


def serve_sandbox(*, users: int, port: int, folder: Path | None) -> int:
    """Serve until SIGTERM or SIGINT; the configuration, which works as printed, is in `folder` (None: a new one)."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before there are threads: then sigwait alone gets them
    with World(WorldSize(users=users)).serve(port=port) as world:
        # A new folder each time: another sandbox's state would speak of accounts that this one does not have.
        folder = folder or Path(tempfile.mkdtemp(prefix="syncd-sandbox-"))
        folder.mkdir(parents=True, exist_ok=True)
        path = world.write_config(folder)
        sys.stdout.write(f"# {path.absolute()}\n{world.config(folder)}")
        sys.stdout.flush()
        sys.stderr.write(f"syncd: the sandbox answers. Try: syncd --config {path} --dry-run    (stop it with Ctrl-C)\n")
        signal.sigwait(ends)
    return 0
