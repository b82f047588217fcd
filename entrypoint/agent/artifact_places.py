"""Where MLflow puts the artifacts in the model: into one folder, each by its last name."""

import itertools
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from packaging.version import Version

KEEPS_APART = Version("3.16")
"""Since it, MLflow puts artifacts of one name into folders with numbers: `0/a.txt`, `1/a.txt`.

One before it keeps one of them. What follows is the rule of
`mlflow.pyfunc.model._resolve_artifact_path_collisions`.
"""


def keeps_apart(mlflow: Version | None) -> bool:
    """Whether a version does; one that is no release (None) is a newer one."""
    return mlflow is None or mlflow >= KEEPS_APART


def of_one_name(artifacts: Iterable[tuple[str, Path | str]]) -> Iterator[tuple[str, ...]]:
    """The names of different local artifacts that have the same last name."""
    by_last_name: dict[str, dict[Path, str]] = {}
    for name, path in artifacts:
        if isinstance(path, Path):
            by_last_name.setdefault(path.name, {}).setdefault(path, name)
    return (tuple(each.values()) for each in by_last_name.values() if len(each) > 1)


def places(
    artifacts: Iterable[tuple[str, Path | str]], mlflow: Version | None
) -> Iterator[tuple[str, str]]:
    """Name and place in the model (`artifacts/a.txt`) of each artifact; of a URI, the URI."""
    named = list(artifacts)
    # A path that is given twice is copied once.
    last_names = {_key(name, given): _last_name(given) for name, given in named}
    if keeps_apart(mlflow):
        last_names = dict(zip(last_names, _apart(list(last_names.values())), strict=True))
    for name, given in named:
        is_local = isinstance(given, Path)
        yield name, f"artifacts/{last_names[_key(name, given)]}" if is_local else str(given)


def _key(name: str, given: Path | str) -> Path | str:
    return given if isinstance(given, Path) else name


def _last_name(given: Path | str) -> str:
    """What MLflow calls a copy of it; empty, which is like nothing else, where that isn't known."""
    return given.name if isinstance(given, Path) else posixpath.basename(urlsplit(given).path)


def _apart(names: list[str]) -> list[str]:
    folded = [name.casefold() for name in names]
    is_alone = [not name or folded.count(name) == 1 for name in folded]
    taken = {name for name, alone in zip(names, is_alone, strict=True) if alone}
    numbers = (str(number) for number in itertools.count() if str(number) not in taken)
    return [
        name if alone else f"{next(numbers)}/{name}"
        for name, alone in zip(names, is_alone, strict=True)
    ]
