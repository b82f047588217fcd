"""Versions and hashes: what names one names the same, and nothing is installed without a hash."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version as PythonVersion

from scripts.release.project import FILES, Project
from scripts.release.version import Version

ROOT = Path(__file__).parents[3]
PROJECT = Project({name: (ROOT / name).read_text(encoding="utf-8") for name in FILES})
PACKAGES: list[dict[str, Any]] = tomllib.loads(PROJECT["uv.lock"])["package"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def locked(name: str) -> PythonVersion:
    (version,) = {package["version"] for package in PACKAGES if package["name"] == name}
    return PythonVersion(version)


def lock_check(project: Path) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    # Offline: whether the lock fits is in the two files.
    return subprocess.run(
        [uv, "lock", "--check", "--offline", "--project", project],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_lock_is_the_projects() -> None:
    checked = lock_check(ROOT)

    assert checked.returncode == 0, checked.stderr


def test_a_lock_of_other_requirements_is_noticed(tmp_path: Path) -> None:
    asked = PROJECT["pyproject.toml"].replace('"pyyaml>=6"', '"pyyaml>=6,<6.0.2"')
    assert asked != PROJECT["pyproject.toml"]
    (tmp_path / "pyproject.toml").write_text(asked)
    (tmp_path / "uv.lock").write_text(PROJECT["uv.lock"])

    assert lock_check(tmp_path).returncode != 0


def test_all_files_name_one_version() -> None:
    version = Version.of_tag(f"v{PROJECT.changelog.newest.version}")

    assert PROJECT.version == PROJECT.locked_version == version.package
    # Between releases GitHub builds the action; a release names its image and the image's version.
    (image,) = re.findall(r"^  image: (.+)$", PROJECT["action.yml"], re.MULTILINE)
    assert image == "Dockerfile" or re.fullmatch(
        rf"docker://ghcr\.io/\S+@sha256:[0-9a-f]{{64}} # {re.escape(version.tag)}", image
    )


def mlflow_versions() -> Iterator[PythonVersion]:
    """The MLflows that tests and examples ask for."""
    for folder in ("tests", "examples"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".txt", ".toml"} and "node_modules" not in path.parts:
                # A case has its requirements in UTF-16.
                text = path.read_text(encoding="utf-8", errors="replace")
                yield from map(PythonVersion, re.findall(r"mlflow(?:-skinny)?==([\d.]*\d)", text))


def test_the_image_publishes_with_the_newest_mlflow_that_is_tested() -> None:
    newest = max(mlflow_versions())

    assert locked("mlflow-skinny") == locked("mlflow") >= newest


def test_every_locked_package_has_its_hashes() -> None:
    for package in PACKAGES:
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        ours = package["name"] == "log-agent"
        assert files or ours, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_the_image_installs_nothing_without_a_hash() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    installs = re.findall(r"\bpip install[^\n]*|\buv (?:sync|pip|add|tool)[^\n]*", DOCKERFILE)

    assert {base.rpartition("@")[2][:7] for base in bases} == {"sha256:"}
    assert len(installs) == 3
    for install in installs:
        assert re.search(r"--require-hashes|uv sync --locked", install), install
    assert not re.search(r"\b(?:apt-get|curl|wget|ADD)\b", DOCKERFILE)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(workflow: Path) -> None:
    for used in re.findall(r"^\s*(?:- )?uses: (.+)$", workflow.read_text(), re.MULTILINE):
        # This action itself: what a reader of an example replaces.
        if not used.startswith(("./", "$/", "org/log-agent")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_dependabot_knows_every_lock() -> None:
    configured = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    watched = {
        (update["package-ecosystem"], folder)
        for update in configured
        for folder in update.get("directories", [update.get("directory")])
    }
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*package-lock.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    npm = {("npm", f"/{Path(path).parent}") for path in listed}
    assert npm <= watched
    assert {("uv", "/"), ("docker", "/"), ("github-actions", "/")} <= watched
