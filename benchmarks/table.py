"""The runs as people read them: medians, and the ratio to the driver script."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.container import TARGET
from benchmarks.contestants import Run
from benchmarks.scenario import Scenario

_HEAD = (
    "| scenario | who | median s | min to max | ratio | target | CPU s | peak MB | requests | calls"
    " |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)

Runs = Mapping[str, Sequence[Run]]


def lines(scenario: Scenario, runs: Runs) -> Iterator[str]:
    """The scenario's rows: every contestant beside the driver script."""
    yield _HEAD
    targets = dict(scenario.targets)
    driver = _median(runs.get("driver", []), "seconds")
    for who, each in runs.items():
        seconds = [run["seconds"] for run in each]
        ratio = f"{median(seconds) / driver:.2f}" if driver and who != "driver" else ""
        target = f"≤ {targets[who]}" if who in targets else ""
        yield (
            f"| {scenario.name} | {who} | {median(seconds):.2f} | {min(seconds):.2f} to "
            f"{max(seconds):.2f} | {ratio} | {target} | {_median(each, 'cpu'):.2f} |"
            f" {_median(each, 'peak'):.0f} | {_median(each, 'requests'):.0f} |"
            f" {_median(each, 'calls'):.0f} |"
        )
    yield ""
    for who, each in runs.items():
        if stages := _stages(each):
            yield f"{who}: " + ", ".join(f"{name} {took:.2f}" for name, took in stages.items())


def container_lines(seconds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """The start of the container: what it takes beside `docker run` of an empty command."""
    yield "| container start | median s | min to max |"
    yield "|---|--:|--:|"
    for who, each in seconds.items():
        yield f"| {who} | {median(each):.2f} | {min(each):.2f} to {max(each):.2f} |"
    more = median(seconds["first line"]) - median(seconds["empty"])
    yield f"\nfirst line after {more:.2f} s more than the empty command (target ≤ {TARGET})"


def _stages(runs: Sequence[Run]) -> dict[str, float]:
    """Medians of the stages, with what is left for start and end."""
    if not runs or "stages" not in runs[0]:
        return {}
    stages = {
        name: median(run["stages"].get(name, 0.0) for run in runs) for name in runs[0]["stages"]
    }
    around = median(run["seconds"] - sum(run["stages"].values()) for run in runs)
    return {**stages, "start and end": around}


def _median(runs: Sequence[Run], name: str) -> float:
    return median(run[name] for run in runs) if runs else 0.0
