"""What to pin where a package has grown newer than the agent."""

from pathlib import Path

import pytest

from entrypoint.agent.environment import lock_advice, requirements
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.environment.old_requirements import OldRequirements
from entrypoint.inputs.workspace import Workspace

COMPILED = """\
git mv requirements.txt requirements.in
uv pip compile requirements.in --output-file requirements.txt"""


def old(folder: Path, text: str, day: str = "", newest: str | None = None) -> OldRequirements:
    (folder / "requirements.txt").write_text(text, encoding="utf-8")
    workspace = Workspace(folder)
    found = requirements.found(folder / "agent.py", workspace)
    return OldRequirements(found, workspace, lambda: day, lambda _package, _day: newest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pandas\n", "`pandas` (requirements.txt:1, which takes any version)"),
        ("mlflow==3.17.2\nPandas>=2\n", "`Pandas>=2` (requirements.txt:2, which takes any"),
        ("packaging==26.4\n", "`packaging==26.4` (requirements.txt:1)"),
        ("six\n", ""),
    ],
)
def test_what_brought_the_package_is_named(text: str, said: str, tmp_path: Path) -> None:
    fix = old(tmp_path, text).fix(
        "packaging.lockfiles", "packaging", "26.4", ("pandas",), "the agent"
    )

    assert "`packaging` 26.4 is in the environment, and has no `packaging.lockfiles`" in fix
    assert said in fix
    assert ("It comes with" in fix) == bool(said)


@pytest.mark.parametrize(
    "line", ["pandas", "pandas>=2", "Pandas[all] ~= 3.0", "pandas; os_name=='x'"]
)
def test_a_line_of_the_input_is_named(line: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    given = requirements.given((line,), workspace)
    old = OldRequirements(given, workspace, str, lambda _package, _day: None)

    assert f"`{line}` (the input" in old.fix("a.b", "a", "1.0", ("pandas",), "the agent")


@pytest.mark.parametrize(
    ("version", "pin"), [("26.4", "packaging<26"), ("0.22.0", "packaging<0.22"), ("x", "<x")]
)
def test_an_older_one_is_proposed_where_the_day_is_not_known(
    version: str, pin: str, tmp_path: Path
) -> None:
    assert pin in old(tmp_path, "six").fix("packaging.x", "packaging", version, (), "the agent")
    assert pin in old(tmp_path, "six", "2026-01-31").fix(
        "packaging.x", "packaging", version, (), "the agent"
    )


def test_the_newest_of_the_day_is_proposed(tmp_path: Path) -> None:
    fix = old(tmp_path, "six", "2026-01-31", "25.0").fix(
        "packaging.x", "packaging", "26.4", (), "the agent"
    )

    assert "    packaging==25.0" in fix
    assert "2026-01-31" in fix


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"requirements.txt": "six\n"}, COMPILED),
        ({"requirements.txt": "six==1.17.0\n"}, ""),
        ({"requirements.txt": "six==1.17.0 ; python_version > '3'\n"}, ""),
        ({"pyproject.toml": "[project]\nname='a'\nversion='1'\n"}, "uv lock --project ."),
        ({"pyproject.toml": "[project]\nname='a'\n", "uv.lock": ""}, ""),
    ],
)
def test_what_is_loose_gets_the_command_that_locks_it(
    files: dict[str, str], command: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    workspace = Workspace(tmp_path)
    found = requirements.found(tmp_path / "agent.py", workspace)

    assert lock_advice.command(found, Lock((), ("six==1.17.0",)), workspace) == command
