"""Product profiles: what the built-in ones say, and faults in one of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.scim.answer import read_answer
from connectors.scim.built_in import built_in
from connectors.scim.errors import failed
from connectors.scim.profiles import ProfileError, load_profile
from syncd.core.expression import compile_expression


class TestProfiles:
    @pytest.mark.parametrize("name", built_in())
    def test_each_built_in_profile_is_sound(self, name: str) -> None:
        profile = load_profile(name)
        assert profile.title
        assert profile.users.match
        for rows in (profile.users, profile.groups):
            for source in ("graph", "okta"):
                targets = [row["target"] for row in rows.rows(source)]
                assert len(targets) == len(set(targets))
                assert all(rows.stores(target) for target in targets)

    @pytest.mark.parametrize("name", built_in())
    def test_each_expression_of_a_built_in_profile_is_one(self, name: str) -> None:
        profile = load_profile(name)
        for kind in (profile.users, profile.groups):
            for row in (row for rows in kind.mappings.values() for row in rows):
                if "expression" in row:
                    assert compile_expression(row["expression"]).attributes

    def test_testmu_says_what_it_does_not_do(self) -> None:
        users = load_profile("testmu").users
        assert users.refusal("userName") == "TestMu does not rename accounts"
        assert users.refusal("NAME.givenName") == "TestMu lets only the person change the name"
        assert users.refusal("active") is None
        assert users.refusal("title") == "the product does not accept a change of title"
        assert not users.stores("title")
        assert users.missing({"userName": "a", "active": False, "name.givenName": ""}) == (
            "name.givenName",
            "name.familyName",
        )

    def test_testmu_knows_its_errors(self) -> None:
        raw = b'{"detail": "User belongs to another organization"}'
        outcome = failed(read_answer(400, raw, {}, 1), load_profile("testmu"), "user")
        assert outcome.remedy == "This person exists in another TestMu organisation: invite the account there instead."
        assert outcome.permanent

    def test_a_products_own_dialect_comes_before_the_flag_and_after_the_choice(self) -> None:
        testmu, generic = load_profile("testmu"), load_profile("generic")
        assert testmu.speak(None, "entra-2020").name == "rfc7644"
        assert testmu.speak("entra", None).name == "entra"
        assert generic.speak(None, "entra-2020").name == "entra-2020"
        assert generic.speak(None, None).name == "rfc7644"

    def test_a_users_own_file_works(self, tmp_path: Path) -> None:
        file = tmp_path / "acme.toml"
        file.write_text('title = "Acme"\ndialect = "okta-put"\n[users]\nmatch = ["externalId"]\n')
        profile = load_profile(str(file))
        assert (profile.name, profile.dialect, profile.users.match) == ("acme", "okta-put", ("externalId",))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('dialekt = "entra"', "unknown key dialekt; did you mean dialect?"),
            ('dialect = "entra-2021"', "dialect is 'entra-2021', but must be 'entra-2020'"),
            ("member_chunk = 0", "member_chunk is 0, but must be a number from 1 to 10000"),
            ("patch = 1", "patch is 1, but must be true or false"),
            ('[users]\nmatch = "userName"', "users.match is 'userName', but must be a list of attribute paths"),
            ('[users]\nrequired = ["a b"]', "users.required: 'a b' is no attribute path"),
            ('[users]\ndelete = "kills"', "users.delete is 'kills', but must be one of"),
            ("[users]\nupdateable = []", "unknown key users.updateable; did you mean updatable?"),
            ('[[users.mappings.any]]\ntarget = "title"', "users.mappings.any[0] needs exactly one of source"),
            (
                '[[users.mappings.graph]]\ntarget = "title"\nsource = "a"\nconstant = "b"',
                "users.mappings.graph[0] needs exactly one of source",
            ),
            ('[[users.mappings.ldap]]\ntarget = "title"', "unknown key users.mappings.ldap"),
            ('[[errors]]\nremedy = "x"', "errors[0] needs status or contains"),
            ("[[errors]]\nstatus = 400", "errors[0].remedy is None, but must be a text"),
            ('[traits]\npathless = "sometimes"', "traits.pathless is 'sometimes', but must be"),
            ("[users.immutable]\nuserName = 3", "users.immutable.userName is 3, but must be a text"),
            ("title = ", "no valid TOML"),
        ],
    )
    def test_a_fault_is_told_with_its_place(self, tmp_path: Path, text: str, said: str) -> None:
        file = tmp_path / "bad.toml"
        file.write_text(text)
        with pytest.raises(ProfileError) as caught:
            load_profile(str(file))
        assert said in str(caught.value)
        assert str(caught.value).startswith(f"Profile {file}: ")

    def test_every_fault_is_told_a_line_each_without_what_follows_from_another(self, tmp_path: Path) -> None:
        file = tmp_path / "bad.toml"
        file.write_text(
            """
            title = 7
            dialekt = "entra"
            member_chunk = "many"
            errors = "none"
            traits = [1]
            [users]
            match = ["user name", "externalId", 3]
            updatable = "title"
            [users.immutable]
            "a b" = "because"
            [[users.mappings.ldap]]
            [[users.mappings.graph]]
            target = "title"
            aply = "always"
            [[users.mappings.graph]]
            source = "jobTitle"
            allowed = "Boss"
            [groups]
            mappings = []
            """
        )
        with pytest.raises(ProfileError) as caught:
            load_profile(str(file))
        lines = str(caught.value).splitlines()
        start, end = f"Profile {file}: ", ". Correct it, or choose a built-in one; then run: syncd check"
        assert all(line.endswith(end) for line in lines)
        words = [
            "unknown key dialekt; did you mean dialect?",
            "title is 7, but must be a text",
            "member_chunk is 'many', but must be a number from 1 to 10000",
            "traits is [1], but must be a table",
            "users.match: 'user name' is no attribute path",
            "users.match is 3, but must be an attribute path",
            "users.updatable is 'title', but must be a list of attribute paths",
            "users.immutable: 'a b' is no attribute path",
            "unknown key users.mappings.ldap; known are any, graph, okta",
            "unknown key users.mappings.graph[0].aply; did you mean apply?",
            "users.mappings.graph[0] needs exactly one of source, constant, expression",
            "users.mappings.graph[1].target is None, but must be an attribute path",
            "users.mappings.graph[1].allowed must be a list",
            "groups.mappings is [], but must be a table",
            "errors is 'none', but must be an array of tables",
        ]
        for line, said in zip(lines, words, strict=True):
            assert line.startswith(start + said)

    def test_an_unknown_profile_names_the_known_ones(self) -> None:
        with pytest.raises(ProfileError, match="aws, generic, github, gitlab, keepnet, lightrun, modyo, slack, testmu"):
            load_profile("testmo")
        with pytest.raises(ProfileError, match="the file does not exist"):
            load_profile("./nowhere.toml")
