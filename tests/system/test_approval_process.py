"""Approvals by real processes: two at once, and one killed in the middle of what was approved."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

from syncd.approval import held
from syncd.config import load
from syncd.runtime import Runtime
from tests.system.processes import Site, end


def test_two_may_approve_at_once_and_what_a_killed_process_left_stays_approved(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        config = tmp_path / "config.toml"
        config.write_text(config.read_text().replace("percent = 100, minimum = 500", "percent = 10, minimum = 10"))
        assert site.run_here("entra") == 0
        before = len(site.world.scim.users())
        for id_ in site.staff[:6]:
            site.world.graph.purge(id_)
        assert site.run_here("entra") == 3
        with closing(Runtime.open(load(config))) as runtime:
            (row,) = held(runtime, ["entra"])
        for process in [site.start("approve", "entra", row["checksum"]) for _ in range(2)]:
            code, out, err = end(process)
            assert (code, err) == (0, "")
            assert out.startswith("6 held changes of entra may go")

        process, asked = site.start("sync", "--job", "entra"), list[str]()

        def watch(moment: str, method: str, path: str) -> None:
            if (moment, method) == ("before", "DELETE"):
                asked.append(path)
                if len(asked) == 2:
                    process.kill()

        site.wires["scim"].watch = watch
        assert end(process)[0] == -signal.SIGKILL
        assert site.run_here("entra") == 0
        assert len(site.world.scim.users()) == before - 6
