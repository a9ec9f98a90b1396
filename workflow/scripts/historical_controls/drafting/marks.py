"""A drafted config as text: what is sure is written, what is guessed carries `# CONFIRM: why`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LONGEST = 100


@dataclass(frozen=True)
class Guess:
    """A value that the draft cannot know; why: what a person should look at."""

    value: Any
    why: str


def plain(node: Any) -> Any:
    """The drafted values without their marks."""
    if isinstance(node, Guess):
        return plain(node.value)
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    return [plain(item) for item in node] if isinstance(node, list) else node


def reasons(node: Any) -> list[str]:
    """Every reason below a node, once each."""
    if isinstance(node, Guess):
        return [node.why, *reasons(node.value)]
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return list(dict.fromkeys(why for item in inner for why in reasons(item)))


def config_text(draft: dict[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _mapping(draft, 0))


def _mapping(node: dict[str, Any], indent: int) -> Iterator[str]:
    for key, value in node.items():
        yield from _entry(f"{' ' * indent}{_flow(key)}:", value, indent)


def _entry(head: str, value: Any, indent: int) -> Iterator[str]:
    """One key or item: on one line where it is short, so that a guess is beside what it doubts."""
    mark, bare = (f"   # CONFIRM: {value.why}", value.value) if isinstance(value, Guess) else ("", value)
    flow = _flow(plain(bare))
    nested = isinstance(bare, dict | list) and bare and _deep(bare)
    if not nested or (len(head) + len(flow) < LONGEST and not _holds_mappings(bare)):
        whys = "; ".join([*([value.why] if mark else []), *reasons(bare)])
        yield f"{head} {flow}" + (f"   # CONFIRM: {whys}" if whys else "")
        return
    yield head + mark
    if isinstance(bare, dict):
        yield from _mapping(bare, indent + 2)
        return
    if not any(isinstance(item, dict | list | Guess) for item in bare):
        room = LONGEST - indent - 2
        broken = textwrap.wrap(flow, room, break_long_words=False, break_on_hyphens=False)
        # Names with spaces may not be broken, and forms are read as they are: a line for each item is longer, and sure.
        whole = not any("\n" in str(item) or "{" in str(item) for item in bare)
        if yaml.safe_load(" ".join(broken)) == bare and whole:
            yield from (f"{' ' * (indent + 2)}{line}" for line in broken)
            return
    for item in bare:
        first, *rest = list(_mapping(item, indent + 4)) if isinstance(item, dict) and _deep(item) else [""]
        if first:
            yield f"{' ' * (indent + 2)}- {first.lstrip()}"
            yield from rest
        else:
            yield from _entry(f"{' ' * (indent + 2)}-", item, indent + 2)


def _deep(node: Any) -> bool:
    """Whether a mapping or list holds others that are worth lines of their own."""
    return bool(node) and (_holds_mappings(node) or len(_flow(plain(node))) > LONGEST - 20)


def _holds_mappings(node: Any) -> bool:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return any(isinstance(i.value if isinstance(i, Guess) else i, dict) for i in inner) and len(_flow(plain(node))) > 70


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("...").strip()
