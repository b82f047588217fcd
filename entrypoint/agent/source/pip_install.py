"""`%pip install` in a notebook, read as lines of a requirements file."""

import argparse
import posixpath
import re
import shlex
from typing import Never

_INSTALL = re.compile(
    r"\s*(?P<mark>[%!])\s*(?:\S*\s+-m\s+)?(?:uv\s+)?pip3?\s+install\b(?P<arguments>.*)"
)
# `{name}` and `$name`, which IPython fills in; `${NAME}` uv itself does.
_FILLED_IN = re.compile(r"(?<!\$)\{|\$(?!\{)")
_SHELL = re.compile(r"\d*&?>.*|&&?|\|\|?|;")


def requirements(magic: str, folder: str) -> list[str] | None:
    """The requirements of a `%pip install`, with paths relative to the workspace; None for others.

    Raises:
        ValueError: it can't be written as lines of a requirement file.

    """
    found = _INSTALL.match(magic.replace("\\\n", " "))
    if not found:
        return None
    words = shlex.split(found["arguments"], comments=True)
    if found["mark"] == "!":
        shell = (number for number, word in enumerate(words) if _SHELL.fullmatch(word))
        words = words[: next(shell, None)]
    for word in words:
        if _FILLED_IN.search(word):
            raise ValueError(f"what `{word}` means is known only when the notebook runs.")
    given, unknown = _PARSER.parse_known_args(words)
    if unknown:
        raise ValueError(f"`{unknown[0]}` is an option that they don't have.")
    return [
        *(f"{option} {value}" for option, value in given.options),
        *(f"{option} {_in_workspace(path, folder)}" for option, path in given.files),
        *(_in_workspace(text, folder) if _is_path(text) else text for text in given.requirements),
    ]


def _in_workspace(path: str, folder: str) -> str:
    return path if "://" in path else posixpath.normpath(posixpath.join(folder, path))


def _is_path(requirement: str) -> bool:
    return requirement.startswith((".", "/")) or requirement.endswith((".whl", ".tar.gz", ".zip"))


class _Keep(argparse.Action):
    """Keeps an option with its value, under its long name."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        kept = [*getattr(namespace, self.dest), (self.option_strings[-1], values)]
        setattr(namespace, self.dest, kept)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Never:
        raise ValueError(f"{message}.")


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    names: tuple[str, ...]
    parser.add_argument("requirements", nargs="*")
    for names in (("-r", "--requirement"), ("-c", "--constraint"), ("-e", "--editable")):
        parser.add_argument(*names, dest="files", action=_Keep, default=[])
    for names in (
        *(("-i", "--index-url"), ("--extra-index-url",), ("-f", "--find-links")),
        *(("--no-binary",), ("--only-binary",)),
    ):
        parser.add_argument(*names, dest="options", action=_Keep, default=[])
    # Options that make no difference to a new environment.
    for names in (
        *(("-U", "--upgrade"), ("-q", "--quiet"), ("-v", "--verbose"), ("-y", "--yes")),
        *(("-I", "--ignore-installed"), ("--force-reinstall",), ("--user",), ("--system",)),
        *(("--no-cache-dir",), ("--no-input",), ("--no-warn-script-location",)),
        *(("--no-warn-conflicts",), ("--disable-pip-version-check",), ("--break-system-packages",)),
    ):
        parser.add_argument(*names, dest="ignored", action="store_true")
    for name in ("--upgrade-strategy", "--progress-bar", "--timeout", "--retries"):
        parser.add_argument(name, dest="ignored")
    return parser


_PARSER = _parser()
