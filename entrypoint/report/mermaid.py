"""The graph of what an agent may use, for Mermaid.

https://mermaid.js.org/syntax/flowchart.html - GitHub draws it in Markdown.
"""

import re
from collections.abc import Mapping

from entrypoint.comparison.changes import Comparison
from entrypoint.report.markdown import visible
from entrypoint.resources.kinds import key
from entrypoint.resources.table import Line, Table

# More than that is no picture any more; GitHub's own limit is 500 edges.
_MAX_NODES = 40
_MAX_LABEL = 80
# Coloured by outline, so that it reads on a light page and on a dark one.
_CLASSES = (
    "classDef same stroke:#8c959f,stroke-width:1px",
    "classDef added stroke:#2da44e,stroke-width:3px",
    "classDef removed stroke:#cf222e,stroke-width:2px,stroke-dasharray:5 4",
)


def graph(agent: str, resources: Table, comparison: Comparison | None) -> str:
    """Agent and resources, coloured by what is added and removed; empty without resources.

    A dotted arrow is access on behalf of the user; one from a resource leads to what it needs.
    """
    changes = {
        (key(each.kind, each.name), each.on_behalf_of_user): each.change
        for each in (comparison.resources if comparison else ())
    }
    known = [line for line in resources.lines if line.name]
    gone = [
        Line(each.kind, each.title, each.name, each.on_behalf_of_user)
        for each in (comparison.resources if comparison else ())
        if each.change == "removed"
    ]
    drawn = [*known, *gone][:_MAX_NODES]
    if not drawn:
        return ""
    nodes = [_node(number, line, changes) for number, line in enumerate(drawn)]
    arrows = _arrows_through(drawn)
    return "\n".join(("flowchart LR", f'  agent(["{label(agent)}"])', *nodes, *arrows, *_CLASSES))


def label(text: str) -> str:
    """Untrusted text inside of a quoted label: nothing in it is syntax, Markdown or HTML."""
    line = " ".join(visible(text[:1_000]).split())
    short = line if len(line) <= _MAX_LABEL else f"{line[:_MAX_LABEL]}…"
    # Mermaid's own entity codes, in decimal.
    return re.sub(r"[^\w ./:-]", lambda found: f"#{ord(found[0])};", short)


def _node(number: int, line: Line, changes: Mapping[tuple[tuple[str, str], bool], str]) -> str:
    change = changes.get((key(line.kind, line.name), line.on_behalf_of_user), "same")
    arrow = "-.->" if line.on_behalf_of_user else "-->"
    shown = f'r{number}["{label(line.name)}<br/><i>{label(line.title)}</i>"]'
    start = f"agent {arrow} " if line.is_used_itself else ""
    return f"  {start}{shown}:::{'added' if change == 'changed' else change}"


def _arrows_through(drawn: list[Line]) -> list[str]:
    """From each resource to what it needs besides."""
    numbers = {key(line.kind, line.name): number for number, line in enumerate(drawn)}
    return [
        f"  r{numbers[key(*parent)]} --> r{number}"
        for number, line in enumerate(drawn)
        for parent in line.through
        if key(*parent) in numbers
    ]
