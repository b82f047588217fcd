"""Results as jobs leave them, for the reports' tests and pictures."""

from dataclasses import replace

from entrypoint.agent.build import Build, Verification
from entrypoint.agent.environment.lock import Lock
from entrypoint.comparison.changes import (
    ArtifactChange,
    Baseline,
    Comparison,
    ConfigChange,
    FileChange,
    RequirementChange,
    ResourceChange,
    ScopeChange,
    SignatureChange,
)
from entrypoint.registry.publication_result import Published
from entrypoint.report.result import Result, Stage
from entrypoint.resources.table import Line, Table
from entrypoint.resources.variables import Variable
from entrypoint.runtime.errors import Place, Problem
from entrypoint.runtime.log import Note

_AGENT = "agents/support/agent.py"
_LLM = "databricks-claude-sonnet-4"
_INDEX = "prod.agents.handbook_index"
_SPACE = "01f0a7c24be51f6b9d3e8a40c7d21b95"

_DIFF = """\
@@ -14,7 +14,9 @@
 class Support(ResponsesAgent):
     def __init__(self) -> None:
-        self.llm = ChatDatabricks(endpoint="databricks-claude-sonnet-4")
+        self.llm = ChatDatabricks(endpoint="databricks-claude-sonnet-4", temperature=0.1)
+        self.sales = GenieAgent("01f0a7c24be51f6b9d3e8a40c7d21b95")
+        self.handbook = VectorSearchRetrieverTool(index_name="prod.agents.handbook_index")
"""
_PROMPT_DIFF = """\
@@ -1,2 +1,2 @@
-You answer questions about orders.
+You answer questions about orders and sales.
 Be brief.
"""


def _line(kind: str, title: str, name: str, *, user: bool = False) -> Line:
    return Line(
        kind, title, name, user, declared=True, in_code=True, observed=not user, exists="found"
    )


FIRST = Result(
    mode="preview",
    agent=_AGENT,
    target="prod.agents.support",
    commit="9f2b7c41d0e86a53f1c7b2ad94e05f6837bc21da",
    repository_url="https://github.com/acme/agents",
    workflow_run_url="https://github.com/acme/agents/actions/runs/16830021447",
    stages=[
        Stage("Read", 0.1, passed=True),
        Stage("Environment", 1.8, passed=True),
        Stage("Resources", 0.3, passed=True),
        Stage("Build", 3.4, passed=True),
        Stage("Verify", 4.2, passed=True),
        Stage("Check", 0.1, passed=True),
    ],
    lock=Lock((), ("databricks-langchain==0.22.0", "langgraph==1.1.2", "mlflow==3.17.2")),
    digest="6d1f" * 16,
    build=Build("langchain", "3.17.2", "3.12.8"),
    verification=Verification(
        2.1,
        1.9,
        '{\n  "output": [{"type": "message", "content": "Order 1042 left on Monday."}]\n}',
    ),
    variables=[
        Variable("PARTNER_TOKEN", Place("agents/support/tools.py", 31, 17), has_default=False),
        Variable(
            "SUPPORT_INDEX", Place(_AGENT, 12, 9), has_default=False, given=True, observed=True
        ),
        Variable("SUPPORT_MODEL", Place(_AGENT, 13, 9), has_default=True, observed=True),
    ],
    resources=Table(
        [
            _line("serving_endpoint", "serving endpoint", _LLM),
            _line("vector_search_index", "vector search index", _INDEX),
            _line("genie_space", "Genie space", _SPACE, user=True),
        ]
    ),
    comparison=Comparison(),
)
CHANGED = replace(
    FIRST,
    comparison=Comparison(
        Baseline(
            "models:/prod.agents.support/7",
            "7",
            "https://dbc-1.cloud.databricks.com/explore/data/models/prod/agents/support/version/7",
            "4c0de1aa7b3f9e52d8c6104b7a95ef3210dc8b46",
            "b70c" * 16,
            ("champion",),
        ),
        files=(
            FileChange("agent.py", "changed", 3, 1, _DIFF),
            FileChange("code/prompts/system.txt", "changed", 1, 1, _PROMPT_DIFF),
            FileChange("code/tools/legacy_search.py", "removed", 0, 41),
        ),
        artifacts=(ArtifactChange("faq", "changed", 48_213, 51_902),),
        resources=(
            ResourceChange(
                "vector_search_index",
                "vector search index",
                _INDEX,
                on_behalf_of_user=False,
                change="added",
                widens=True,
            ),
            ResourceChange(
                "genie_space",
                "Genie space",
                _SPACE,
                on_behalf_of_user=True,
                change="added",
                widens=True,
            ),
            ResourceChange(
                "sql_warehouse",
                "SQL warehouse",
                "5f1a2b3c4d5e6f70",
                on_behalf_of_user=False,
                change="removed",
                widens=False,
            ),
        ),
        scopes=(ScopeChange("dashboards.genie", "added"),),
        requirements=(
            RequirementChange("Python", "3.11", "3.12"),
            RequirementChange("mlflow", "3.16.0", "3.17.2"),
            RequirementChange("langgraph", "0.6.11", "1.1.2", is_major=True),
            RequirementChange("tiktoken", "", "0.12.0"),
        ),
        config=(ConfigChange("retriever.k", "4", "8"), ConfigChange("temperature", "", "0.1")),
        signature=(SignatureChange("the output `sources` is new", breaking=False),),
    ),
    notes=[
        Note(
            "warning",
            Problem(
                "`resources-file`: the scope `sql` is needed by nothing that the agent uses.",
                "Take it out: least privilege.",
                Place("agents/support/resources.yml", 12, 7),
            ),
        ),
        Note("notice", Problem("`requirements`: taken from `agents/support/uv.lock`.")),
    ],
)
SAME = replace(
    CHANGED,
    comparison=replace(Comparison(CHANGED.comparison.baseline), is_same=True)
    if CHANGED.comparison
    else None,
    stages=FIRST.stages[:2],
    build=None,
    verification=None,
    notes=[],
)
FAILED = replace(
    FIRST,
    stages=[Stage("Read", 0.2, passed=False)],
    lock=None,
    digest="",
    build=None,
    verification=None,
    comparison=None,
    resources=Table(
        [
            Line(
                "serving_endpoint",
                "serving endpoint",
                _LLM,
                on_behalf_of_user=False,
                declared=True,
                in_code=True,
            ),
            Line(
                "vector_search_index",
                "vector search index",
                _INDEX,
                on_behalf_of_user=False,
                in_code=True,
            ),
        ]
    ),
    problems=(
        Problem(
            "`resources-file`: `VectorSearchRetrieverTool(...)` uses the vector search index"
            f" `{_INDEX}`, which is not declared: serving would refuse it (403).",
            "Add to `agents/support/resources.yml`:\n\n"
            "    databricks:\n"
            "      vector_search_index:\n"
            f"      - name: {_INDEX}",
            Place("agents/support/agent.py", 19, 25),
        ),
    ),
)
FORK = replace(
    FIRST,
    comparison=Comparison(not_compared="nobody is logged in at Databricks"),
    reported_by="mallory/agents",
)
REGISTERED = replace(
    FIRST,
    mode="register",
    comparison=None,
    aliases=("champion",),
    published=Published(
        "4711", "3f9c1e", "models:/m-5d1c0e", "prod.agents.support", "8", run_url="", model_url=""
    ),
)
PROMOTED = replace(
    FIRST,
    mode="promote",
    agent="",
    stages=[Stage(name, 0.4, passed=True) for name in ("Find", "Check", "Promote", "Compare")],
    lock=None,
    build=None,
    verification=None,
    aliases=("champion",),
    comparison=CHANGED.comparison,
    published=Published(
        experiment_id="4711",
        run_id="3f9c1e",
        logged_model_uri="models:/m-5d1c0e",
        model_name="prod.agents.support",
        model_version="8",
        model_url="https://dbc-1.cloud.databricks.com/v/8",
        promoted_from="models:/dev.agents.support/31",
        replaces="7",
        moved={"champion": "7"},
    ),
)
ROLLED_BACK = replace(
    PROMOTED,
    comparison=None,
    published=replace(
        PROMOTED.published,
        model_version="6",
        reused=True,
        promoted_from="models:/prod.agents.support/6",
    ),
)
ALL = {
    "first": FIRST,
    "changed": CHANGED,
    "same": SAME,
    "failed": FAILED,
    "fork": FORK,
    "registered": REGISTERED,
    "promoted": PROMOTED,
}
