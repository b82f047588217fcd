"""What somebody may have meant by a path that leads to nothing."""

import difflib
from itertools import islice
from pathlib import Path

_MOST_COMPARED = 1_000


def did_you_mean(text: str, path: Path, root: Path) -> str:
    """A sentence, with a space before it, about a path that does not exist; empty without one.

    `text`: the path as it was written; `root`: the workspace's.
    """
    if not any(root.iterdir()):
        return (
            " The workspace is empty: check the repository out first, with"
            " `- uses: actions/checkout@v7` as a step before this one."
        )
    if "\\" in text:
        return _with_slashes(text, root)
    if not path.parent.is_dir():
        return f" Neither does the folder `{path.parent.relative_to(root).as_posix()}`."
    if path.with_name(f"{path.name}.dvc").is_file():
        return f" DVC keeps it: run `dvc pull {path.relative_to(root)}` in a step before this one."
    names = [each.name for each in islice(path.parent.iterdir(), _MOST_COMPARED)]
    close = difflib.get_close_matches(path.name, names)
    if not close:
        return ""
    return f" Did you mean `{(path.parent / close[0]).relative_to(root).as_posix()}`?"


def _with_slashes(text: str, root: Path) -> str:
    r"""The same of a path that was written with `\`; with what it should be, if that is there."""
    corrected = text.replace("\\", "/")
    meant = (root / corrected).resolve()
    is_there = meant.is_relative_to(root) and meant.exists()
    return r" Paths are written with `/`, and not with `\`" + (
        f": `{corrected}`." if is_there else "."
    )
