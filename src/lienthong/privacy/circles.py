"""Who shares a shift: identifiers that stand in one record belong to one circle, across files and formats.

A circle is a person with all their numbers, and a mother with her newborn where one record names both. It is
learnt in a first reading of all files; the second one writes. `Circles.days` is a function of the key and the circle.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from lienthong.core.text import fold
from lienthong.privacy import shifts

__all__ = ["Circles"]

_BIRTH = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?)?")
_WEEKS = 52
_OLDEST = 90
_ORDER = "nsk"  # by what a circle is known: a national id, a social-insurance number, a key of the facility
_SMALL = 5
_MOST_WORDS = 60  # a circle that is a junk number shared by thousands must not make a pattern of thousands


class Circles:
    """What a first reading of all files knows of the people in them, in memory only.

    A node is a letter and a value: `n:` a national id, `s:` a social-insurance number, `k:` a key of a facility,
    `t:` a type and a key in a table, which does not say whose key it is.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.newest = 0
        self._above: dict[str, str] = {}
        self._births: dict[str, set[str]] = defaultdict(set)
        self._groups: dict[str, tuple[str, str, str]] = {}
        self._anchors: dict[str, str] = {}
        self._circle_births: dict[str, set[str]] = {}
        self._words: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._circle_words: dict[str, set[tuple[str, str, str]]] = {}

    def national(self, text: str) -> list[str]:
        """The node of a national id; none where the number is no id at all (all digits alike)."""
        text = text.strip().upper()
        return [f"n:{text}"] if text.isascii() and len(text) >= 8 and len(set(text)) > 2 else []

    def card(self, text: str) -> list[str]:
        """The node of a card: the number in it, or the national id that is shown in its place."""
        text = text.strip().upper()
        if len(text) == 12 and text.isascii() and text.isdigit():
            return self.national(text)
        number = text[-10:]
        is_number = len(number) == 10 and number.isascii() and number.isdigit() and len(set(number)) > 2
        return [f"s:{number}"] if is_number else []

    def join(self, nodes: Iterable[str]) -> None:
        """These nodes stand in one record."""
        first = ""
        for node in nodes:
            root = self._root(node)
            if not first:
                first = root
            elif root != first:
                self._above[root] = first

    def learn_birth(self, text: str, nodes: Iterable[str]) -> None:
        """A birth as ISO text (a date, a year-month or a year) of whom these nodes are."""
        for node in nodes:
            self._births[node].add(text)

    def learn_name(self, text: str, nodes: Iterable[str], sex: str = "") -> None:
        """A name in a record of these nodes: it is given to nobody else, and is looked for in their texts."""
        same = fold(text.split("(")[0])
        if " " in same:
            self.names.add(same)
        if same:
            for node in list(nodes)[:1]:
                self._words[node].add(("name", text, sex))

    def learn_address(self, text: str, nodes: Iterable[str]) -> None:
        """An address in a record of these nodes, looked for in their texts."""
        for node in list(nodes)[:1]:
            self._words[node].add(("address", text, ""))

    def words(self, nodes: Iterable[str]) -> list[tuple[str, str, str]]:
        """What was learnt to look for in the texts of a circle: kind (`name`, `address`), text, sex."""
        for node in nodes:
            return sorted(self._circle_words.get(self._root(node), ()))[:_MOST_WORDS]
        return []

    def learn_person(self, node: str, group: tuple[str, str, str]) -> None:
        """What stays visible of a person: birth year, sex, province."""
        self._groups[node] = group

    def learn_event(self, text: str, this_year: int) -> None:
        """A date that begins with the year of something that happened; years to come are slips."""
        year = text[:4]
        if len(year) == 4 and year.isascii() and year.isdigit() and int(year) <= this_year:
            self.newest = max(self.newest, int(year))

    def close(self) -> None:
        """Ends the first reading."""
        self._meet()
        for node in list(self._above):
            root = self._root(node)
            anchor = self._anchors.get(root)
            if anchor is None or _rank(node) < _rank(anchor):
                self._anchors[root] = node
            self._circle_words.setdefault(root, set()).update(self._words.get(node, ()))
            self._circle_births.setdefault(root, set()).update(
                birth for birth in self._births.get(node, ()) if len(birth) == 10
            )

    def _meet(self) -> None:
        """A number of a table is that of a claim, a message or a resource, where one circle of them alone has it."""
        owners: dict[str, set[str]] = defaultdict(set)
        for node in list(self._above):
            if node.startswith("k:"):
                _, mark, number = node.rpartition("|")
                owners[f"t:Patient/{number}" if mark else f"t:{node[2:]}"].add(self._root(node))
        for node in [node for node in self._above if node.startswith("t:")]:
            found = owners.get(node, ())
            if len(found) == 1:
                self.join([*found, node])

    def anchor(self, nodes: Iterable[str]) -> str:
        """By what the circle of a record is known; empty for a record of nobody."""
        for node in nodes:
            return self._anchors.get(self._root(node), node)
        return ""

    def days(self, nodes: Iterable[str], draw: Callable[[str, int], int]) -> int:
        """By how many days a record's dates move: 1 to 52 weeks back, as `draw` (of the key) says for its anchor."""
        return -7 * (1 + draw(self.anchor(nodes), _WEEKS))

    def birth(self, text: str, nodes: Iterable[str], days: int) -> str | None:
        """A birth (ISO, of any precision) moved with its circle; who is over 89 becomes 90; None: it is no date."""
        if not _BIRTH.fullmatch(text):
            return None
        year = int(text[:4])
        oldest = self.newest - _OLDEST
        if self.newest and 0 < year <= oldest:
            return f"{oldest:04d}-01-01"[: len(text)] if len(text) in (4, 7, 10) else f"{oldest:04d}-01-01"
        if len(text) >= 10:
            return shifts.iso(text, days)
        for node in nodes:
            whole = sorted(self._circle_births.get(self._root(node), ()))
            found = next((birth for birth in whole if birth.startswith(text)), None)
            if found is not None:
                new = shifts.iso(found, days)
                return new[: len(text)] if new else None
        return text

    def year_of_birth(self, number: str, year: int, days: int) -> int:
        """The year that the owner of a national id is born in by the new dates, where the id says `year`."""
        node = f"n:{number}"
        own = sorted(birth for birth in self._births.get(node, ()) if birth[:4] == f"{year:04d}")
        text = own[-1] if own else f"{year:04d}"
        new = self.birth(text, [node], days)
        return int(new[:4]) if new else year

    def small_groups(self) -> tuple[int, int, int]:
        """How many persons, groups of birth year, sex and province, and groups of fewer than five there are."""
        groups = Counter(self._groups[node] for node in self._one_each())
        return groups.total(), len(groups), sum(count < _SMALL for count in groups.values())

    def _one_each(self) -> Iterator[str]:
        """One node for each different person of each circle: other births and sexes are other persons."""
        seen: set[tuple[str, str, str]] = set()
        for node, (year, sex, _) in self._groups.items():
            mark = (self._root(node), year, sex)
            if mark not in seen:
                seen.add(mark)
                yield node

    def _root(self, node: str) -> str:
        above = self._above
        root = above.setdefault(node, node)
        while above[root] != root:
            above[root] = above[above[root]]
            root = above[root]
        above[node] = root
        return root


def _rank(node: str) -> tuple[int, str]:
    return (_ORDER.find(node[:1]) % 9, node)
