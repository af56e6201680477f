"""The invented people and how each hospital registered them: who is whom, written as clerks write it.

Every third person goes to both hospitals. Their two registrations differ by a `Variation`, in a fixed order, so that
each kind is in every population of some size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lienthong.demo.chance import Chance
from lienthong.demo.health import Health, draw
from lienthong.demo.names import Name, abbreviated, given_first, given_name, name, toneless, with_d
from lienthong.demo.places import PROVINCES, Address, address

__all__ = ["VARIATIONS", "Person", "Registration", "exact_rules", "population"]

_ETHNIC = (("01", 85.0), ("02", 2.0), ("03", 2.0), ("04", 1.0), ("05", 4.0), ("06", 1.5), ("08", 1.0), ("17", 1.0))
_OCCUPATIONS = (("00000", 30.0), ("61000", 25.0), ("52000", 15.0), ("82000", 12.0), ("23000", 8.0), ("93000", 10.0))


@dataclass(frozen=True, slots=True)
class Registration:
    """How a hospital ("a" or "b") holds a patient: its key, and what was written down.

    `birth` is an ISO date, or a year where no more was known; `national_id` and `card` are "" where none was shown;
    `old_id` is a number of 9 digits written beside the national id. `feed` is "hl7v2" for what the interface engine
    of a hospital sends of the same patient, under a key of its own.
    """

    hospital: str
    key: str
    name: str
    sex: str
    birth: str
    national_id: str
    card: str
    phone: str
    address: Address
    old_id: str = ""
    feed: str = ""

    @property
    def numbers(self) -> frozenset[str]:
        """The national ids that were written down, old and new."""
        return frozenset((self.national_id, self.old_id)) - {""}


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody truly is, and their registrations; `kin` says why two people look like one."""

    number: int
    name: Name
    sex: str
    born: date
    national_id: str
    card: str
    phone: str
    address: Address
    ethnic: str
    occupation: str
    health: Health
    registrations: tuple[Registration, ...] = ()
    variation: str = ""
    kin: str = ""

    @property
    def key(self) -> str:
        return f"N{self.number:06d}"

    def age(self, day: date) -> int:
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))

    @property
    def benefit(self) -> int:
        """The benefit level in per cent that the card's third character gives."""
        return {"1": 100, "2": 100, "3": 95, "4": 80}[self.card[2]]


Pair = tuple[Registration, Registration]


def _year_only(item: Registration) -> Registration:
    return replace(item, birth=item.birth[:4])


def _swapped(item: Registration) -> Registration:
    year, month, day = item.birth.split("-")
    return replace(item, birth=f"{year}-{day}-{month}")


def _old_id(item: Registration) -> str:
    """The number of 9 digits from before 2016, made of the new one; 9-digit numbers had no rule that dates them."""
    return f"{(int(item.national_id) * 48_271) % 10**9:09d}"


# How the registrations in A and B of one person differ; the order is the order in which people get them.
VARIATIONS: tuple[tuple[str, Callable[[Registration, Registration], Pair]], ...] = (
    ("same", lambda a, b: (a, b)),
    ("tones-lost", lambda a, b: (replace(a, name=toneless(a.name)), b)),
    ("national-id-missing", lambda a, b: (a, replace(b, national_id=""))),
    ("upper-case", lambda a, b: (replace(a, name=a.name.upper()), b)),
    ("birth-year-only", lambda a, b: (a, _year_only(b))),
    ("nfd", lambda a, b: (a, replace(b, name=unicodedata.normalize("NFD", b.name)))),
    ("day-and-month-swapped", lambda a, b: (a, replace(_swapped(b), national_id=""))),
    ("new-card", lambda a, b: (a, replace(b, card=b.card[:5] + "98" + b.card[7:]))),
    ("no-number-at-all", lambda a, b: (a, replace(b, national_id="", card=""))),
    ("same", lambda a, b: (a, b)),
    ("year-only-and-no-national-id", lambda a, b: (a, replace(_year_only(b), national_id=""))),
    ("registered-twice", lambda a, b: (a, b)),
    ("given-name-first", lambda a, b: (a, replace(b, name=given_first(b.name)))),
    ("abbreviated", lambda a, b: (replace(a, name=abbreviated(a.name)), b)),
    ("d-for-đ", lambda a, b: (a, replace(b, name=with_d(b.name)))),
    ("old-id", lambda a, b: (replace(a, national_id=_old_id(a)), b)),
    ("old-id-beside-new", lambda a, b: (replace(a, national_id=_old_id(a)), replace(b, old_id=_old_id(b)))),
)


def exact_rules(one: Registration, other: Registration) -> tuple[str, ...]:
    """The exact rules that join two registrations.

    `national-id`: the same national id, and neither sex nor birth date speak against it (a year alone agrees with a
    date of that year). `card`: the same card, the same sex and the same full birth date.
    """
    same_sex = one.sex == other.sex
    shorter = min(len(one.birth), len(other.birth))
    births_agree = one.birth[:shorter] == other.birth[:shorter]
    rules = []
    if one.numbers & other.numbers and same_sex and births_agree:
        rules.append("national-id")
    if one.card and one.card == other.card and same_sex and one.birth == other.birth and len(one.birth) == 10:
        rules.append("card")
    return tuple(rules)


def population(seed: int, people: int, as_of: date) -> tuple[Person, ...]:
    """`people` persons with their registrations; of each three, one goes to both hospitals, one to A, one to B."""
    taken: set[str] = set()
    persons = [_person(Chance("person", seed, number), number, as_of, taken) for number in range(1, people + 1)]
    # Of some triples the second and the third person are kin who are easily taken for one.
    for triple, first in enumerate(range(0, people - 2, 3)):
        kind = {1: _twins, 2: _father_and_son, 3: _borrowed_id, 4: _couple}.get(triple % 20)
        if kind is not None:
            chance = Chance("kin", seed, triple)
            persons[first + 1], persons[first + 2] = kind(
                chance, persons[first + 1], persons[first + 2], as_of, taken
            )
    return tuple(_registered(index, person, persons) for index, person in enumerate(persons))


def _person(chance: Chance, number: int, as_of: date, taken: set[str]) -> Person:
    sex = "male" if chance.holds(0.47) else "female"
    child = chance.holds(0.09)
    age = chance.whole(2, 15) if child else min(92, max(19, round(chance.normal(54, 15))))
    born = as_of - timedelta(days=round(age * 365.2425) + chance.whole(1, 364))
    home = address(chance)
    return Person(
        number=number,
        name=name(chance, sex),
        sex=sex,
        born=born,
        national_id=_national_id(chance, sex, born, taken),
        card=_card(chance, number, age, home),
        phone=f"0199{(number * 7_919) % 1_000_000:06d}",
        address=home,
        ethnic=chance.weighted(_ETHNIC),
        occupation="00000" if child else chance.weighted(_OCCUPATIONS),
        health=draw(chance, age, sex),
    )


def _national_id(chance: Chance, sex: str, born: date, taken: set[str]) -> str:
    """Province of birth, century and sex, year, six digits of which the first two are 0: right in form, invented."""
    century = 2 * (born.year // 100 - 19) + (sex == "female")
    start = f"0{chance.weighted(PROVINCES).code}{century}{born.year % 100:02d}"
    while (number := f"{start}00{chance.whole(1, 9999):04d}") in taken:
        pass
    taken.add(number)
    return number


def _card(chance: Chance, number: int, age: int, home: Address) -> str:
    """A 15-character card; its social-insurance number begins with 99, which no province has."""
    if age < 6:
        group = "TE1"
    elif age < 18:
        group = "HS4"
    elif age >= 60:
        group = chance.weighted((("HT3", 55.0), ("GD4", 35.0), ("HN2", 10.0)))
    else:
        group = chance.weighted((("DN4", 55.0), ("GD4", 38.0), ("HN2", 7.0)))
    return f"{group}{home.province_code}99{(number * 7_654_321) % 10**8:08d}"


def _twins(chance: Chance, one: Person, other: Person, as_of: date, taken: set[str]) -> tuple[Person, Person]:
    """Same family, sex, birth date, address and phone; consecutive national ids, other cards."""
    del as_of
    prefix, last = one.national_id[:8], int(one.national_id[8:])
    second = next(
        number for step in range(1, 9999) if (number := f"{prefix}{(last + step) % 10_000:04d}") not in taken
    )
    taken.add(second)
    given = given_name(chance, one.sex, unlike=one.name.given)
    twin = replace(
        one,
        number=other.number,
        name=replace(one.name, given=given),
        national_id=second,
        card=one.card[:7] + other.card[7:],
        kin="twins",
    )
    return one, twin


def _father_and_son(
    chance: Chance, one: Person, other: Person, as_of: date, taken: set[str]
) -> tuple[Person, Person]:
    """The same name and address, a generation apart."""
    father_born = date(as_of.year - chance.whole(52, 72), chance.whole(1, 12), chance.whole(1, 28))
    son_born = date(father_born.year + chance.whole(22, 30), chance.whole(1, 12), chance.whole(1, 28))
    both = name(chance, "male")

    def made(person: Person, born: date, kin: str) -> Person:
        age = as_of.year - born.year
        return replace(
            person,
            name=both,
            sex="male",
            born=born,
            national_id=_national_id(chance, "male", born, taken),
            card=_card(chance, person.number, age, one.address),
            address=one.address,
            health=draw(chance, age, "male"),
            kin=kin,
        )

    return made(one, father_born, ""), made(other, son_born, "father-and-son")


def _couple(chance: Chance, one: Person, other: Person, as_of: date, taken: set[str]) -> tuple[Person, Person]:
    """Husband and wife: one address, one phone, about one age, other names and numbers."""
    if one.age(as_of) < 25:
        return one, other
    sex = "female" if one.sex == "male" else "male"
    born = one.born + timedelta(days=chance.whole(100, 1500))
    age = as_of.year - born.year
    spouse = replace(
        other,
        name=name(chance, sex),
        sex=sex,
        born=born,
        national_id=_national_id(chance, sex, born, taken),
        card=_card(chance, other.number, age, one.address),
        phone=one.phone,
        address=one.address,
        occupation=one.occupation,
        health=draw(chance, age, sex),
        kin="couple",
    )
    return one, spouse


def _borrowed_id(chance: Chance, one: Person, other: Person, as_of: date, taken: set[str]) -> tuple[Person, Person]:
    """A mother in A, and her son in B, at whose registration her national id was written down."""
    mother_born = date(as_of.year - chance.whole(28, 42), chance.whole(1, 12), chance.whole(1, 28))
    son_born = date(as_of.year - chance.whole(6, 12), chance.whole(1, 12), chance.whole(1, 28))
    mother_age, son_age = as_of.year - mother_born.year, as_of.year - son_born.year
    mother = replace(
        one,
        name=name(chance, "female"),
        sex="female",
        born=mother_born,
        national_id=_national_id(chance, "female", mother_born, taken),
        card=_card(chance, one.number, mother_age, one.address),
        health=draw(chance, mother_age, "female"),
    )
    son = replace(
        other,
        name=name(chance, "male", family=one.name.family),
        sex="male",
        born=son_born,
        national_id=_national_id(chance, "male", son_born, taken),
        card=_card(chance, other.number, son_age, one.address),
        address=one.address,
        occupation="00000",
        health=draw(chance, son_age, "male"),
        kin="borrowed-national-id",
    )
    return mother, son


def _registered(index: int, person: Person, persons: list[Person]) -> Person:
    """The person with their registrations: both hospitals, A alone or B alone by their place in the triple."""
    a = _registration(person, "a", f"SH{person.number * 48_271 % 1_000_000:06d}")
    b = _registration(person, "b", f"CL-{person.number * 69_621 % 1_000_000:06d}")
    if index % 3 == 1:
        return replace(person, registrations=(a,))
    if index % 3 == 2:
        if person.kin == "borrowed-national-id":
            b = replace(b, national_id=persons[index - 1].national_id)
        return replace(person, registrations=(b, *_feed(index, person, b)))
    variation, apply = VARIATIONS[index // 3 % len(VARIATIONS)]
    if variation == "day-and-month-swapped":
        # The day must be a month too, and another one.
        person = replace(person, born=person.born.replace(day=person.born.month % 12 + 1))
        a, b = (replace(item, birth=person.born.isoformat()) for item in (a, b))
    a, b = apply(a, b)
    second = (replace(a, key=f"SH9{a.key[2:]}"),) if variation == "registered-twice" else ()
    return replace(person, registrations=(a, *second, b, *_feed(index, person, b)), variation=variation)


def _feed(index: int, person: Person, item: Registration) -> tuple[Registration, ...]:
    """What B's interface engine (HL7 v2) holds of every fourth patient: the same numbers under a key of its own.

    Nobody is sent through it who has no number by which both halves of the record could be joined.
    """
    if index // 3 % 4 != (3 if index % 3 == 0 else 0) or person.kin or not exact_rules(item, item):
        return ()
    return (replace(item, feed="hl7v2"),)


def _registration(person: Person, hospital: str, key: str) -> Registration:
    return Registration(
        hospital,
        key,
        person.name.text,
        person.sex,
        person.born.isoformat(),
        person.national_id,
        person.card,
        person.phone,
        person.address,
    )
