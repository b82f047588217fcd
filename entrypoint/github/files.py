"""The files through which a step talks to the runner.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

_SUMMARY_LIMIT = 1024 * 1024


def write_outputs(outputs: Mapping[str, str], path: str) -> None:
    """Append step outputs to the file GITHUB_OUTPUT, newline-safe; `path` empty: nowhere."""
    if not path:
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for name, value in outputs.items():
            # Random, so that a value can't end its block and begin an output of its own.
            delimiter = secrets.token_hex(16)
            file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def write_summary(markdown: str, path: str) -> None:
    """Append the job summary to GITHUB_STEP_SUMMARY; the runner drops one over 1 MiB whole."""
    if not path:
        return
    encoded = markdown.encode()
    if len(encoded) > _SUMMARY_LIMIT:
        raise ValueError(f"a summary of {len(encoded)} bytes would be dropped by the runner")
    with Path(path).open("ab") as file:
        file.write(encoded)
