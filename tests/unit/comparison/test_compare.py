"""What changes from one snapshot of an agent to the next."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from entrypoint.agent.manifest import Manifest, ManifestInputs, laid_out
from entrypoint.comparison.changes import Baseline, Comparison
from entrypoint.comparison.compare import compare
from entrypoint.comparison.model_file import Artifact, File
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.resources.resource import Resource

BASELINE = Baseline("models:/prod.agents.support/7", "7")
NOTHING = Snapshot(
    digest="a",
    code={},
    artifacts={},
    resources=frozenset(),
    scopes=frozenset(),
    python="3.12",
    requirements=(),
    config={},
    signature={},
    flavor="pyfunc",
    example="",
)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What changes from one to the other, of agents that are alike in all the rest."""
    old, new = replace(NOTHING, **before), replace(NOTHING, **{"digest": "b", **after})
    return compare(BASELINE, old, new, lambda text: text.replace("s3cret", "***"))


def steps(before: list[str], after: list[str], **more: Any) -> list[tuple[str, str, str, bool]]:
    found = compared({"requirements": before, **more}, {"requirements": after}).requirements
    return [(each.name, each.before, each.after, each.is_major) for each in found]


def test_the_same_digest_is_the_same() -> None:
    found = compared({"digest": "c"}, {"digest": "c", "flavor": "langchain"})

    assert found == Comparison(BASELINE, is_same=True)


def test_nothing_to_see() -> None:
    assert compared({}, {}) == Comparison(BASELINE)


def test_resources() -> None:
    before = {
        ("serving_endpoint", "llama", False),
        ("table", "prod.agents.Faq", False),
        ("genie_space", "to_user", False),
        ("genie_space", "to_agent", True),
        ("genie_space", "both", True),
        ("of_tomorrow", "x", False),
    }
    after = {
        ("table", "prod.agents.faq", False),
        ("vector_search_index", "prod.agents.docs", True),
        ("function", "prod.agents.add", False),
        ("genie_space", "to_user", True),
        ("genie_space", "to_agent", False),
        ("genie_space", "both", False),
        ("genie_space", "both", True),
    }

    found = compared({"resources": frozenset(before)}, {"resources": frozenset(after)}).resources

    assert [(e.title, e.name, e.on_behalf_of_user, e.change, e.widens) for e in found] == [
        ("function", "prod.agents.add", False, "added", True),
        ("Genie space", "both", False, "changed", True),
        ("Genie space", "to_agent", False, "changed", True),
        ("Genie space", "to_user", True, "changed", False),
        ("of tomorrow", "x", False, "removed", False),
        ("serving endpoint", "llama", False, "removed", False),
        ("vector search index", "prod.agents.docs", True, "added", True),
    ]


def test_scopes() -> None:
    found = compared({"scopes": frozenset({"sql", "genie"})}, {"scopes": frozenset({"sql", "a"})})

    assert [(each.name, each.change) for each in found.scopes] == [
        ("a", "added"),
        ("genie", "removed"),
    ]


def test_python_and_mlflow_come_first() -> None:
    found = compared(
        {"python": "3.11", "requirements": ["aiohttp==3.1", "mlflow==2.22.0", "zope==1"]},
        {"requirements": ["aiohttp==3.2", "mlflow==3.17.2", "zope==2"]},
    ).requirements

    assert [(each.name, each.before, each.after, each.is_major) for each in found] == [
        ("Python", "3.11", "3.12", False),
        ("mlflow", "2.22.0", "3.17.2", True),
        ("aiohttp", "3.1", "3.2", False),
        ("zope", "1", "2", True),
    ]


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("A_b==1.0", "a-b==1.0", None),
        ("a==1 --hash=sha256:00 --hash=sha256:11", "a==1", None),
        ("a==1  # via b", "a==1", None),
        ("a==1", "a==2.0.0rc1", ("a", "1", "2.0.0rc1", True)),
        ("a==3", "a==2", ("a", "3", "2", True)),
        ("certifi==2024.8.30", "certifi==2025.1.31", ("certifi", "2024.8.30", "2025.1.31", False)),
        ("a>=1,<2", "a", ("a", "<2,>=1", "any", False)),
        (
            "a==1; python_version < '3.12'",
            "a==1",
            ("a", '1; python_version < "3.12"', "1", False),
        ),
        (
            "a @ https://user:s3cret@host/a-1-py3-none-any.whl#sha256=00",
            "a @ git+https://token@host/a.git@abc?sig=x",
            (
                "a",
                "https://host/a-1-py3-none-any.whl",
                "git+https://host/a.git@abc",
                False,
            ),
        ),
        (
            "--extra-index-url https://user:s3cret@host/simple",
            "--extra-index-url=https://other/simple",
            ("--extra-index-url", "https://host/simple", "https://other/simple", False),
        ),
        ("--pre", "", ("--pre", "on", "", False)),
        ("./wheels/a.whl", "", ("./wheels/a.whl", "on", "", False)),
        ("https://[broken", "", ("?", "on", "", False)),
    ],
)
def test_a_requirement(before: str, after: str, step: tuple[str, str, str, bool] | None) -> None:
    assert steps([before], [after]) == ([step] if step else [])


def test_requirements_over_several_lines() -> None:
    lines = ["a==1 \\", "    --hash=sha256:00 \\", "    --hash=sha256:11", "b==1"]

    assert steps(lines, ["a==1", "b==2"]) == [("b", "1", "2", True)]


def test_one_package_in_two_versions() -> None:
    old = ["a==1; python_version < '3.12'", "a==2; python_version >= '3.12'"]

    assert steps(old, ["a==2"]) == [
        ("a", '1; python_version < "3.12", 2; python_version >= "3.12"', "2", False)
    ]


def test_requirements_that_left_packages_out() -> None:
    new = ["mlflow==3.17.2", "idna==3", "requests==2"]

    assert steps(["mlflow", "flask"], new, locked=False) == [
        ("mlflow", "any", "3.17.2", False),
        ("flask", "any", "", False),
    ]


def test_the_model_config() -> None:
    before = {"llm": {"name": "a", "top": [1, {"x": 2}]}, "gone": {}, "same": None, "k": "s3cret"}
    after = {"llm": {"name": "b", "top": [1, {"x": 3}]}, "same": None, "k": {"deep": True}}

    found = compared({"config": before}, {"config": after}).config

    assert [(each.key, each.before, each.after) for each in found] == [
        ("gone", "{}", ""),
        ("k", '"***"', ""),
        ("k.deep", "", "true"),
        ("llm.name", '"a"', '"b"'),
        ("llm.top", '[1, {"x": 2}]', '[1, {"x": 3}]'),
    ]


def test_a_long_value_is_redacted_before_it_is_cut() -> None:
    value = "x" * 496 + "s3cret" + "y" * 100

    (found,) = compared({"config": {"a": value}}, {}).config

    assert "s3c" not in found.before
    assert len(found.before) <= 501


def test_artifacts_by_hash_and_size() -> None:
    def artifact(name: str, **files: int) -> Artifact:
        place = f"artifacts/{name}"
        return Artifact(place, {f"{place}/{n}": File(size, str(size)) for n, size in files.items()})

    before = {
        "same": artifact("same", a=1),
        "folder": artifact("folder", a=1, b=2),
        "gone": artifact("gone", a=3),
        "uri": Artifact("s3://bucket/1"),
    }
    after = {
        "same": artifact("same", a=1),
        "folder": artifact("folder", a=1, b=4),
        "new": artifact("new", a=5),
        "uri": Artifact("s3://bucket/2"),
    }

    found = compared({"artifacts": before}, {"artifacts": after})

    assert [(e.name, e.change, e.size_before, e.size_after) for e in found.artifacts] == [
        ("folder", "changed", 3, 5),
        ("gone", "removed", 3, None),
        ("new", "added", None, 5),
        ("uri", "changed", None, None),
    ]
    assert found.not_known == ()


def test_a_local_artifact_in_another_folder_of_the_model_is_the_same() -> None:
    """Where MLflow puts it depends on what the others are called."""
    alone = Artifact("artifacts/prompt.txt", {"": File(1, "1")})
    apart = Artifact("artifacts/0/prompt.txt", {"": File(1, "1")})
    other = Artifact("artifacts/1/prompt.txt", {"": File(1, "2")})

    found = compared({"artifacts": {"en": alone}}, {"artifacts": {"en": apart, "es": other}})

    assert [(each.name, each.change) for each in found.artifacts] == [("es", "added")]


def test_artifacts_of_which_only_names_are_known() -> None:
    known = Artifact("artifacts/a", {"artifacts/a": File(1, "1")})

    found = compared(
        {"artifacts": {"a": Artifact(), "gone": Artifact()}}, {"artifacts": {"a": known}}
    )

    assert [(each.name, each.change) for each in found.artifacts] == [("gone", "removed")]
    assert found.not_known == ("content of artifacts",)


def test_the_flavor_and_the_example() -> None:
    found = compared({"flavor": "langchain", "example": "[1]"}, {"example": "[2]"})

    assert found.flavor == ("langchain", "pyfunc")
    assert found.example_changed


def test_what_is_not_known_is_named_and_not_compared() -> None:
    unknown = Snapshot(digest="a")

    found = compare(BASELINE, unknown, replace(NOTHING, digest="b"), str)

    assert found == Comparison(
        BASELINE,
        not_known=(
            "code",
            "artifacts",
            "resources",
            "user scopes",
            "Python",
            "requirements",
            "model config",
            "signature",
            "flavor",
            "input example",
        ),
    )


def test_an_agent_that_is_not_built_is_compared_as_it_is_given() -> None:
    found = compared(
        {"signature": {"inputs": "[]"}}, {"signature": None, "flavor": None, "resources": None}
    )

    assert found == Comparison(BASELINE)


MLMODEL = """
flavors:
  langchain: {}
  python_function:
    config: {llm: {name: llama}, since: 2026-01-02}
    model_code_path: agent.py
    python_version: 3.12.4
    artifacts: {faq: {path: artifacts/faq.txt, uri: faq.txt}}
signature: {inputs: '[{"type": "string"}]', outputs: '[{"type": "string"}]', params: null}
auth_policy:
  system_auth_policy:
    resources:
      api_version: "1"
      databricks:
        table: [{name: a.b.c}]
        genie_space: [{name: g, on_behalf_of_user: true}]
  user_auth_policy: {api_scopes: [sql]}
"""


def test_an_mlmodel_without_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("mlflow==2.22.0\n", encoding="utf-8")
    (tmp_path / "agent.py").write_bytes(b"pass\n")

    found = Snapshot.of_version(tmp_path, None, {"agent.py": File(5), "code/lost.py": File(7)})

    sha256 = hashlib.sha256(b"pass\n").hexdigest()
    assert found.code == {"agent.py": File(5, sha256), "code/lost.py": File(7)}
    assert found.content("agent.py") == b"pass\n"
    assert found.content("code/lost.py") is None
    assert found.artifacts == {"faq": Artifact()}
    assert found.resources == frozenset({("table", "a.b.c", False), ("genie_space", "g", True)})
    assert found.scopes == frozenset({"sql"})
    assert (found.python, found.flavor) == ("3.12", "langchain")
    assert found.requirements == ("mlflow==2.22.0",)
    assert found.config == {"llm": {"name": "llama"}, "since": {"$date": "2026-01-02"}}
    assert found.signature
    assert found.signature["params"] is None
    assert found.unknown == ("input example",)


def test_a_pickled_agent_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {python_function: {}}", encoding="utf-8")

    found = Snapshot.of_version(tmp_path, None, {})

    assert "agent's own file" in found.unknown
    assert found.resources == frozenset()
    assert found.signature == {}


@pytest.fixture
def agent(tmp_path: Path) -> tuple[Path, Path, Manifest]:
    """The agent's file, its code paths, its manifest."""
    file, code = tmp_path / "agent.py", tmp_path / "code"
    code.mkdir()
    file.write_text("agent = 1\n", encoding="utf-8")
    (code / "tool.py").write_text("tool = 1\n", encoding="utf-8")
    (tmp_path / "faq.txt").write_text("faq", encoding="utf-8")
    files, places = laid_out(file, code, [("faq", tmp_path / "faq.txt"), ("big", "s3://b/x")])
    return (
        file,
        code,
        Manifest.of(
            ManifestInputs(
                files,
                "auto",
                "3.12",
                ["--pre", "mlflow==3.17.2"],
                places,
                {"model_config": {"k": 1}, "input_example": [[1, 2]]},
                [Resource("table", "a.b.c"), Resource("genie_space", "g", on_behalf_of_user=True)],
                ["sql"],
            )
        ),
    )


def test_an_agent_of_the_checkout(agent: tuple[Path, Path, Manifest]) -> None:
    file, code, manifest = agent

    found = Snapshot.of_agent(manifest, file, code)

    assert found.digest == manifest.digest
    assert found.code
    assert set(found.code) == {"agent.py", "code/tool.py"}
    assert found.content("agent.py") == b"agent = 1\n"
    assert found.content("code/tool.py") == b"tool = 1\n"
    assert found.artifacts
    assert found.artifacts["faq"].size == 3
    assert found.artifacts["big"] == Artifact("s3://b/x")
    assert found.resources == frozenset({("table", "a.b.c", False), ("genie_space", "g", True)})
    assert found.scopes == frozenset({"sql"})
    assert found.requirements == ("--pre", "mlflow==3.17.2")
    assert found.config == {"k": 1}
    assert json.loads(found.example or "") == [[1, 2]]
    assert (found.signature, found.flavor) == (None, None)


def test_what_was_built_goes_before_what_was_asked_for(
    agent: tuple[Path, Path, Manifest], tmp_path: Path
) -> None:
    file, code, manifest = agent
    (tmp_path / "model").mkdir()
    (tmp_path / "model/MLmodel").write_text(MLMODEL, encoding="utf-8")

    found = Snapshot.of_agent(manifest, file, code, tmp_path / "model")

    assert found.flavor == "langchain"
    assert found.signature
    assert found.requirements == ("--pre", "mlflow==3.17.2")
    assert found.config == {"k": 1}


def test_a_file_that_is_not_the_one_of_the_manifest_is_not_shown(
    agent: tuple[Path, Path, Manifest], tmp_path: Path
) -> None:
    file, code, manifest = agent
    found = Snapshot.of_agent(manifest, file, code)

    file.write_text("agent = 2\n", encoding="utf-8")
    assert found.content("agent.py") is None
    same = tmp_path / "same.py"
    same.write_text("tool = 1\n", encoding="utf-8")
    (code / "tool.py").unlink()
    (code / "tool.py").symlink_to(same)
    assert found.content("code/tool.py") is None
    assert found.content("code/other.py") is None
