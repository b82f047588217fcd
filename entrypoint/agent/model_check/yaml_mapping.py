"""YAML as MLflow writes it, read from files that others may have written."""

from pathlib import Path
from typing import Any

import yaml

from entrypoint.inputs.strict_yaml import Bounds, StrictConstructor, check_size
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.untrusted_file import Bound

_MAX_SIZE = Bound(5_000_000, "MLflow writes a few kilobytes.")
_BOUNDS = Bounds(values=200_000)


class _Loader(StrictConstructor, yaml.CSafeLoader):
    """The parser with which MLflow reads these files."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "`<<` is nothing that MLflow writes", node.start_mark
            )


def read_mapping(path: Path) -> dict[Any, Any]:
    """A YAML file that holds a mapping; the path is absolute and resolved.

    Raises:
        ValueError: it doesn't, or MLflow writes no such YAML; the message finishes "the file".

    """
    text = read_text(path)
    try:
        check_size(text, _Loader, _BOUNDS)
        content = yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise ValueError(f"is not YAML as MLflow writes it{line}: {error.problem}") from error
    # A date that is none, a key that can't be one, characters that aren't allowed.
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"is not YAML as MLflow writes it: {error}") from error
    if not isinstance(content, dict):
        raise ValueError("does not hold keys and values")  # noqa: TRY004 - it is a file's content
    return content


def read_text(path: Path) -> str:
    """The text of a regular file of at most 5 MB, in UTF-8; the path is absolute and resolved.

    Raises:
        ValueError: it is something else; the message finishes "the file".

    """
    try:
        return untrusted_file.read(path, _MAX_SIZE).decode()
    except UnicodeDecodeError as error:
        raise ValueError("is not in UTF-8") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"can't be read: {error}") from error
