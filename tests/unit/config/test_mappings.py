"""Mapping rows: origin, target, expression, allowed values, matching."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
TRY = "Correct it (try it with: syncd eval), then run: syncd check"
LOGIN = 'target = "userName"\nsource = "userPrincipalName"'
OKTA = '[sources.contoso]\nkind = "okta"\norg_url = "https://acme.okta.com"\napp_id = "0oa1"\ntoken = { env = "WIKI_TOKEN" }\n'


def rows(*texts: str, kind: str = "users", head: str = "") -> str:
    tables = "".join(f"[[jobs.wiki.{kind}.mappings]]\n{text}\n" for text in texts)
    return f"[jobs.wiki.{kind}]\n{head}\n{tables}"


def test_a_row_is_read_whole(workshop):
    row = """
    target = 'roles[primary eq "True"].value'
    expression = 'SingleAppRoleAssignment([appRoleAssignments])'
    apply = "on-create"
    default = "User"
    when_empty = "keep"
    allowed = ["Admin", "User"]
    """
    found = workshop.load(more=rows(LOGIN, row)).jobs["wiki"].users.mappings
    assert (found[0].apply, found[0].when_empty, found[0].default, found[0].allowed) == ("always", "clear", None, None)
    assert found[1].target == 'roles[primary eq "True"].value'
    assert (found[1].apply, found[1].when_empty) == ("on-create", "keep")
    assert (found[1].default, found[1].allowed) == ("User", ("Admin", "User"))


def test_a_target_loses_the_core_schema_and_keeps_the_others(workshop):
    found = workshop.load(
        more=rows(
            'target = "urn:ietf:params:scim:schemas:core:2.0:User:userName"\nsource = "mail"',
            'target = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"\nsource = "department"',
        )
    ).jobs["wiki"]
    assert [row.target for row in found.users.mappings] == [
        "userName",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    ]


@pytest.mark.parametrize("constant", ['"x"', "1", "1.5", "true", '""', '["a", "b"]', "[]"])
def test_a_constant_may_be_text_a_number_a_boolean_or_a_list(workshop, constant):
    found = workshop.load(more=rows(LOGIN, f'target = "title"\nconstant = {constant}')).jobs["wiki"].users.mappings[1]
    assert not isinstance(found.constant, tuple)
    assert found.constant is not None


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ('target = "title"', ": no source, constant or expression; give exactly one of them"),
        (
            'target = "title"\nsource = "mail"\nconstant = "x"',
            ": source and constant; give exactly one of source, constant and expression",
        ),
        (
            'target = "title"\nsource = "mail"\nconstant = "x"\nexpression = \'Trim([mail])\'',
            ": source and constant and expression; give exactly one of source, constant and expression",
        ),
        (
            'source = "mail"',
            '.target: missing; The target attribute, such as userName, name.givenName, emails[type eq "work"].value or urn:…:User:department',
        ),
        (
            'target = "id"\nsource = "objectId"',
            (
                '.target: "id" is no attribute to write; the target sets its id itself (RFC 7643 section 3.1); map '
                "externalId instead"
            ),
        ),
        (
            'target = "meta.created"\nsource = "createdDateTime"',
            '.target: "meta.created" is no attribute to write; the target sets it itself (RFC 7643 section 3.1)',
        ),
        (
            'target = "schemas"\nconstant = ["x"]',
            '.target: "schemas" is no attribute to write; syncd lists the schemas in use itself',
        ),
        (
            'target = "emails[type eq \'work\']"\nsource = "mail"',
            (
                ".target: \"emails[type eq 'work']\" is no attribute path; write an attribute path such as name.givenName or "
                'emails[type eq "work"].value'
            ),
        ),
        ('target = "title"\nsource = 5', ".source: a whole number; it must be text"),
        ('target = "title"\nsource = ""', ".source: empty text; it must not be empty"),
        (
            'target = "title"\nconstant = { a = 1 }',
            ".constant: a table; write text, a number, true, false, or a list of these",
        ),
        (
            'target = "title"\nconstant = [["a"]]',
            ".constant: a list with a list in it; write text, a number, true, false, or a list of these",
        ),
        (
            'target = "password"\nconstant = "hunter2"',
            (
                ".constant: a password in clear (not shown here); a constant is no secret; write an expression such as "
                "RandomString"
            ),
        ),
        (
            'target = "title"\nsource = "mail"\napply = "on_create"',
            '.apply: "on_create"; the nearest word is on-create',
        ),
        ('target = "title"\nsource = "mail"\nwhen_empty = "drop"', '.when_empty: "drop"; write one of clear, keep'),
        (
            'target = "title"\nsource = "mail"\nallowed = []',
            ".allowed: an empty list; it would allow nothing; list the values or remove the key",
        ),
        (
            'target = "title"\nsource = "mail"\nallowed = ["A", "B"]\ndefault = "C"',
            '.default: "C"; allowed: "A", "B"',
        ),
        ('target = "title"\nconstant = ["A", "C"]\nallowed = ["A"]', '.constant: "C"; allowed: "A"'),
        ('target = "title"\nsource = "mail"\nalow = 1', ".alow: unknown key; the nearest key is allowed"),
    ],
)
def test_a_row_that_is_not_understood_is_refused(faults: Faults, row, line):
    end = "Add it, then run: syncd check" if "missing" in line else END
    assert faults(more=rows(LOGIN, row)) == [f"jobs.wiki.users.mappings[1]{line}. {end}"]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (
            'Join(" ", [givenName], [surname]',
            (
                '"Join(\\" \\", [givenName], [surname]"; column 33: found the end, expected ) or ,: the call of Join in column 1 '
                "is not closed"
            ),
        ),
        ("Jion([mail])", '"Jion([mail])"; column 1: '),
        ("tolower([mail])", '"tolower([mail])"; column 1: '),
        ("Left([mail])", '"Left([mail])"; column 1: '),
        ("", '""; column 1: '),
    ],
)
def test_an_expression_that_does_not_parse_is_refused_with_its_column(faults: Faults, expression, text):
    (line,) = faults(more=rows(LOGIN, f"target = \"title\"\nexpression = '{expression}'"))
    assert line.startswith(f"jobs.wiki.users.mappings[1].expression: {text}")
    assert line.endswith(f". {TRY}")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ('source = "Mail"', 'source: graph users have no attribute "Mail"; the nearest is mail'),
        ('source = "jobtitle"', 'source: graph users have no attribute "jobtitle"; the nearest is jobTitle'),
        (
            'source = "sAMAccountName"',
            'source: graph users have no attribute "sAMAccountName"; the nearest is onPremisesSamAccountName',
        ),
        (
            'source = "[mail]"',
            'source: graph users have no attribute "[mail]"; write it without brackets and spaces: mail',
        ),
        (
            "expression = 'Join(\" \", [givenname], [surname])'",
            'expression: graph users have no attribute "givenname"; the nearest is givenName',
        ),
    ],
)
def test_an_attribute_that_graph_cannot_have_is_named_with_the_nearest(faults: Faults, row, text):
    assert faults(more=rows(LOGIN, f'target = "title"\n{row}')) == [f"jobs.wiki.users.mappings[1].{text}. {END}"]


def test_an_attribute_that_okta_cannot_have_is_named_with_the_nearest(faults: Faults):
    row = 'target = "userName"\nsource = "userPrincipalName"'
    group = 'target = "displayName"\nsource = "displayName"'
    assert faults(source=OKTA, more=rows(row) + rows(group, kind="groups")) == [
        f'jobs.wiki.users.mappings[0].source: okta users have no attribute "userPrincipalName"; the nearest is user.login. {END}',
        (
            'jobs.wiki.groups.mappings[0].source: okta groups have no attribute "displayName"; write group.name, '
            f"group.description, group.<attribute> or members. {END}"
        ),
    ]


def test_any_custom_attribute_of_okta_may_exist(workshop):
    more = rows('target = "userName"\nsource = "user.badgeColour"', 'target = "title"\nsource = "appuser.role"')
    assert len(workshop.load(source=OKTA, more=more).jobs["wiki"].users.mappings) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title", "TITLE"),
        ("title", "urn:ietf:params:scim:schemas:core:2.0:User:title"),
        ('emails[type eq "work"].value', 'emails[type eq "work"]'),
        ('emails[type eq "work"].value', 'Emails[Type eq "Work"].Value'),
        ('roles[primary eq "True"].value', "roles[primary eq true].value"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        ),
    ],
)
def test_a_target_attribute_mapped_twice_is_refused(faults: Faults, one, other):
    more = rows(LOGIN, f"target = '{one}'\nsource = \"mail\"", f"target = '{other}'\nsource = \"mail\"")
    (line,) = faults(more=more)
    assert line.startswith("jobs.wiki.users.mappings[2].target: ")
    assert line.endswith(f" is mapped twice; mappings[1] writes it as well; keep one of them. {END}")


def test_different_elements_of_one_attribute_are_no_doubles(workshop):
    more = rows(
        LOGIN,
        'target = \'emails[type eq "work"].value\'\nsource = "mail"',
        'target = \'emails[type eq "home"].value\'\nsource = "mail"',
        "target = 'emails[type eq \"home\"].primary'\nconstant = true",
    )
    assert len(workshop.load(more=more).jobs["wiki"].users.mappings) == 4


def test_a_match_attribute_that_no_row_writes_is_refused(faults: Faults):
    right = "objects are matched by attributes that are mapped; add a row or match by another attribute"
    title = 'target = "title"\nsource = "jobTitle"'
    assert faults(more=rows(title)) == [
        f'jobs.wiki.users.match[0]: no row of mappings writes "userName"; {right}. {END}'
    ]
    head = 'match = ["userName", "externalId"]'
    assert faults(more=rows(LOGIN, head=head)) == [
        f'jobs.wiki.users.match[1]: no row of mappings writes "externalId"; {right}. {END}'
    ]


def test_without_rows_the_default_mapping_is_not_second_guessed(workshop):
    head = "match = ['externalId', 'emails[type eq \"work\"].value']"
    found = workshop.load(more=rows(head=head)).jobs["wiki"].users
    assert found.match == ("externalId", 'emails[type eq "work"].value')


def test_groups_that_are_off_need_no_match(workshop):
    more = rows('target = "members"\nsource = "members"', kind="groups", head="enabled = false")
    assert workshop.load(more=more).jobs["wiki"].groups.enabled is False


@pytest.mark.parametrize(
    ("match", "line"),
    [
        ("[]", "match: an empty list; matching needs at least one target attribute"),
        (
            '["a b"]',
            (
                'match[0]: "a b" is no attribute path; write an attribute path such as name.givenName or '
                'emails[type eq "work"].value'
            ),
        ),
        ("[5]", "match[0]: a whole number; write a target attribute such as name.givenName"),
    ],
)
def test_a_match_that_is_not_understood_is_refused(faults: Faults, match, line):
    assert faults(more=rows(head=f"match = {match}")) == [f"jobs.wiki.users.{line}. {END}"]


def test_a_value_that_is_unique_each_time_is_for_the_creation_alone(faults: Faults):
    row = "target = \"nickName\"\nexpression = 'SelectUniqueValue([mail], [mailNickname])'"
    assert faults(more=rows('target = "userName"\nsource = "mail"', row)) == [
        (
            "jobs.wiki.users.mappings[1].expression: SelectUniqueValue in a row that is always applied; it gives another "
            f'value once the first one is in use by the object itself; add apply = "on-create". {END}'
        )
    ]


def test_a_value_that_is_unique_each_time_cannot_be_matched_by(faults: Faults):
    row = 'target = "userName"\napply = "on-create"\nexpression = \'SelectUniqueValue([mail], [mailNickname])\''
    assert faults(more=rows(row)) == [
        (
            'jobs.wiki.users.mappings[0].expression: SelectUniqueValue in the row of "userName", by which objects are '
            f"matched; it gives another value once the object exists; match by another attribute. {END}"
        )
    ]
