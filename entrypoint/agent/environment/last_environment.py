"""Which environment requirements had last: a guess at the one that they will have."""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent import foreign_file
from entrypoint.agent.environment.interpreter import Wanted
from entrypoint.agent.environment.requirements import Requirements

_NAME = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class LastEnvironment:
    """Names of environments in the folder `environments`, for requirements of a checkout."""

    environments: Path
    checkout: Path

    def recall(self, requirements: Requirements, wanted: Wanted | None) -> Path | None:
        """The interpreter, if such an environment is there still."""
        try:
            name = foreign_file.read(self._file(requirements, wanted))
        except OSError:
            return None
        if not _NAME.fullmatch(name):
            return None
        target = self.environments / name
        python = target / "bin" / "python"
        return python if (target / "complete").is_file() and python.exists() else None

    def remember(self, requirements: Requirements, wanted: Wanted | None, python: Path) -> None:
        """Note the environment of an interpreter, if that can be done: it is only for speed."""
        with suppress(OSError):
            mark = foreign_file.write_mark(self._file(requirements, wanted))
            with os.fdopen(mark, "w", encoding="utf-8") as file:
                file.truncate()
                file.write(python.parent.parent.name)

    def _file(self, requirements: Requirements, wanted: Wanted | None) -> Path:
        """By what asks, and not by what it says: that may have changed a little."""
        asking = (
            *(str(file.relative_to(self.checkout)) for file in requirements.files),
            *requirements.lines,
            requirements.member,
            wanted.version if wanted else "",
        )
        name = hashlib.sha256("\n".join(asking).encode()).hexdigest()[:24]
        return self.environments / f"{name}.last"
