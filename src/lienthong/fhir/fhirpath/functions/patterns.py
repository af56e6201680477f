"""matches, matchesFull and replaceMatches, by RE2: its time grows with the text alone, whatever the pattern.

RE2 has no back-references and no look-around; a pattern with them is refused. `.` also matches a line's end.
Source: FHIRPath N1, 5.6.10 and 5.6.11.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from lienthong.fhir.fhirpath.call import Call, Function
from lienthong.fhir.fhirpath.faults import Source
from lienthong.fhir.fhirpath.operands import text
from lienthong.fhir.fhirpath.plan import Env, Plan, fits, one

__all__ = ["PATTERNS"]

_LONGEST = 10_000


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = 8 << 20
    return options


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> Any:
    """The compiled pattern; None where RE2 can't read it."""
    if len(pattern) > _LONGEST:
        return None
    try:
        return re2.compile(pattern, _options())
    except re2.error:
        return None


def _pattern(pattern: str, source: Source) -> Any:
    found = _compiled(pattern)
    if found is None:
        allowed = "a pattern that RE2 reads (no back-references, no look-around), up to 10,000 characters"
        raise source.run("its pattern can't be read as a regular expression", allowed)
    return found


def _matching(*, full: bool) -> Function:
    def compile_matches(call: Call) -> Plan:
        run, given = text(call.input, call.source, call.name), text(call.given(0), call.at(0), call.name)
        source = call.at(0)

        def run_matches(this: Any, env: Env) -> bool | None:
            value, pattern = run(this, env), given(this, env)
            if value is None or pattern is None:
                return None
            found = _pattern(pattern, source)
            return (found.fullmatch(value) if full else found.search(value)) is not None

        return one(run_matches, "System.Boolean")

    return Function(compile_matches, 1, 1)


def _replace_matches(call: Call) -> Plan:
    run = text(call.input, call.source, call.name)
    given, replacement = (text(call.given(place), call.at(place), call.name) for place in (0, 1))
    source = call.at(0)

    def run_replace(this: Any, env: Env) -> str | None:
        value, pattern, new = run(this, env), given(this, env), replacement(this, env)
        if value is None or pattern is None or new is None:
            return None
        if pattern == "":
            return str(value)
        parts = _replaced(value, _pattern(pattern, source), new)
        env.spend(len(parts) + len(parts) // 2 * len(new), source)
        return str(fits("".join(parts), source))

    return one(run_replace, "System.String")


def _replaced(value: str, pattern: Any, new: str) -> list[str]:
    """The parts of the text with each match replaced; `$1` and `${name}` in the new text are groups of the match."""
    out, at = [], 0
    for match in pattern.finditer(value):
        out.append(value[at : match.start()])
        out.append(_filled(match, new))
        at = match.end()
    return [*out, value[at:]]


def _filled(match: Any, new: str) -> str:
    return str(_GROUPS.sub(lambda group: _group(match, group), new))


_GROUPS = re2.compile(r"\$(?:(\d)|\{(\w+)\})|\\(.)", _options())


def _group(match: Any, group: Any) -> str:
    if group[3] is not None:
        return str(group[3])
    name = int(group[1]) if group[1] is not None else int(group[2]) if group[2].isdigit() else group[2]
    try:
        return match[name] or ""
    except (IndexError, KeyError):
        return str(group[0])


PATTERNS = {
    "matches": _matching(full=False),
    "matchesFull": _matching(full=True),
    "replaceMatches": Function(_replace_matches, 2, 2),
}
