"""`uv.lock` in the requirements format."""

from pathlib import Path

from entrypoint.agent.environment import toml_file
from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import PYPI
from entrypoint.agent.environment.requirement_lines import RequirementLine
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.toml_file import part, tables
from entrypoint.agent.environment.uv import UvProgram
from entrypoint.runtime import untrusted_file


def exported(
    uv: UvProgram, interpreter: Interpreter, requirements: Requirements, folder: Path
) -> tuple[RequirementLine, ...]:
    """The lines of every lock among the requirements; uv writes into `folder`.

    Raises:
        EnvironmentFailure: with uv's own explanation.
        TimedOut: the deadline passed.

    """
    lines: list[RequirementLine] = []
    output = folder / "uv-lock.txt"
    for lock in requirements.locks:
        uv.run(
            "reading uv.lock",
            *("export", f"--project={lock.parent}", f"--python={interpreter.path}"),
            *([f"--package={requirements.member}"] if requirements.member else []),
            f"--output-file={output}",
            *("--frozen", "--quiet", "--no-header", "--no-annotate", "--no-default-groups"),
            cwd=lock.parent,
        )
        text = untrusted_file.read_text(output).replace("\\\n", "")
        texts = [*indexes(lock), *(line.strip() for line in text.splitlines())]
        lines += (
            RequirementLine(lock, 1, line) for line in texts if line and not line.startswith("#")
        )
    return tuple(lines)


def indexes(lock: Path) -> list[str]:
    """Options for the indexes that a lock names: the requirements format has no index a package."""
    content = toml_file.read(lock, lock.name)
    named = (part(package, "source", "registry") for package in tables(content, "package"))
    # uv explains what is wrong with others; a text of several lines would become several options.
    registries = dict.fromkeys(
        registry for registry in named if isinstance(registry, str) and registry.isprintable()
    )
    return [
        f"--extra-index-url {without_credentials(registry)}"
        if "://" in registry
        else f"--find-links {lock.parent / registry}"
        for registry in registries
        if registry != PYPI
    ]
