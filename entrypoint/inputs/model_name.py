"""Names in Unity Catalog: models, aliases and tags."""

import re
from dataclasses import dataclass

# https://docs.databricks.com/sql/language-manual/sql-ref-names.html: a name holds no period,
# space, forward slash, control character or DEL, and at most 255 characters.
_LEVEL = re.compile(r"[^./\s\x00-\x1f\x7f]{1,255}")
_ALIAS = re.compile(r"[\w-]+", re.ASCII)
_LONGEST = 255
_RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
_TAG_KEY = re.compile(r"[^.,\-=/:\x00-\x1f\x7f]{1,255}")
_TAG_VALUE_LIMIT = 1000
# Tags of one model version.
TAG_LIMIT = 50


@dataclass(frozen=True)
class ModelName:
    """The three-level name of a registered model."""

    catalog: str
    schema: str
    model: str

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """Read `catalog.schema.model`.

        Raises:
            ValueError: it isn't one.

        """
        levels = text.split(".")
        wanted = "a Unity Catalog name has three levels, `catalog.schema.model`"
        if len(levels) != 3:  # noqa: PLR2004 - said in the line above
            raise ValueError(
                f"`{text}` has {len(levels)} level{'s' * (len(levels) != 1)}; {wanted},"
                " for example `prod.agents.support`."
            )
        for level in levels:
            if not _LEVEL.fullmatch(level):
                raise ValueError(
                    f"`{text}`: `{level}` can't be a level of a name; {wanted}, each without"
                    " spaces and slashes and at most 255 characters long."
                )
        return cls(*levels)

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.model}"


def check_alias(alias: str) -> None:
    """Hold an alias against MLflow's rules.

    Raises:
        ValueError: MLflow would refuse it.

    """
    if len(alias) > _LONGEST:
        raise ValueError(f"`{alias[:40]}…` has {len(alias)} characters; MLflow allows {_LONGEST}.")
    if not _ALIAS.fullmatch(alias):
        raise ValueError(f"`{alias}` holds more than letters, digits, `_` and `-`.")
    if _RESERVED_ALIAS.fullmatch(alias):
        raise ValueError(f"`{alias}` is reserved by MLflow (`latest`, and `v` with a number).")


def alias_safe(text: str) -> str:
    """Make a branch or a tag fit for an alias: `feature/x` becomes `feature-x`."""
    return re.sub(r"[^\w-]", "-", text, flags=re.ASCII)


def check_tag(key: str, value: str) -> None:
    """Hold a tag against Unity Catalog's rules.

    Raises:
        ValueError: Unity Catalog would refuse it.

    """
    if not _TAG_KEY.fullmatch(key):
        raise ValueError(
            f"`{key}` can't be a tag's key: Unity Catalog allows 1 to 255 characters and none of"
            " `. , - = / :`."
        )
    if len(value) > _TAG_VALUE_LIMIT:
        raise ValueError(
            f"the value of `{key}` has {len(value)} characters; Unity Catalog allows"
            f" {_TAG_VALUE_LIMIT}."
        )
