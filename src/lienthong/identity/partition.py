"""Which of some Patients are one person: a pure function of the set, so no order of arrival can change it.

Two Patients agree when a rule joins them and nothing in them contradicts. A group in which all agree, directly or
through others, is one person. Where two of a group contradict each other (twins with one card and two national ids),
only those stay together that contradict the same others; whoever would fit both sides is joined to neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lienthong.identity.profile import Profile

__all__ = ["MOST_PROFILES", "partition"]

MOST_PROFILES = 300
"""A number that more different profiles than this have is a placeholder and joins nobody."""


def partition(patients: Mapping[int, Profile]) -> list[list[int]]:
    """The groups of Patients (by number) that are one person each, in the order of their first members."""
    by_profile: dict[Profile, list[int]] = defaultdict(list)
    for number in sorted(patients):
        by_profile[patients[number]].append(number)
    profiles = list(by_profile)
    sharing = _sharing(profiles)
    with_key = {index for members in sharing.values() for index in members}
    groups = [
        [number] for index, profile in enumerate(profiles) if index not in with_key for number in by_profile[profile]
    ]
    agree = _agreement(profiles, sharing)
    for component in _components(with_key, agree):
        groups.extend(
            sorted(number for index in part for number in by_profile[profiles[index]])
            for part in _without_contradiction(component, profiles, agree)
        )
    return sorted(groups)


def _sharing(profiles: Sequence[Profile]) -> dict[str, list[int]]:
    """The profiles that have each key, without the keys that are placeholders."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for index, profile in enumerate(profiles):
        for key in profile.shared_keys():
            sharing[key].append(index)
    return {key: members for key, members in sharing.items() if len(members) <= MOST_PROFILES}


def _agreement(profiles: Sequence[Profile], sharing: Mapping[str, list[int]]) -> dict[int, set[int]]:
    agree: dict[int, set[int]] = defaultdict(set)
    for members in sharing.values():
        for at, left in enumerate(members):
            for right in members[at + 1 :]:
                if right not in agree[left] and not profiles[left].contradicts(profiles[right]):
                    agree[left].add(right)
                    agree[right].add(left)
    return agree


def _components(indexes: Iterable[int], agree: Mapping[int, set[int]]) -> list[list[int]]:
    inside, found = set(indexes), []
    while inside:
        start = min(inside)
        inside.discard(start)
        component, border = [start], [start]
        while border:
            near = agree.get(border.pop(), set()) & inside
            inside -= near
            component += near
            border += near
        found.append(sorted(component))
    return found


def _without_contradiction(
    component: list[int], profiles: Sequence[Profile], agree: Mapping[int, set[int]]
) -> list[list[int]]:
    against = {
        index: frozenset(other for other in component if profiles[index].contradicts(profiles[other]))
        for index in component
    }
    if not any(against.values()):
        return [component]
    alike: dict[frozenset[int], list[int]] = defaultdict(list)
    for index in component:
        alike[against[index]].append(index)
    return [part for members in alike.values() for part in _components(members, agree)]
