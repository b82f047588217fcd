"""A registered version is anybody's data: whatever is in it, it is compared, or said not to be."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check.manifest_view import ManifestView
from entrypoint.comparison.changes import Baseline, Comparison
from entrypoint.comparison.compare import compare
from entrypoint.comparison.mlmodel import MAX_SIZE, MLmodel
from entrypoint.comparison.model_file import File
from entrypoint.comparison.snapshot import Snapshot

BASELINE = Baseline("models:/prod.agents.support/7", "7")
GOOD: dict[str, Any] = {
    "version": 1,
    "files": {"agent.py": {"sha256": "00", "size": 1}, "artifacts/a": {"sha256": "1", "size": 2}},
    "artifacts": {"a": "artifacts/a", "b": "s3://bucket/b"},
    "flavor": "auto",
    "python_version": "3.12",
    "index_options": ["--pre"],
    "requirements": ["mlflow==3.17.2", "a @ https://host/a.whl"],
    "resources": [{"kind": "table", "name": "a.b.c", "on_behalf_of_user": False}],
    "scopes": ["sql"],
    "given": {"model_config": {"a": {"b": [1]}}, "input_example": [[{"x": 1}]]},
}
MLMODEL: dict[str, Any] = {
    "flavors": {
        "langchain": {"model_code_path": "agent.py"},
        "python_function": {
            "config": {"a": 1},
            "python_version": "3.12.1",
            "artifacts": {"a": {"path": "artifacts/a"}},
        },
    },
    "signature": {
        "inputs": '[{"type": "string", "name": "a"}]',
        "outputs": '[{"type": "object", "properties": {"x": {"type": "string"}}}]',
        "params": '[{"name": "k", "type": "long", "default": 1, "shape": null}]',
    },
    "resources": {"api_version": "1", "databricks": {"table": [{"name": "a.b.c"}]}},
    "auth_policy": {
        "system_auth_policy": {"resources": {"databricks": {"table": [{"name": "a.b.c"}]}}},
        "user_auth_policy": {"api_scopes": ["sql"]},
    },
}
AGENT = replace(
    Snapshot.of_agent(Manifest(json.dumps(GOOD)), Path("nowhere"), Path("nowhere")),
    digest="of the checkout",
    signature=MLMODEL["signature"],
    flavor="pyfunc",
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["a", "tensor", "object", "any", "-1", "${X}", "https://[", "a==1; x", "\ud800"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "type", "name", "$date", "items"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, good: Any) -> Any:
    """Something like `good`, with a part of it put in the place of another or made up."""
    if draw(st.integers(0, 5)) == 0:
        return draw(values)
    if isinstance(good, dict):
        return {key: draw(spoiled(value)) for key, value in good.items() if draw(st.booleans())}
    if isinstance(good, list):
        return [draw(spoiled(each)) for each in good]
    if isinstance(good, str) and good.startswith("[{"):
        return json.dumps(draw(spoiled(json.loads(good))))
    return good


def compared(folder: Path, manifest: Manifest | None, mlmodel: bytes) -> Comparison:
    """Read a version and compare it with the agent, both ways."""
    (folder / "MLmodel").write_bytes(mlmodel)
    before = Snapshot.of_version(folder, manifest, {"agent.py": File(1)})
    compare(BASELINE, AGENT, before, str)
    return compare(BASELINE, before, AGENT, str)


many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@many
@given(spoiled(GOOD), spoiled(MLMODEL))
def test_any_version_is_compared(tmp_path: Path, content: Any, mlmodel: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    manifest = None
    with suppress(ValueError):
        read = Manifest.read(path)
        ManifestView.of(read)
        manifest = read

    found = compared(tmp_path, manifest, yaml.safe_dump(mlmodel).encode())

    assert not found.not_compared
    shown = (found.requirements, found.config, found.signature, found.not_known)
    assert len(repr(shown)) < 100_000


@many
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_bytes_are_an_mlmodel(tmp_path: Path, content: bytes) -> None:
    compared(tmp_path, None, content)


LAUGHS = "a0: &a0 [lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            f"{LAUGHS}flavors: {{python_function: {{config: {{x: *a11}}}}}}", id="aliases"
        ),
        pytest.param("flavors: &a {python_function: {config: *a}}", id="circle"),
        pytest.param(f"a: &a {'x' * 100_000}\nb: [{'*a,' * 1000}]", id="long text"),
        pytest.param("a: " + "[" * 5000 + "]" * 5000, id="deep"),
        pytest.param("a: " + "[" * 150 + "]" * 150, id="rather deep"),
        pytest.param("x" * (MAX_SIZE + 1), id="large"),
        pytest.param("!!python/object/apply:os.system ['true']", id="object"),
        pytest.param("a: 1\na: 2", id="twice"),
        pytest.param("[1, 2]", id="list"),
        pytest.param("", id="empty"),
    ],
)
def test_a_bomb_is_no_mlmodel(tmp_path: Path, content: str) -> None:
    (tmp_path / "MLmodel").write_text(content, encoding="utf-8")

    assert MLmodel.read(tmp_path) is None


def test_a_link_is_no_mlmodel(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(yaml.safe_dump(MLMODEL), encoding="utf-8")
    (tmp_path / "MLmodel").symlink_to(tmp_path / "elsewhere")

    assert MLmodel.read(tmp_path) is None


def test_an_alias_that_mlflow_writes_is_read(tmp_path: Path) -> None:
    shared = ["a", "b"]
    content = {"flavors": {"python_function": {"config": {"x": shared, "y": shared}}}}
    text = yaml.safe_dump(content)
    assert "*id001" in text
    (tmp_path / "MLmodel").write_text(text, encoding="utf-8")

    found = MLmodel.read(tmp_path)

    assert found
    assert found.config == {"x": shared, "y": shared}


@pytest.mark.parametrize(
    "part",
    [
        {"given": {"model_config": {"a": [1]}, "more": 1}},
        {"requirements": {"mlflow": 1}},
        {"files": {"agent.py": {"sha256": [], "size": "1"}}},
    ],
)
def test_a_manifest_that_log_agent_did_not_write(tmp_path: Path, part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not what log-agent writes"):
        Snapshot.of_version(tmp_path, Manifest(json.dumps({**GOOD, **part})), {})


def test_a_manifest_that_is_nested_too_deep(tmp_path: Path) -> None:
    manifest = Manifest(json.dumps({**GOOD, "given": {"model_config": nested(500)}}))

    with pytest.raises(ValueError, match="is not what log-agent writes"):
        Snapshot.of_version(tmp_path, manifest, {})


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value
