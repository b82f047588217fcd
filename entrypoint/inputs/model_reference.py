"""A registered version, as users name it."""

import re
from dataclasses import dataclass
from typing import Self

from entrypoint.inputs.model_name import ModelName

_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>[\w-]+))", re.ASCII)


@dataclass(frozen=True)
class ModelReference:
    """A version by its number or by an alias; with neither, the one for the job's commit."""

    name: ModelName
    version: str = ""
    alias: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `c.s.m`, `models:/c.s.m/3` or `models:/c.s.m@champion`.

        Raises:
            ValueError: it is none of them.

        """
        if found := _URI.fullmatch(text):
            version = str(int(found["version"])) if found["version"] else ""
            return cls(ModelName.parse(found["name"]), version, found["alias"] or "")
        if re.search(r"[:/@]", text):
            raise ValueError(
                f"`{text}` names no registered version. Write `catalog.schema.model`,"
                " `models:/catalog.schema.model/3` or `models:/catalog.schema.model@champion`."
            )
        return cls(ModelName.parse(text))

    def __str__(self) -> str:
        if self.version:
            return f"models:/{self.name}/{self.version}"
        return f"models:/{self.name}@{self.alias}" if self.alias else str(self.name)
