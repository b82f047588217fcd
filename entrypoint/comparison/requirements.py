"""What changes in the environment: Python, MLflow, the packages and where they come from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from entrypoint.comparison.changes import RequirementChange
from entrypoint.comparison.shown_text import Redact, shortened
from entrypoint.comparison.snapshot import Snapshot

_PYTHON = "Python"
_FIRST = (_PYTHON, "mlflow", "mlflow-skinny")
_MAX_CHARACTERS = 120
# Versions that are dates have no major steps.
_FIRST_YEAR = 1990


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[RequirementChange]:
    """The packages whose versions differ, Python and MLflow first.

    Where the requirements of the registered version aren't locked, only what they name is compared.
    """
    old, new = _versions(before), _versions(after)
    if before.requirements is None or after.requirements is None:
        old, new = ({k: v for k, v in each.items() if k == _PYTHON} for each in (old, new))
    names = old.keys() | new.keys() if before.locked else old.keys()
    for name in sorted(names, key=lambda name: (name not in _FIRST, name)):
        was, now = old.get(name, ""), new.get(name, "")
        if was != now and not (name == _PYTHON and not (was and now)):
            shown, old_shown, new_shown = (
                shortened(each, _MAX_CHARACTERS, redact) for each in (name, was, now)
            )
            yield RequirementChange(shown, old_shown, new_shown, _is_major(was, now))


def _versions(snapshot: Snapshot) -> Mapping[str, str]:
    """What is asked for of each package, as the exact version where it is one."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in _logical(snapshot.requirements or ()):
        name, wanted = _option(line) if line.startswith("-") else _package(line)
        found[name].add(wanted)
    versions = {name: ", ".join(sorted(wanted)) for name, wanted in found.items()}
    return {**versions, **({_PYTHON: snapshot.python} if snapshot.python else {})}


def _logical(lines: Iterable[str]) -> Iterator[str]:
    """Requirements without comments and hashes, a continued line as one."""
    begun = ""
    for line in lines:
        begun += f" {line}".partition(" #")[0].strip()
        if begun.endswith("\\"):
            begun = f"{begun[:-1].rstrip()} "
            continue
        logical, begun = begun.partition(" --hash")[0].strip(), ""
        if logical:
            yield logical


def _option(line: str) -> tuple[str, str]:
    name, _, value = line.replace("=", " ", 1).partition(" ")
    return name, _address(value.strip()) or "on"


def _package(line: str) -> tuple[str, str]:
    try:
        requirement = Requirement(line)
    except (InvalidRequirement, RecursionError):  # a path, or the address alone
        return _address(line), "on"
    name = canonicalize_name(requirement.name)
    if requirement.url:
        return name, _address(requirement.url)
    pins = list(requirement.specifier)
    if len(pins) == 1 and pins[0].operator in ("==", "==="):
        wanted = pins[0].version
    else:
        wanted = str(requirement.specifier) or "any"
    return name, f"{wanted}; {requirement.marker}" if requirement.marker else wanted


def _address(url: str) -> str:
    """A URL without credentials, which may be in its query too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "?"
    if not parts.netloc:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _is_major(before: str, after: str) -> bool:
    try:
        old, new = Version(before), Version(after)
    except InvalidVersion:
        return False
    is_date = min(old.major, new.major) >= _FIRST_YEAR
    return (old.epoch, old.major) != (new.epoch, new.major) and not is_date
