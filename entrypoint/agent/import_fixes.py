"""What to do about an import of the agent that fails."""

import ast
from collections.abc import Iterator

from entrypoint.agent.agent_error import MissingModule
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.code_paths import suggestion
from entrypoint.agent.environment.old_requirements import OldRequirements
from entrypoint.resources.scan.parsing import parsed
from entrypoint.runtime.errors import Place


def of_missing(missing: MissingModule, spec: BuildSpec, old: OldRequirements) -> str:
    """What to do about a module, or a name in it, that is lacking; empty where that isn't known."""
    if missing.package and missing.version:
        lacking = ".".join(filter(None, (missing.module, missing.name)))
        importer = "a package that imports it" if missing.by_package else "the agent"
        return old.fix(lacking, missing.package, missing.version, missing.required_by, importer)
    top = missing.module.partition(".")[0]
    if path := suggestion(top, spec.agent, spec.workspace):
        if path in _shipped(spec):
            return (
                f"`{path}` is shipped, and has no `{missing.module}` that can be imported: the"
                " model has the code paths and nothing beside them."
            )
        return (
            f"`{top}` is in the checkout, but not in the model. Ship it with the agent:\n\n"
            f"    with:\n      code-paths: |\n        {path}"
        )
    if missing.name:
        return ""
    return (
        f"`{missing.module}` is not in the agent's environment. Add the package that provides it to"
        " the requirements."
    )


def of_relative(place: Place | None, spec: BuildSpec) -> Iterator[str]:
    """The import as it works where the agent's file is no part of a package."""
    for node in ast.walk(parsed(spec.source.text).tree):
        if not (isinstance(node, ast.ImportFrom) and node.level):
            continue
        if spec.source.place(node.lineno) != place:
            continue
        absolute: ast.stmt = ast.ImportFrom(node.module, node.names, 0)
        if not node.module:
            absolute = ast.Import(node.names)
        top = (node.module or node.names[0].name).partition(".")[0]
        path = suggestion(top, spec.agent, spec.workspace) or f"{top}.py"
        yield (
            "MLflow runs the agent's file by itself, and not as a part of a package. Write"
            f"\n\n    {ast.unparse(absolute)}\n\nand ship the module with the agent:\n\n"
            f"    with:\n      code-paths: {path}"
        )


def _shipped(spec: BuildSpec) -> set[str]:
    return {spec.workspace.relative(each) for each in spec.code_paths.origins.values()}
