import dataclasses
import datetime as dt
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.agent.canonical_json import canonical
from entrypoint.agent.manifest import PATH, Manifest, ManifestInputs, laid_out
from entrypoint.resources.resource import Resource

PROPERTY = settings(deadline=None, database=None, derandomize=True)
LINES = ("--extra-index-url https://a/simple", "--extra-index-url https://b/simple", "a==1", "b==2")
RESOURCES = (Resource("table", "c.s.t"), Resource("function", "c.s.f", on_behalf_of_user=True))


def manifest_inputs(folder: Path) -> ManifestInputs:
    """A checkout with everything in it, and what is to be logged of it."""
    (folder / "code/tools").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "agent.py").write_text("agent = None\n")
    (folder / "code/tools/search.py").write_text("def search(): ...\n")
    (folder / "data/index.bin").write_bytes(b"\0\1")
    (folder / "prompt.txt").write_text("Be kind.\n")
    files, artifacts = laid_out(
        folder / "agent.py",
        folder / "code",
        [
            ("prompt", folder / "prompt.txt"),
            ("index", folder / "data"),
            ("weights", "s3://bucket/weights"),
        ],
    )
    return ManifestInputs(
        files,
        "auto",
        "3.12",
        LINES,
        artifacts,
        {
            "model_config": {"endpoint": "e", "temperature": 0.5},
            "signature": {"inputs": "[]", "outputs": "[]"},
            "input_example": {"messages": [{"role": "user", "content": "hi"}]},
        },
        RESOURCES,
        ("sql", "genie"),
    )


def test_the_digest_is_the_same_on_every_machine(tmp_path: Path) -> None:
    # It changes only together with the manifest's `VERSION`: every digest in every registry does.
    assert (
        Manifest.of(manifest_inputs(tmp_path)).digest
        == "1abba3b756d38b2742125f3886ccbf23f1551d4c5af545c757b49ff9fcc03d85"
    )


def replaced(it: ManifestInputs, **changes: Any) -> ManifestInputs:
    return dataclasses.replace(it, **changes)


def gave(it: ManifestInputs, **given_: Any) -> ManifestInputs:
    """Give other values; `...` for not at all."""
    values = {**it.given, **given_}
    return replaced(it, given={name: value for name, value in values.items() if value is not ...})


def rewritten(it: ManifestInputs, path: Path) -> ManifestInputs:
    path.write_bytes(path.read_bytes()[::-1])
    return it


def renamed(it: ManifestInputs, old: str, new: str | None) -> ManifestInputs:
    files = dict(it.files)
    path = files.pop(old)
    return replaced(it, files={**files, **({new: path} if new else {})})


def touched(it: ManifestInputs, mode: int | None = None) -> ManifestInputs:
    for path in it.files.values():
        os.utime(path, (1, 1))
        path.chmod(mode or path.stat().st_mode)
    return it


def with_bytecode(it: ManifestInputs, at: Path) -> ManifestInputs:
    (at / "code/__pycache__").mkdir()
    (at / "code/__pycache__/x.pyc").write_text("")
    artifacts = [("prompt", at / "prompt.txt"), ("index", at / "data")]
    files, _ = laid_out(at / "agent.py", at / "code", artifacts)
    return replaced(it, files=files)


CHANGES: dict[str, Callable[[ManifestInputs, Path], ManifestInputs]] = {
    "the agent": lambda it, at: rewritten(it, at / "agent.py"),
    "code": lambda it, at: rewritten(it, at / "code/tools/search.py"),
    "an artifact": lambda it, at: rewritten(it, at / "data/index.bin"),
    "a file's name": lambda it, at: renamed(it, "code/tools/search.py", "code/tools/find.py"),
    "one more file": lambda it, at: replaced(it, files={**it.files, "code/x.py": at / "agent.py"}),
    "one file less": lambda it, at: renamed(it, "code/tools/search.py", None),
    "an artifact's name": lambda it, at: replaced(
        it, artifacts={**it.artifacts, "other": it.artifacts["prompt"]}
    ),
    "an artifact's URI": lambda it, at: replaced(
        it, artifacts={**it.artifacts, "weights": "s3://bucket/new"}
    ),
    "a value of the config": lambda it, at: gave(it, model_config={"endpoint": "f"}),
    "the config's type": lambda it, at: gave(
        it, model_config={"endpoint": "e", "temperature": "0.5"}
    ),
    "no config": lambda it, at: gave(it, model_config=...),
    "an empty config": lambda it, at: gave(it, model_config={}),
    "the signature": lambda it, at: gave(it, signature={"inputs": "[]"}),
    "no signature": lambda it, at: gave(it, signature=...),
    "the example": lambda it, at: gave(it, input_example={"messages": []}),
    "no example": lambda it, at: gave(it, input_example=...),
    "null as example": lambda it, at: gave(it, input_example=None),
    "a pin": lambda it, at: replaced(it, requirements=(*LINES[:3], "b==3")),
    "an option": lambda it, at: replaced(it, requirements=LINES[1:]),
    "the options' order": lambda it, at: replaced(
        it, requirements=(LINES[1], LINES[0], *LINES[2:])
    ),
    "Python": lambda it, at: replaced(it, python_version="3.13"),
    "the flavor": lambda it, at: replaced(it, flavor="pyfunc"),
    "one resource less": lambda it, at: replaced(it, resources=RESOURCES[1:]),
    "a resource's kind": lambda it, at: replaced(
        it, resources=(Resource("function", "c.s.t"), RESOURCES[1])
    ),
    "on behalf of user": lambda it, at: replaced(
        it, resources=(RESOURCES[0], Resource("function", "c.s.f"))
    ),
    "a scope": lambda it, at: replaced(it, scopes=("sql",)),
}
NO_CHANGES: dict[str, Callable[[ManifestInputs, Path], ManifestInputs]] = {
    "the resources' order": lambda it, at: replaced(it, resources=RESOURCES[::-1]),
    "a resource twice": lambda it, at: replaced(it, resources=RESOURCES * 2),
    "the scopes' order": lambda it, at: replaced(it, scopes=("genie", "sql")),
    "the pins' order": lambda it, at: replaced(
        it, requirements=(LINES[0], LINES[3], LINES[1], LINES[2])
    ),
    "the config's order": lambda it, at: gave(
        it, model_config={"temperature": 0.5, "endpoint": "e"}
    ),
    "the files' order": lambda it, at: replaced(
        it, files=dict(sorted(it.files.items(), reverse=True))
    ),
    "times": lambda it, at: touched(it),
    "modes": lambda it, at: touched(it, 0o700),
    "bytecode": with_bytecode,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_ingredient_changes_the_digest(
    change: Callable[[ManifestInputs, Path], ManifestInputs], tmp_path: Path
) -> None:
    before = manifest_inputs(tmp_path)
    digest = Manifest.of(before).digest

    assert Manifest.of(change(before, tmp_path)).digest != digest


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES.keys())
def test_nothing_else_changes_the_digest(
    change: Callable[[ManifestInputs, Path], ManifestInputs], tmp_path: Path
) -> None:
    before = manifest_inputs(tmp_path)
    digest = Manifest.of(before).digest

    assert Manifest.of(change(before, tmp_path)).digest == digest


def test_another_folder_has_the_same_digest_and_is_not_in_the_manifest(tmp_path: Path) -> None:
    here, there = (Manifest.of(manifest_inputs(tmp_path / name)) for name in ("here", "there"))

    assert here == there
    assert str(tmp_path) not in here.text


def test_it_travels_inside_the_model_and_is_read_back(tmp_path: Path) -> None:
    manifest = Manifest.of(manifest_inputs(tmp_path / "checkout"))
    (tmp_path / "model").mkdir()

    manifest.write(tmp_path / "model")

    assert Manifest.read(tmp_path / "model" / PATH) == manifest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version":2,"files":{},"artifacts":{}}',
        '{"version":true,"files":{},"artifacts":{}}',
        '{"version":1,"files":[],"artifacts":{}}',
        '{"version":1,"files":{"../x":{"sha256":"","size":0}},"artifacts":{}}',
        '{"version":1,"files":{"/x":{"sha256":"","size":0}},"artifacts":{}}',
        '{"version":1,"files":{"x":null},"artifacts":{}}',
        '{"version":1,"files":{},"artifacts":{"a":1}}',
        '{"version":1,"files":{},"artifacts":{},"given":' + "[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(ValueError, match=r".+"):
        Manifest.read(tmp_path / "manifest.json")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC) | st.none())
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$date", "$mapping", "a"]) | SCALARS, inner, max_size=4)
    ),
    max_leaves=12,
)


def exact(value: Any) -> Any:
    """What Python compares as equal only when type and value are (`True == 1 == 1.0`, 0.0, NaN)."""
    if isinstance(value, dict):
        pairs = ((exact(key), exact(item)) for key, item in value.items())
        return dict, frozenset(pairs)
    if isinstance(value, list):
        return list, tuple(exact(item) for item in value)
    return type(value), repr(value)


@PROPERTY
@given(VALUES, VALUES)
def test_values_have_one_text_only_when_they_are_equal(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (exact(one) == exact(other))


@PROPERTY
@given(st.dictionaries(SCALARS, VALUES, max_size=6), st.randoms())
def test_the_order_of_keys_is_nothing(value: dict[Any, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)

    assert canonical(dict(items)) == canonical(value)


@PROPERTY
@given(VALUES)
def test_the_text_is_json_in_utf8_and_canonical_itself(value: Any) -> None:
    text = canonical(value)

    assert (
        json.dumps(
            json.loads(text.encode()), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        == text
    )


def test_look_alikes_of_yaml_and_json_differ() -> None:
    values: list[Any] = [None, True, 1, 1.0, "1", "true", [], {}, "", 0, -0.0, 0.0, False, "null"]
    values += [math.nan, "nan", math.inf, -math.inf, {1: "a"}, {"1": "a"}, {True: "a"}, {None: "a"}]
    values += [dt.date(2026, 1, 2), "2026-01-02", {"$date": "2026-01-02"}, b"a", {"a"}, ["a"]]
    values += [("a",), "\ud800", {"$text": "eda080"}, 2**63, 2**64, {"$integer": hex(2**63)}]

    assert len({canonical(value) for value in values}) == len(values)


def test_comments_and_layout_of_yaml_are_nothing() -> None:
    one = yaml.safe_load("# the model\nb: 2026-01-02\na: [1, 0x10]\n")
    other = yaml.safe_load("{a: [1, 16], b: 2026-01-02}")

    assert canonical(one) == canonical(other)


def test_what_has_no_text_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)

    for value in (circle, object(), {"a": Path()}):
        with pytest.raises(ValueError, match=r".+"):
            canonical(value)
