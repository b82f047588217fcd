"""A report in a folder: for later steps, and for `mode: comment` in another workflow."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from entrypoint.registry.publication_result import Published
from entrypoint.report.rendering import render
from entrypoint.report.result import Result
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import InputFailure, Problem

RESULT = "result.json"
_SUMMARY, _COMMENT, _TRANSCRIPT = "summary.md", "comment.md", "agent.log"
_LIMITS = {_SUMMARY: 1024 * 1024, _COMMENT: 65_000}
# A run's artifacts are a folder each; a stranger's may be anything.
_MAX_ENTRIES = 1_000
_MAX_NUMBER = 2**53


def save(result: Result, folder: Path, redact: Callable[[str], str]) -> None:
    """Write the result and its renderings."""
    result = result.redacted(redact)
    texts = {
        RESULT: json.dumps(result.as_json(), indent=1),
        _SUMMARY: render(result, "summary", _LIMITS[_SUMMARY]),
        _COMMENT: render(result, "comment", _LIMITS[_COMMENT]),
    }
    for name, text in texts.items():
        _write(folder / name, text)


def save_transcript(transcript: Path, folder: Path, redact: Callable[[str], str]) -> None:
    """Write all that the agent printed; the log of the job has only so much of it."""
    if transcript.exists():
        _write(folder / _TRANSCRIPT, redact(transcript.read_text("utf-8", errors="replace")))


def found(folder: Path, shown: str) -> list[Path]:
    """The results in a folder, or in the folders right below it, as an artifact each brings one.

    No link is followed, and no more than `_MAX_ENTRIES` of what is in the folder is looked at.

    Raises:
        InputFailure: there is none; `shown` is the folder as the user knows it.

    """
    files = [folder / RESULT, *(below / RESULT for below in _folders(folder))]
    there = [file for file in files if os.path.lexists(file)]
    if there:
        return there
    raise InputFailure(
        Problem(
            f"`report-path`: no `{RESULT}` is in `{shown}`.",
            "Give the preview the same `report-path`, upload that folder even when the preview"
            " fails, and download it into this job:\n\n"
            "    - uses: actions/download-artifact@v8\n"
            "      with:\n"
            f"        path: {shown}\n"
            "        run-id: ${{ github.event.workflow_run.id }}\n"
            "        github-token: ${{ github.token }}",
        )
    )


def read(file: Path) -> Result:
    """The result of another run, whose code may have written anything there: data only.

    What only this job can know (addresses, what was published, whose run it reports) is left out.

    Raises:
        InputFailure: it is no result of a preview.

    """
    try:
        content = json.loads(
            untrusted_file.read_text(file), parse_int=_number, parse_constant=_no_constant
        )
        result = TypeAdapter(Result).validate_python(content)
    except (OSError, ValueError, RecursionError) as error:
        detail = "\n".join(_places(error)) if isinstance(error, ValidationError) else str(error)
        raise InputFailure(
            Problem(
                f"`report-path`: `{file.name}` is not the result of a preview by this version of"
                " log-agent.",
                "Use the same version in both workflows.",
                detail=detail,
            )
        ) from error
    if result.mode != "preview":
        raise InputFailure(Problem(f"`report-path`: `{file.name}` is not the result of a preview."))
    comparison = result.comparison
    if comparison and comparison.baseline:
        comparison = replace(comparison, baseline=replace(comparison.baseline, url=""))
    return replace(
        result,
        comparison=comparison,
        published=Published(),
        repository_url="",
        workflow_run_url="",
        workflow_run_conclusion="",
        commit="",
        preview_can_write=None,
        skipped="",
        comment_url="",
        report_path="",
    )


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            looked_at = list(islice(entries, _MAX_ENTRIES))
    except OSError:  # nothing was downloaded
        return []
    return sorted(Path(each) for each in looked_at if each.is_dir(follow_symlinks=False))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # never through a link
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > _MAX_NUMBER:
        raise ValueError(f"{text[:20]}… is no number of ours")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _places(error: ValidationError) -> Iterator[str]:
    """Where it is wrong; what stands there is not repeated."""
    details: list[Any] = error.errors(include_input=False, include_url=False)
    for each in details[:10]:
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
