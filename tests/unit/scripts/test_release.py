"""The release, over real git repositories: a bare one in GitHub's place, and a clone of it."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml

from scripts.release import __main__ as program
from scripts.release.errors import ReleaseError
from scripts.release.project import FILES
from scripts.release.repository import Repository, Tag

ROOT = Path(__file__).parents[3]
DAY = date(2026, 12, 24)
DIGEST = "sha256:" + 32 * "a1"
OTHER_DIGEST = "sha256:" + 32 * "b2"
UNRELEASED = "# Changelog\n\n## [{}] - unreleased\n\n### Fixed\n\n- A thing.\n"


@dataclass
class Clone:
    """A maintainer's clone, in which the job runs as well."""

    root: Path

    def git(self, *arguments: str) -> str:
        person = ("-c", "user.name=octocat", "-c", "user.email=octocat@example.org")
        return subprocess.run(
            ["git", *person, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        ).stdout.strip()

    def release(self, *arguments: str) -> int:
        environ = {"GITHUB_REPOSITORY": "Acme/Log-Agent"}
        return program.main(arguments, environ, self.root, DAY)

    def tagged(self, tag: str, *, prepare: bool = True) -> str:
        """Do what a maintainer does for a version; the commit."""
        if prepare:
            assert self.release("prepare", tag) == 0
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", f"--message=Prepare {tag}")
        self.git("tag", tag)
        self.git("push", "--quiet", "origin", "main", tag)
        return self.git("rev-parse", "HEAD")

    def published(self, tag: str) -> str:
        """Do all of a version's release; its commit."""
        self.git("checkout", "--quiet", "main")
        (self.root / "CHANGELOG.md").write_text(UNRELEASED.format(tag.removeprefix("v")))
        self.tagged(tag)
        assert self.release("publish", tag, "--digest", DIGEST) == 0
        return self.there()[tag]

    def there(self) -> dict[str, str]:
        """GitHub's tags, and the commits that they are at."""
        return {name: tag.commit for name, tag in Repository(self.root).tags().items()}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", origin], check=True)
    clone = Clone(tmp_path / "clone")
    clone.root.mkdir()
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("remote", "add", "origin", str(origin))
    # The project's own: what a release rewrites must be where it looks for it.
    for name in FILES:
        (clone.root / name).write_text((ROOT / name).read_text())
    (clone.root / "CHANGELOG.md").write_text(UNRELEASED.format("0.1.0"))
    clone.git("add", ".")
    clone.git("commit", "--quiet", "--message=Begin")
    clone.git("push", "--quiet", "origin", "main")
    return clone


def test_prepare_writes_the_version_wherever_it_stands(clone: Clone) -> None:
    assert clone.release("prepare", "v1.0.0") == 0

    changed = clone.git("diff", "--unified=0").splitlines()
    assert [line for line in changed if line.startswith("+") and line[1] != "+"] == [
        "+## [1.0.0] - 2026-12-24",
        '+version = "1.0.0"',
        '+version = "1.0.0"',
    ]
    assert clone.release("check", "v1.0.0") == 0


def test_a_release_is_the_tagged_commit_with_an_image_by_its_digest(clone: Clone) -> None:
    commit = clone.tagged("v1.0.0")

    assert clone.release("publish", "v1.0.0", "--digest", DIGEST) == 0

    there = clone.there()
    released = there["v1.0.0"]
    assert there == dict.fromkeys(("v1.0.0", "v1.0", "v1"), released)
    clone.git("fetch", "--quiet", "--force", "origin", "v1.0.0")
    assert clone.git("rev-parse", f"{released}^") == commit
    assert clone.git("diff", "--unified=0", commit, released).splitlines()[-2:] == [
        "-  image: Dockerfile",
        f"+  image: docker://ghcr.io/acme/log-agent@{DIGEST} # v1.0.0",
    ]
    assert clone.git("diff", "--name-only", commit, released) == "action.yml"
    # On no branch, and the job's checkout is as it was.
    assert clone.git("ls-remote", "--heads", "origin").split() == [commit, "refs/heads/main"]
    assert clone.git("status", "--porcelain") == ""


def test_github_can_read_the_released_action(clone: Clone, tmp_path: Path) -> None:
    released = clone.published("v1.0.0")
    action = tmp_path / "action.yml"
    action.write_text(clone.git("show", f"{released}:action.yml"))

    check = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([check, "--builtin-schema", "vendor.github-actions", action], check=True)

    runs = yaml.safe_load(action.read_text())["runs"]
    assert runs == {"using": "docker", "image": f"docker://ghcr.io/acme/log-agent@{DIGEST}"}


def test_a_job_that_runs_again_changes_nothing(clone: Clone) -> None:
    clone.published("v1.0.0")
    there = clone.there()

    assert clone.release("publish", "v1.0.0", "--digest", DIGEST) == 0

    assert clone.there() == there


def test_a_version_is_released_once(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    clone.published("v1.0.0")
    there = clone.there()

    assert clone.release("publish", "v1.0.0", "--digest", OTHER_DIGEST) == 1

    assert "A version is released once" in capsys.readouterr().err
    assert clone.there() == there


def test_a_fix_to_an_older_version_leaves_the_newer_ones_tag(clone: Clone) -> None:
    first = clone.published("v1.0.0")
    newer = clone.published("v1.1.0")
    assert clone.there() == {"v1.0.0": first, "v1.0": first} | dict.fromkeys(
        ("v1.1.0", "v1.1", "v1"), newer
    )

    fix = clone.published("v1.0.1")

    assert clone.there() == {"v1.0.0": first} | dict.fromkeys(("v1.0.1", "v1.0"), fix) | (
        dict.fromkeys(("v1.1.0", "v1.1", "v1"), newer)
    )


def test_a_candidate_moves_nobodys_tag(clone: Clone) -> None:
    first = clone.published("v1.0.0")

    candidate = clone.published("v1.1.0-rc.1")

    assert clone.there() == dict.fromkeys(("v1.0.0", "v1.0", "v1"), first) | {
        "v1.1.0-rc.1": candidate
    }


def test_an_annotated_tag_is_released_too(clone: Clone) -> None:
    clone.release("prepare", "v1.0.0")
    clone.git("commit", "--quiet", "--all", "--message=Prepare")
    clone.git("tag", "--annotate", "--message=One", "v1.0.0")
    clone.git("push", "--quiet", "origin", "v1.0.0")

    assert clone.release("publish", "v1.0.0", "--digest", DIGEST) == 0

    assert len(set(clone.there().values())) == 1


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("pyproject.toml", "1.0.0", "0.9.0"), "pyproject.toml is at 0.9.0"),
        (
            ("uv.lock", 'log-agent"\nversion = "1.0.0"', 'log-agent"\nversion = "1"'),
            "uv.lock is at 1",
        ),
        (("CHANGELOG.md", "2026-12-24", "unreleased"), "begins with [1.0.0] - unreleased"),
        (("CHANGELOG.md", "[1.0.0]", "[0.9.0]"), "begins with [0.9.0] - 2026-12-24"),
        (("CHANGELOG.md", "### Fixed\n\n- A thing.\n", ""), "CHANGELOG.md says nothing about it"),
        (("action.yml", "image: Dockerfile", "image: docker://busybox"), "action.yml has no line"),
    ],
)
def test_files_of_another_version_are_not_released(
    clone: Clone, capsys: pytest.CaptureFixture[str], edit: tuple[str, str, str], said: str
) -> None:
    clone.release("prepare", "v1.0.0")
    name, old, new = edit
    text = (clone.root / name).read_text()
    assert text.count(old) == 1
    (clone.root / name).write_text(text.replace(old, new))
    commit = clone.tagged("v1.0.0", prepare=False)

    assert clone.release("check", "v1.0.0") == 1
    assert clone.release("publish", "v1.0.0", "--digest", DIGEST) == 1

    assert capsys.readouterr().err.count(said) == 2
    assert clone.there() == {"v1.0.0": commit}


def test_a_commit_that_main_has_moved_on_from_is_released(clone: Clone) -> None:
    clone.tagged("v1.0.0")
    clone.git("commit", "--quiet", "--allow-empty", "--message=Later")
    clone.git("push", "--quiet", "origin", "main")
    clone.git("checkout", "--quiet", "v1.0.0")

    assert clone.release("check", "v1.0.0") == 0


@pytest.mark.parametrize("start", ["main", "main~1"], ids=["ahead of main", "beside main"])
def test_a_tag_that_is_not_on_main_is_not_released(
    clone: Clone, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    clone.tagged("v0.9.0", prepare=False)
    clone.git("checkout", "--quiet", "-b", "topic", start)
    clone.release("prepare", "v1.0.0")
    clone.git("commit", "--quiet", "--all", "--message=Prepare")
    clone.git("tag", "--annotate", "--message=One", "v1.0.0")
    clone.git("push", "--quiet", "origin", "topic", "v1.0.0")
    # As the job has it: the tag, and what the remote has.
    clone.git("checkout", "--quiet", "--detach", "v1.0.0")

    assert clone.release("check", "v1.0.0") == 1

    said = capsys.readouterr().err
    assert f"v1.0.0 is at {clone.git('rev-parse', 'HEAD')[:12]}, which is not on `main`" in said
    assert "    git push --delete origin v1.0.0\n" in said


def test_a_clone_without_main_releases_nothing(clone: Clone) -> None:
    clone.tagged("v1.0.0")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")

    assert clone.release("check", "v1.0.0") == 1


def test_a_branch_or_tag_that_is_called_main_is_not_main(clone: Clone) -> None:
    clone.release("prepare", "v1.0.0")
    clone.git("commit", "--quiet", "--all", "--message=Prepare")
    clone.git("tag", "main")
    clone.git("tag", "origin/main")

    assert clone.release("check", "v1.0.0") == 1


def test_a_tag_that_is_not_on_github_is_not_released(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    clone.release("prepare", "v1.0.0")
    clone.git("commit", "--quiet", "--all", "--message=Prepare")

    assert clone.release("publish", "v1.0.0", "--digest", DIGEST) == 1

    assert "v1.0.0 is at nowhere" in capsys.readouterr().err
    assert clone.there() == {}


@pytest.mark.parametrize("digest", ["latest", "sha256:", "sha256:" + 32 * "A1", DIGEST + "0"])
def test_an_image_is_known_by_its_digest(clone: Clone, digest: str) -> None:
    commit = clone.tagged("v1.0.0")

    assert clone.release("publish", "v1.0.0", "--digest", digest) == 1

    assert clone.there() == {"v1.0.0": commit}


def test_no_tag_moves_when_another_job_has_moved_one(clone: Clone) -> None:
    commit = clone.tagged("v1.0.0")
    clone.git("push", "--quiet", "origin", f"{commit}:refs/tags/v1")
    clone.git("commit", "--quiet", "--allow-empty", "--message=Later")
    repository = Repository(clone.root)
    there = clone.there()

    with pytest.raises(ReleaseError, match="stale info"):
        repository.move_tags(repository.head, {"v1.0.0": Tag(commit, commit), "v1": None})

    assert clone.there() == there


def test_nothing_new_is_not_prepared(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    clone.published("v1.0.0")

    assert clone.release("prepare", "v1.0.1") == 1

    assert "write `## [1.0.1] - unreleased`" in capsys.readouterr().err


def test_notes_are_the_versions_section(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    (clone.root / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [1.1.0] - 2026-12-24\n\n### Added\n\n- B.\n\n"
        "## [1.0.0] - 2026-12-01\n\n- A.\n"
    )

    assert clone.release("notes", "v1.1.0") == 0
    assert clone.release("notes", "v1.0.0") == 0
    assert clone.release("notes", "v0.9.0") == 1

    printed = capsys.readouterr()
    assert printed.out == "### Added\n\n- B.\n- A.\n"
    assert "no section `## [0.9.0]" in printed.err


def test_a_dry_run_tells_everything_and_does_nothing(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    head = clone.git("rev-parse", "HEAD")
    clone.git("remote", "remove", "origin")
    before = clone.git("count-objects", "-v"), clone.git("status", "--porcelain")

    assert clone.release("publish", "v1.0.0", "--dry-run") == 0

    told = capsys.readouterr().out
    assert (clone.git("count-objects", "-v"), clone.git("status", "--porcelain")) == before
    for line in (
        "+## [1.0.0] - 2026-12-24",
        '+version = "1.0.0"',
        "-  image: Dockerfile",
        "+  image: docker://ghcr.io/acme/log-agent@sha256:",
        f"tag v1.0.0: {head[:12]} -> that commit",
        "tag v1.0: nowhere -> that commit",
        "tag v1: nowhere -> that commit",
        "| - A thing.",
    ):
        assert f"    {line}" in told, line


def test_a_dry_run_of_a_candidate_moves_its_own_tag_alone(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clone.release("publish", "v1.0.0-rc.1", "--dry-run") == 0

    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.splitlines() if line.startswith("    tag ")] == [
        "v1.0.0-rc.1:"
    ]
    assert "pre-release on GitHub" in told


def test_the_dry_run_names_the_workflows_jobs_in_their_order(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())

    clone.release("publish", "v1.0.0", "--dry-run")

    told = [line for line in capsys.readouterr().out.splitlines() if line in workflow["jobs"]]
    assert told == list(workflow["jobs"])
