"""Lines to paste into a workflow that logs in at Databricks."""

from collections.abc import Iterable

GUIDE = "https://docs.databricks.com/en/dev-tools/auth/provider-github"
PERMISSION = "permissions:\n  contents: read\n  id-token: write"
HOST = "env:\n  DATABRICKS_HOST: https://<workspace>.cloud.databricks.com"
STEP = f"""\
{PERMISSION}
...
  env:
    DATABRICKS_HOST: https://<workspace>.cloud.databricks.com
    DATABRICKS_AUTH_TYPE: github-oidc
    DATABRICKS_CLIENT_ID: <application id of the service principal>"""


def indented(text: str) -> str:
    """The text as a block of code."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def listed(names: Iterable[str]) -> str:
    """Names of variables in a sentence."""
    return ", ".join(f"`{name}`" for name in names) or "nothing"
