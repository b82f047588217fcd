"""Checks of the agent's code with Python's own parser, without running it."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.scan.parsing import parsed
from entrypoint.runtime.errors import AgentFailure, Problem

# What registers or deploys a model, rather than being one.
_DRIVER = re.compile(r"mlflow\.(\w+\.)*(log_model|register_model)|(databricks\.)?agents\.deploy")


def check(source: AgentSource, *, is_newer: bool = False) -> None:
    """Look for what can't work, so that it costs a second and not a build.

    `is_newer`: the agent is for a newer Python than this one. Then only that can tell whether the
    syntax is right, and what this one can't parse isn't looked at.

    Raises:
        AgentFailure: it isn't Python, or does what only a driver script may.

    """
    tree = parsed(source.text).tree if is_newer else _tree(source)
    problems = [
        Problem(
            f"`agent-path`: {source.where(call.line)} calls `{call.name}(...)`. MLflow runs the"
            " whole file whenever the agent is loaded, on serving too.",
            _instead(call, source),
            source.place(call.line, call.column),
        )
        for call in _driver_calls(tree)
    ]
    if problems:
        raise AgentFailure(*problems)


def _tree(source: AgentSource) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the agent's, and they come again when it runs
            tree = ast.parse(source.text, filename=source.shown)
            compile(tree, source.shown, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise AgentFailure(_not_python(error, source)) from error
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL, endless nesting
        raise AgentFailure(
            Problem(
                f"`agent-path`: `{source.shown}` is not valid Python: {error}.",
                place=source.place(None),
            )
        ) from error
    return tree


def _instead(call: "_Call", source: AgentSource) -> str:
    if "set_model(" not in source.text:
        return (
            "This is a driver script, and log-agent takes its place: name the file that calls"
            " `mlflow.models.set_model(...)` as `agent-path`."
        )
    return (
        "log-agent does that itself: take it out, or keep it for interactive use:"
        f'\n\n    if __name__ == "__main__":\n        {call.name}(...)'
    )


def _not_python(error: SyntaxError, source: AgentSource) -> Problem:
    line = error.lineno or None
    detail = (error.text or "").rstrip()
    is_magic = detail.lstrip().startswith(("%", "!")) and not source.code
    return Problem(
        f"`agent-path`: {source.where(line)} is not valid Python: {error.msg}.",
        "In a Databricks notebook's source, magics are comments: `# MAGIC %pip install ...`."
        if is_magic
        else "",
        source.place(line, error.offset),
        detail,
    )


@dataclass(frozen=True)
class _Call:
    """A call, by its dotted name, and where it begins."""

    name: str
    line: int
    column: int


def _driver_calls(tree: ast.Module) -> Iterator[_Call]:
    """The calls of a driver that happen whenever the file is run.

    Not those in a function, nor those under `if __name__ == "__main__"`.
    """
    todo: list[ast.AST] = [tree]  # and not recursion: code may nest deeply
    while todo:
        node = todo.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.If() if is_main_guard(node):
                continue
            case ast.Call() if _DRIVER.fullmatch(name := _dotted(node.func)):
                yield _Call(name, node.lineno, node.col_offset + 1)
        todo += reversed(list(ast.iter_child_nodes(node)))


def is_main_guard(node: ast.AST) -> bool:
    """Whether it is `if __name__ == "__main__":`, under which nothing runs when MLflow loads."""
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
    return False


def _dotted(node: ast.expr) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.append(node.id)
    return ".".join(reversed(names))
