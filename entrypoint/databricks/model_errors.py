"""Why a model can't be registered as `uc-target`, or read, and the SQL statement that fixes it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from entrypoint.inputs.model_name import ModelName
from entrypoint.runtime.errors import Problem

# The levels of a three-level name.
CATALOG, SCHEMA, MODEL = 1, 2, 3

_WORDS = {CATALOG: "catalog", SCHEMA: "schema", MODEL: "model"}
# For grants, a model is a function: https://docs.databricks.com/api/workspace/registeredmodels
SECURABLES = {CATALOG: "CATALOG", SCHEMA: "SCHEMA", MODEL: "FUNCTION"}
# Messages of Unity Catalog's.
_DENIED = re.compile(
    r"does not have ([A-Z_ ]+?) on (?:Catalog|Schema|Routine or Model) '([^']+)'", re.IGNORECASE
)
_ABSENT = re.compile(r"\b(Catalog|Schema) '([^']+)' does not exist", re.IGNORECASE)
_UNBOUND = re.compile(r"\bCatalog '([^']+)' is not accessible in current workspace", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Target:
    """A model, and the principal that registers it: a user name or an application id, or empty.

    `given_as`: the input that names the model.
    """

    name: ModelName
    principal: str
    given_as: str = "uc-target"

    def full_name(self, level: int) -> str:
        """The name of the catalog, the schema or the model."""
        return ".".join(self._levels[:level])

    def explain(self, code: str, message: str) -> Problem | None:
        """The problem behind an error of Unity Catalog's, None where it isn't known."""
        if refused := self.refused(message):
            return refused
        if absent := _ABSENT.search(message):
            level = CATALOG if absent[1].lower() == "catalog" else SCHEMA
            return self._absent(level) if self._is(level, absent[2]) else None
        if code.endswith("ALREADY_EXISTS") and self.full_name(MODEL).lower() in message.lower():
            return self.taken("something else")
        return None

    def refused(self, message: str) -> Problem | None:
        """The problem where a privilege or a workspace binding is missing."""
        if denied := self.denied(message):
            level, privilege = denied
            return self.lacks(level, [privilege])
        unbound = _UNBOUND.search(message)
        return self._unbound() if unbound and self._is(CATALOG, unbound[1]) else None

    def denied(self, message: str) -> tuple[int, str] | None:
        """The level and the privilege that an error names, if it is about the target."""
        if not (words := _DENIED.search(message)):
            return None
        level = words[2].count(".") + 1
        if level not in _WORDS or not self._is(level, words[2]):
            return None
        return level, words[1].upper().replace("_", " ")

    def lacks(self, level: int, privileges: Iterable[str]) -> Problem:
        """The principal lacks privileges on one level."""
        privileges = list(privileges)
        name = f"`{self.principal}`" if self.principal else "the job's principal"
        what = " and no ".join(privileges)
        word = _WORDS[level]
        return Problem(
            f"`{self.given_as}`: {name} has no {what} on the {word} `{self.full_name(level)}`.",
            f"The {word}'s owner, or who has MANAGE on it, runs:\n\n"
            f"    {self._grant(level, privileges)}",
        )

    def open_to_previews(self) -> Problem:
        """A preview, which is to change nothing, has a login that may write the model."""
        reader = "<application id of the previews' service principal>"
        reads = {CATALOG: "USE CATALOG", SCHEMA: "USE SCHEMA", MODEL: "EXECUTE"}
        grants = [self._grant(level, [each], reader) for level, each in reads.items()]
        lines = "\n".join(f"    {grant}" for grant in grants)
        name = self.full_name(MODEL)
        return Problem(
            f"`uc-target`: this preview's login, `{self.principal}`, may write `{name}`. The agent"
            " that is previewed has the same login, and nobody has reviewed it yet: it could make"
            " versions of the model, or move its aliases.",
            "Let previews log in as a service principal of their own, which only reads, and can use"
            f" what the agent uses (the last statement, when there is a model):\n\n{lines}\n\n"
            "    env:\n"
            "      DATABRICKS_CLIENT_ID: ${{ github.ref == 'refs/heads/main'"
            " && vars.DATABRICKS_CLIENT_ID || vars.DATABRICKS_PREVIEW_CLIENT_ID }}\n\n"
            "A pull request can change the workflow, too. What keeps it from the other principal is"
            " that one's federation policy: its subject must name the branch, as in"
            " `repo:<owner>/<repository>:ref:refs/heads/main`.",
        )

    def taken(self, what: str) -> Problem:
        """The name is that of `what`."""
        name = self.full_name(MODEL)
        return Problem(
            f"`uc-target`: `{name}` is {what}, not a registered model, and there can't be a model"
            " of that name beside it.",
            f"Give another name:\n\n    uc-target: {name}_agent",
        )

    def _absent(self, level: int) -> Problem:
        statements = [
            f"CREATE SCHEMA {self._quoted(SCHEMA)};",
            self._grant(SCHEMA, ["USE SCHEMA", "CREATE MODEL"]),
        ]
        administrator = "the catalog's owner"
        if level == CATALOG:
            administrator = "a metastore administrator"
            statements = [
                f"CREATE CATALOG {self._quoted(CATALOG)};",
                self._grant(CATALOG, ["USE CATALOG"]),
                *statements,
            ]
        lines = "\n".join(f"    {statement}" for statement in statements)
        return Problem(
            f"`uc-target`: the {_WORDS[level]} `{self.full_name(level)}` does not exist.",
            f"Correct the name, or let {administrator} run:\n\n{lines}",
        )

    def _unbound(self) -> Problem:
        name = self.full_name(CATALOG)
        binding = '{"add": [{"workspace_id": <number>, "binding_type": "BINDING_TYPE_READ_WRITE"}]}'
        return Problem(
            f"`{self.given_as}`: the catalog `{name}` is bound to other workspaces than this one.",
            "Its owner binds it to this one, too (the number is the one after `?o=` in the"
            " workspace's address):\n\n"
            f"    databricks workspace-bindings update-bindings catalog {name} --json '{binding}'",
        )

    @property
    def _levels(self) -> tuple[str, str, str]:
        return self.name.catalog, self.name.schema, self.name.model

    def _is(self, level: int, name: str) -> bool:
        """Whether a name in a message is that of this level; Unity Catalog ignores case."""
        return self.full_name(level).lower() == name.lower()

    def _grant(self, level: int, privileges: Iterable[str], to: str = "") -> str:
        principal = (to or self.principal or "<principal>").replace("`", "``")
        securable = f"{SECURABLES[level]} {self._quoted(level)}"
        return f"GRANT {', '.join(privileges)} ON {securable} TO `{principal}`;"

    def _quoted(self, level: int) -> str:
        """The name as SQL reads it.

        https://docs.databricks.com/en/sql/language-manual/sql-ref-identifiers.html
        """
        return ".".join(
            each if _PLAIN.fullmatch(each) else "`" + each.replace("`", "``") + "`"
            for each in self._levels[:level]
        )
