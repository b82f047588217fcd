"""What is measured: README.md says what each scenario stands for."""

from dataclasses import dataclass

_ALL = ("register", "driver", "reuse", "preview", "driver-pinned", "floor")
_BOTH = ("register", "driver")


@dataclass(frozen=True)
class Scenario:
    """An agent, the store, and who runs, in this order; `files` and `megabytes` travel with it."""

    name: str
    agent: str
    store: str
    contestants: tuple[str, ...] = _ALL
    files: int = 0
    megabytes: int = 0
    is_cold: bool = False
    targets: tuple[tuple[str, float], ...] = ()
    """Contestant and the ratio of its time to the driver's that it is to keep."""


def _targets(register: float) -> tuple[tuple[str, float], ...]:
    return (("register", register), ("reuse", 0.3), ("preview", 0.55))


SCENARIOS = (
    Scenario("small-embedded", "small", "embedded", targets=_targets(0.7)),
    Scenario("small-databricks", "small", "databricks", targets=_targets(0.7)),
    Scenario("langgraph-embedded", "langgraph", "embedded", targets=_targets(0.5)),
    Scenario("langgraph-databricks", "langgraph", "databricks", targets=_targets(0.5)),
    *(
        Scenario(
            f"cold-{agent}", agent, "embedded", _BOTH, is_cold=True, targets=(("register", 0.2),)
        )
        for agent in ("small", "langgraph")
    ),
    *(
        Scenario(f"files-{number}", "small", "embedded", _BOTH, files=number)
        for number in (10, 100, 1_000, 10_000)
    ),
    *(
        Scenario(f"artifact-{size}-mb", "small", "embedded", _BOTH, megabytes=size)
        for size in (10, 100, 1_000)
    ),
)
