"""A target that keeps an attribute its own way: mended once, then reported, never written over and over."""

from __future__ import annotations

from pathlib import Path

from tests.system.house import house, quirky


def test_a_value_that_the_target_does_not_take_is_repaired_once_and_then_reported(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3, quirks=quirky(fixed=("user.title",)), job='drift = "repair"') as here:
        (ada,) = [user for user in here.target.users() if user.name == here.company.login("ada")]
        ada.attributes["title"] = "Theirs"
        told = here.sync(full=True)
        assert [row["action"] for row in told["drift"]] == ["repair"]
        assert [row["why"] for row in told["changes"]] == ["changed at the target"]
        assert here.methods == ["PATCH user"]

        told = here.sync(full=True)
        assert here.methods == []
        (row,) = told["drift"]
        assert (row["attribute"], row["seen"], row["action"]) == ("title", "Theirs", "report")
        (warning,) = [one for one in told["warnings"] if one["code"] == "NotKept"]
        assert warning["message"] == (
            f"{here.company.login('ada')}: the target keeps its own title, whatever is written: not repaired again"
        )

        ada.attributes["title"] = "Another"
        assert [row["action"] for row in here.sync(full=True)["drift"]] == ["repair"], "what somebody changed is mended"


def test_reactivated_accounts_are_named_first_and_a_repair_converges(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, job='drift = "report"') as here:
        for team in ("legal", "support"):
            here.company.leave(team, "ada")
        here.sync()
        for name, value in (("ada", {"active": True}), ("ben", {"title": "King"})):
            stored = here.target.user(here.company.login(name))
            assert stored is not None
            here.target.change(stored, {**stored.attributes, **value}, stored.members)
        told = here.sync(full=True)
        assert [(row["name"], row["attribute"]) for row in told["drift"]] == [
            (here.company.login("ada"), "active"),
            (here.company.login("ben"), "title"),
        ]
        assert here.written == []
        with here.changed_config(('drift = "report"', 'drift = "ignore"')):
            assert here.sync(full=True)["drift"] == []
        with here.changed_config(('drift = "ignore"', 'drift = "repair"')):
            here.sync(full=True)
            assert here.methods == ["PATCH user", "PATCH user"]
            assert here.logins("ada").isdisjoint(here.active())
            assert here.sync(full=True)["drift"] == []
            assert here.written == []
