"""People for the sandbox: international, reproducible, a million in seconds.

Names, cities and states are mimesis' own, drawn once per locale into pools; a person is then a seeded combination.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from mimesis import Address
from mimesis import Person as Names
from mimesis.enums import Gender
from mimesis.locales import Locale


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One employee, in no product's vocabulary."""

    given_name: str
    surname: str
    display_name: str  #: family name first where that is the custom
    login_name: str  #: the part before the @: lower-case ASCII, unique among the people of one call
    department: str
    job_title: str
    city: str
    state: str
    postal_code: str
    street: str
    country: str  #: ISO 3166-1 alpha-2
    language: str  #: BCP 47, as in "pt-BR"
    office: str
    company: str
    employee_id: str
    phone: str  #: business telephone, "+49 30 5550142"
    mobile: str


#: mimesis locale -> country, language, dialling code, share of the people, family name first
_PLACES: tuple[tuple[Locale, str, str, str, int, bool], ...] = (
    (Locale.EN, "US", "en-US", "1", 22, False),
    (Locale.EN_GB, "GB", "en-GB", "44", 10, False),
    (Locale.DE, "DE", "de-DE", "49", 10, False),
    (Locale.FR, "FR", "fr-FR", "33", 7, False),
    (Locale.ES, "ES", "es-ES", "34", 6, False),
    (Locale.PT_BR, "BR", "pt-BR", "55", 6, False),
    (Locale.IT, "IT", "it-IT", "39", 4, False),
    (Locale.NL, "NL", "nl-NL", "31", 4, False),
    (Locale.SV, "SE", "sv-SE", "46", 4, False),
    (Locale.PL, "PL", "pl-PL", "48", 4, False),
    (Locale.CS, "CZ", "cs-CZ", "420", 3, False),
    (Locale.TR, "TR", "tr-TR", "90", 3, False),
    (Locale.IS, "IS", "is-IS", "354", 1, False),
    (Locale.RU, "RU", "ru-RU", "7", 3, False),
    (Locale.UK, "UA", "uk-UA", "380", 3, False),
    (Locale.EL, "GR", "el-GR", "30", 2, False),
    (Locale.AR_AE, "AE", "ar-AE", "971", 2, False),
    (Locale.JA, "JP", "ja-JP", "81", 3, True),
    (Locale.ZH, "CN", "zh-CN", "86", 2, True),
    (Locale.KO, "KR", "ko-KR", "82", 1, True),
)
_POOL = 400
#: Names that break naive code: apostrophes, particles, hyphens, one letter, "Null".
_AWKWARD = (
    "O'Brien",
    "D’Angelo",
    "N'Diaye",
    "van der Berg",
    "de la Cruz",
    "Smith-Jones",
    "Ng",
    "Null",
    "Þórsdóttir",
    "Åkesson",
    "Łukasiewicz",
    "Müller-Lüdenscheidt",
)
_DOUBLE = ("Anne-Marie", "Jean-Luc", "Zoë", "José María", "Siân", "Mary Jane")
_DEPARTMENTS = (
    "Engineering",
    "Sales",
    "Marketing",
    "Finance",
    "Legal",
    "People & Culture",
    "Support",
    "Operations",
    "Research",
    "Procurement",
    "IT",
    "Quality, Health & Safety",
)
_TITLES = (
    "Engineer",
    "Senior Engineer",
    "Analyst",
    "Consultant",
    "Team Lead",
    "Product Manager",
    "Account Executive",
    "Counsel",
    "Controller",
    "Specialist",
    "Director",
    "Administrator",
    "Architect",
    "VP, Sales",
)
_STREETS = ("Main Street", "High Street", "Bahnhofstraße", "Rue de l'Église", "Calle Mayor", "Via Roma", "Long Lane")

_LATIN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_ROMAN = (
    "аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь эe юyu яya іi їyi єye ґg "
    "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υu φf χch ψps ωo"
)
_LETTERS = {pair[0]: pair[1:] for pair in _ROMAN.split()}  #: Cyrillic and Greek


def ascii_name(name: str) -> str:
    """The name in lower-case ASCII letters, "" where its script has no simple romanisation (Han, Arabic)."""
    out = []
    for char in unicodedata.normalize("NFKC", name).lower().translate(_LATIN):
        base = unicodedata.normalize("NFD", char)[0]
        if "a" <= base <= "z":
            out.append(base)
        elif base in _LETTERS:
            out.append(_LETTERS.get(char, _LETTERS[base]))
        elif "\uac00" <= char <= "\ud7a3":
            out.append(unicodedata.name(char).rpartition(" ")[2].lower())
        elif char.isalpha():
            return ""
    return "".join(out)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pool:
    country: str
    language: str
    dial: str
    family_first: bool
    given: tuple[tuple[str, str], ...]  # each with its ASCII form
    family: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str, str], ...]  # city, state, postal code


def _drawn(draw: Callable[[], str], extra: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    texts = dict.fromkeys([*(draw().partition("/")[0].strip() for _ in range(_POOL)), *extra])
    return tuple((text, ascii_name(text)) for text in texts)


def _pool(*, seed: int, locale: Locale, country: str, language: str, dial: str, family_first: bool) -> _Pool:
    names, address = Names(locale, seed=seed), Address(locale, seed=seed)
    genders = [Gender.MALE, Gender.FEMALE]
    western = country in {"US", "GB", "DE", "FR", "NL", "SE", "IT"}
    return _Pool(
        country=country,
        language=language,
        dial=dial,
        family_first=family_first,
        given=_drawn(lambda: names.first_name(gender=names.random.choice(genders)), _DOUBLE if western else ()),
        family=_drawn(names.last_name, _AWKWARD if western else ()),
        places=tuple((address.city().strip(), address.state(), address.postal_code()) for _ in range(120)),
    )


@lru_cache(maxsize=1)
def _pools() -> tuple[tuple[_Pool, ...], tuple[int, ...]]:
    pools = tuple(
        _pool(seed=seed, locale=locale, country=country, language=language, dial=dial, family_first=family_first)
        for seed, (locale, country, language, dial, _, family_first) in enumerate(_PLACES)
    )
    return pools, tuple(share for *_, share, _ in _PLACES)


def people(seed: int, count: int) -> Iterator[Person]:
    """`count` people, the same for the same seed; the first n of a longer run are those of a shorter one."""
    pools, shares = _pools()
    rng = random.Random(seed)  # noqa: S311 - reproducible test data, no secret
    of_country = rng.choices(pools, shares, k=10_007)
    draw = rng.random
    taken: dict[str, int] = {}
    for number in range(count):
        pool = of_country[number % 10_007] if number < 10_007 else of_country[int(draw() * 10_007)]
        given, given_ascii = pool.given[int(draw() * len(pool.given))]
        family, family_ascii = pool.family[int(draw() * len(pool.family))]
        if draw() < 0.03 and family_ascii:
            other, other_ascii = pool.family[int(draw() * len(pool.family))]
            family, family_ascii = f"{family}-{other}", family_ascii + other_ascii
        if given_ascii and family_ascii:
            login = f"{given_ascii}.{family_ascii}"
            again = taken.get(login, 0)
            taken[login] = again + 1
            if again:
                login = f"{login}{again + 1}"
        else:
            login = f"e{100_000 + number}"
        city, state, postal_code = pool.places[int(draw() * len(pool.places))]
        line = 5_550_000 + number
        yield Person(
            given_name=given,
            surname=family,
            display_name=f"{family} {given}" if pool.family_first else f"{given} {family}",
            login_name=login,
            department=_DEPARTMENTS[int(draw() * len(_DEPARTMENTS))],
            job_title=_TITLES[int(draw() * len(_TITLES))],
            city=city,
            state=state,
            postal_code=postal_code,
            street=f"{1 + int(draw() * 200)} {_STREETS[int(draw() * len(_STREETS))]}",
            country=pool.country,
            language=pool.language,
            office=f"{pool.country}-{1 + int(draw() * 9)}/{100 + int(draw() * 500)}",
            company="Contoso" if draw() < 0.9 else "Fabrikam, Inc.",
            employee_id=str(100_000 + number),
            phone=f"+{pool.dial} {line // 10_000} {line % 10_000:04d}",
            mobile=f"+{pool.dial} 7{line:08d}",
        )
