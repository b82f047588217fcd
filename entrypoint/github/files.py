"""The files through which a step talks to the runner.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

# In bytes; the runner drops a longer one whole.
SUMMARY_LIMIT = 1024 * 1024


def write_outputs(outputs: Mapping[str, str], path: str) -> None:
    """Append step outputs to the file GITHUB_OUTPUT, newline-safe; `path` empty: nowhere."""
    if not path:
        return
    with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
        for name, value in outputs.items():
            # Random, so that a value can't end its block and begin an output of its own.
            delimiter = secrets.token_hex(16)
            file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def write_summary(markdown: str, path: str) -> None:
    """Append the job summary to the file GITHUB_STEP_SUMMARY; `path` empty: nowhere."""
    if not path:
        return
    with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(markdown)
