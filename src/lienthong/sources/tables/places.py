"""Reads YAML as plain values and remembers the line of each, so that an error of a mapping names its line.

Only what a mapping needs: text, whole numbers, true and false, null, lists and objects. Anchors, tags and repeated
names are refused; words such as `no` and dates stay text; numbers with a point keep their digits as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lienthong.core.errors import Category, ErrorKind, LienthongError

__all__ = ["WRONG_MAPPING", "Document", "Path", "load"]

LONGEST = 4 << 20
DEEPEST = 60

WRONG_MAPPING = ErrorKind(
    "tables-mapping-wrong",
    Category.INCORRECT,
    what="The mapping can't be used: {why}.",
    allowed="{allowed}",
    cure="Correct this line; `lienthong map schema` prints the schema for editors, docs/tables.md explains it.",
)

Path = tuple[str | int, ...]
_YAML = "YAML 1.1 of text, whole numbers, true, false, lists and objects"


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: its values, and the line of each by its path."""

    name: str
    value: Any
    lines: dict[Path, int] = field(repr=False)

    def wrong(self, path: Path, why: str, allowed: str = "") -> LienthongError:
        """The error at a place: the file, the line of the nearest value that is there, and the path."""
        while path and path not in self.lines:
            path = path[:-1]
        where = ".".join(str(part) for part in path)
        return WRONG_MAPPING.at(
            f"{self.name}, line {self.lines.get(path, 1)}" + (f": {where}" if where else ""),
            why=why,
            allowed=allowed or "docs/tables.md lists what may stand here",
        )


def load(text: str, name: str) -> Document:
    """The document of a YAML text; a `tables-mapping-wrong` error with its line where it is none."""
    if len(text) > LONGEST:
        raise WRONG_MAPPING.at(name, why="it is too long", allowed=f"{LONGEST:,} characters")
    lines: dict[Path, int] = {}
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise WRONG_MAPPING.at(f"{name}, line {line}", why="it has an anchor (& or *)", allowed=_YAML)
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise WRONG_MAPPING.at(
                    f"{name}, line {line}", why="it is nested too deep", allowed=f"{DEEPEST} levels"
                )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}, line {mark.line + 1}" if mark else name
        raise WRONG_MAPPING.at(where, why=f"it is no YAML ({_said(error)})", allowed=_YAML) from None
    except (yaml.YAMLError, ValueError):
        raise WRONG_MAPPING.at(name, why="it holds characters that YAML does not allow", allowed=_YAML) from None
    document = Document(name, None, lines)
    if node is None:
        raise WRONG_MAPPING.at(name, why="it is empty", allowed="a mapping; `lienthong map propose` drafts one")
    return Document(name, _value(node, (), document), lines)


def _said(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's own words; they name characters of the mapping at most, never a value of a patient."""
    return (error.problem or error.context or "it can't be read").split("\n")[0]


def _value(node: Node, path: Path, document: Document) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        return _scalar(node, path, document)
    if isinstance(node, SequenceNode):
        return [_value(item, (*path, number), document) for number, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    found: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key, ScalarNode):
            raise document.wrong(path, "a name is no text", _YAML)
        document.lines[*path, key.value] = key.start_mark.line + 1
        if key.value in found:
            raise document.wrong((*path, key.value), f"`{key.value}` stands here twice", "each name once")
        found[key.value] = _value(item, (*path, key.value), document)
        document.lines[*path, key.value] = key.start_mark.line + 1
    return found


def _scalar(node: ScalarNode, path: Path, document: Document) -> Any:
    text: str = node.value
    if node.style is not None:  # quoted, or a block: text
        return text
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if text in ("true", "false"):
        return text == "true"
    if node.tag == "tag:yaml.org,2002:int" and text.lstrip("-").isdecimal() and str(int(text)) == text:
        return int(text)
    if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.endswith(":binary"):
        raise document.wrong(path, "it has a tag (!)", _YAML)
    return text
