"""Artifacts of one name: kept apart by newer versions of MLflow, and refused with older ones."""

import importlib
import itertools
import warnings
from pathlib import Path

import pytest
from packaging.version import Version

from entrypoint.agent import artifact_inputs, artifact_places
from entrypoint.agent.environment.mlflow_requirement import pinned
from entrypoint.agent.environment.requirements import given
from entrypoint.agent.manifest import laid_out
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, of its type hints
    MLFLOW = importlib.import_module("mlflow.pyfunc.model")

PROMPTS = ["en/prompt.txt", "es/prompt.txt"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "code").mkdir()
    (tmp_path / "agent.py").write_text("")
    for name in (*PROMPTS, "0/data.bin", "fr/Prompt.TXT"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    return Workspace(tmp_path)


def artifacts(workspace: Workspace, *paths: str) -> list[tuple[str, Path | str]]:
    """The artifacts `a`, `b`, ...: paths of the workspace, or URIs."""
    places = (path if "://" in path else workspace.root / path for path in paths)
    return list(zip("abcdef", places, strict=False))


def problems(workspace: Workspace, mlflow: Version | None, *paths: str) -> tuple[Problem, ...]:
    try:
        artifact_inputs.check_names(artifacts(workspace, *paths), mlflow, workspace)
    except InputFailure as failure:
        return failure.problems
    return ()


def test_an_older_mlflow_would_keep_one_of_them(workspace: Workspace) -> None:
    (problem,) = problems(workspace, Version("3.15.0"), *PROMPTS, "0/data.bin")

    assert problem.what == (
        "`artifacts`: `a` (`en/prompt.txt`) and `b` (`es/prompt.txt`) have the same file name, and"
        " MLflow 3.15.0 would keep one of them."
    )
    assert "mlflow>=3.16" in problem.fix


@pytest.mark.parametrize("mlflow", [Version("3.16.0"), Version("3.17.2"), None])
def test_a_newer_one_keeps_them_apart(workspace: Workspace, mlflow: Version | None) -> None:
    assert problems(workspace, mlflow, *PROMPTS) == ()

    files, places = laid_out(
        workspace.root / "agent.py",
        workspace.root / "code",
        artifacts(workspace, *PROMPTS),
        mlflow,
    )

    assert places == {"a": "artifacts/0/prompt.txt", "b": "artifacts/1/prompt.txt"}
    assert files["artifacts/1/prompt.txt"] == workspace.root / "es/prompt.txt"


def test_one_path_under_two_names_is_no_problem(workspace: Workspace) -> None:
    same = (PROMPTS[0], PROMPTS[0])

    assert problems(workspace, Version("2.13.1"), *same) == ()
    assert dict(artifact_places.places(artifacts(workspace, *same), None)) == {
        "a": "artifacts/prompt.txt",
        "b": "artifacts/prompt.txt",
    }


@pytest.mark.parametrize(
    "paths",
    list(itertools.permutations((*PROMPTS, "0/data.bin", "fr/Prompt.TXT", "s3://b/prompt.txt"), 4)),
)
def test_their_places_are_those_that_mlflow_chooses(
    workspace: Workspace, paths: tuple[str, ...]
) -> None:
    downloaded = [
        MLFLOW._DownloadedArtifact([], path, Path(), Path(Path(path).name))  # noqa: SLF001
        for path in paths
    ]
    MLFLOW._resolve_artifact_path_collisions(downloaded)  # noqa: SLF001
    given = artifacts(workspace, *paths)

    for (_, place), each in zip(artifact_places.places(given, None), downloaded, strict=True):
        assert place in (f"artifacts/{each.final_root}", each.uri)


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        (("mlflow==3.14.0",), "3.14.0"),
        (("mlflow-skinny[databricks] == 2.22.1 ; python_version > '3'",), "2.22.1"),
        (("mlflow>=3.1", "mlflow-tracing==3.1"), None),
        (("mlflow==3.*",), None),
        (("requirements.txt",), "3.15.0"),
        (("uv.lock",), "3.13.0"),
    ],
)
def test_the_version_is_known_where_it_is_pinned(
    workspace: Workspace, lines: tuple[str, ...], version: str | None
) -> None:
    (workspace.root / "requirements.txt").write_text("pandas\nmlflow===3.15.0  # ours\n")
    (workspace.root / "uv.lock").write_text('[[package]]\nname = "mlflow"\nversion = "3.13.0"\n')

    assert pinned(given(lines, workspace)) == (Version(version) if version else None)


@pytest.mark.parametrize("name", ["..", "a/b"])
def test_what_is_fetched_needs_a_name_that_a_folder_can_have(
    workspace: Workspace, name: str
) -> None:
    with pytest.raises(InputFailure, match="fetched into a folder of its name"):
        artifact_inputs.check([(name, "s3://bucket/weights")], "auto", workspace)


def test_a_flavor_without_artifacts_is_said_once(workspace: Workspace) -> None:
    with pytest.raises(InputFailure) as raised:
        artifact_inputs.check(artifacts(workspace, *PROMPTS), "langchain", workspace)

    assert len(raised.value.problems) == 1
