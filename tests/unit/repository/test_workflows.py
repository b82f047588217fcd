"""The workflows: valid for the tool that knows GitHub's expressions, and a release in its order."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from doubles.programs import program
from tests.tools import do_without, require

ROOT = Path(__file__).parents[3]
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    require("go")
    environ = {**os.environ, "GOBIN": str(tmp_path)}
    built = subprocess.run(
        [program("go"), "install", ACTIONLINT],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        do_without("go", f"actionlint can't be had: {built.stderr.strip().splitlines()[-1]}")

    found = subprocess.run(
        [tmp_path / "actionlint", "-no-color"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout


class Jobs:
    """The jobs of the release, as GitHub reads them."""

    def __init__(self) -> None:
        workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
        # What a job isn't granted by itself it doesn't have.
        assert workflow["permissions"] == {}
        self.jobs: dict[str, dict[str, Any]] = workflow["jobs"]

    def before(self, name: str) -> Iterator[str]:
        """The jobs that must have passed before this one starts, and this one."""
        yield name
        # A condition such as `always()` would start it all the same.
        assert "if" not in self.jobs[name]
        needs = self.jobs[name].get("needs", [])
        for needed in [needs] if isinstance(needs, str) else needs:
            yield from self.before(needed)

    def is_approved(self, name: str) -> bool:
        return any(self.jobs[each].get("environment") == "release" for each in self.before(name))


@pytest.fixture(scope="module")
def release() -> Jobs:
    return Jobs()


def test_a_tag_is_checked_before_anything_else_is_done(release: Jobs) -> None:
    checkout, check, *_ = release.jobs["check"]["steps"]

    # A shallow clone doesn't know whether the tag is on `main`.
    assert checkout["with"]["fetch-depth"] == 0
    assert check["run"] == 'python3 -m scripts.release check "$GITHUB_REF_NAME"'
    assert release.jobs["check"]["permissions"] == {"contents": "read"}
    for name in release.jobs:
        assert "check" in release.before(name), name


def test_nothing_is_signed_or_written_before_the_approval(release: Jobs) -> None:
    signing = [name for name, job in release.jobs.items() if "actions/attest" in str(job["steps"])]
    assert signing
    for name, job in release.jobs.items():
        granted = job["permissions"]
        may_sign = {"id-token", "attestations"} & set(granted) or granted.get("contents") == "write"
        assert release.is_approved(name) or not (may_sign or name in signing), name


def test_nothing_is_where_users_look_before_the_approval(release: Jobs) -> None:
    for name, job in release.jobs.items():
        says = str(job)
        assert release.is_approved(name) or "needs.check.outputs.image " not in says, name


def test_what_is_tested_is_what_is_approved_and_published(release: Jobs) -> None:
    assert {"test", "image", "accept"} <= set(release.before("sign"))
    digest = "${{ needs.image.outputs.digest }}"
    (accept,) = [step["env"] for step in release.jobs["accept"]["steps"] if "env" in step]
    (publish,) = [step["env"] for step in release.jobs["sign"]["steps"] if "env" in step]
    attested = [step["with"] for step in release.jobs["sign"]["steps"] if "attest" in str(step)]

    assert accept["RELEASED_IMAGE"].endswith(f"@{digest}")
    assert publish["DIGEST"] == digest
    assert [given["subject-digest"] for given in attested] == [digest] * 3


def test_the_verification_of_an_image_names_its_tag() -> None:
    text = (ROOT / "SECURITY.md").read_text().replace("\\\n", "")
    commands = [line for line in text.splitlines() if line.startswith("gh attestation verify")]

    assert len(commands) == 2
    assert all('--source-ref "refs/tags/$tag"' in command for command in commands)
