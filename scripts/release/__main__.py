"""Release a version.

prepare   write the version and the day into the files
check     say whether the checked-out commit is on main, and all files agree that it is this version
publish   put the release's commit and its tags on GitHub; --dry-run tells the whole release instead
notes     print what the version brings
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from scripts.release.errors import ReleaseError
from scripts.release.plan import Plan
from scripts.release.project import FILES, Project
from scripts.release.repository import Repository
from scripts.release.version import Version

# Stands for what only the job knows that has pushed the image.
_UNKNOWN_DIGEST = "sha256:" + 64 * "0"


def main(arguments: Sequence[str], environ: Mapping[str, str], root: Path, today: date) -> int:
    """Do what the arguments say in the clone at `root`; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        version = Version.of_tag(given.tag)
        project = Project({name: (root / name).read_text(encoding="utf-8") for name in FILES})
        match given.command:
            case "prepare":
                for name, text in project.prepared(version, today).files.items():
                    (root / name).write_text(text, encoding="utf-8")
            case "check":
                Repository(root).check_is_on_main(version.tag)
                project.check(version)
            case "notes":
                print(project.changelog.notes(version))
            case "publish":
                # The name of an image is lower case, whatever its owner's is.
                name = environ.get("GITHUB_REPOSITORY", "org/log-agent").lower()
                image = f"ghcr.io/{name}@{given.digest or _UNKNOWN_DIGEST}"
                plan = Plan(Repository(root), version, image)
                print(plan.told(today) if given.dry_run else plan.carry_out())
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m scripts.release",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("prepare", "check", "publish", "notes"):
        command = commands.add_parser(name)
        command.add_argument("tag", help="v1.2.3, or v1.2.3-rc.1")
        if name == "publish":
            how = command.add_mutually_exclusive_group(required=True)
            how.add_argument("--digest", help="the image's, `sha256:...`")
            how.add_argument("--dry-run", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, Path.cwd(), datetime.now(UTC).date()))
