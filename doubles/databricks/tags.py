"""Tags as Unity Catalog takes them."""

from collections.abc import Iterable

from mlflow.protos.databricks_uc_registry_messages_pb2 import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)

from doubles.databricks.request import bad_value, missing

# https://docs.databricks.com/en/database-objects/tags.html
_RESERVED = ".,-=/:"
_MOST = 50
_LONGEST_KEY, _LONGEST_VALUE = 255, 1000


def check(tags: Iterable[ModelVersionTag | RegisteredModelTag]) -> None:
    """Hold all the tags of one object against the rules.

    Raises:
        Refusal: a tag that can't be, or too many.

    """
    keys = set()
    for tag in tags:
        if set(tag.key) & set(_RESERVED):
            raise bad_value(
                f"Tag name {tag.key} contains one or more of the reserved characters:"
                f" List({', '.join(_RESERVED)})"
            )
        if not 0 < len(tag.key) <= _LONGEST_KEY:
            raise bad_value(f"Tag name {tag.key} must have 1 to {_LONGEST_KEY} characters")
        if len(tag.value) > _LONGEST_VALUE:
            raise bad_value(f"The value of tag {tag.key} has more than {_LONGEST_VALUE} characters")
        keys.add(tag.key)
    if len(keys) > _MOST:
        raise bad_value(f"There can be {_MOST} tags at most")


def put(thing: RegisteredModel | ModelVersion, key: str, value: str) -> None:
    """Set one tag of an object."""
    changed = type(thing)()
    changed.CopyFrom(thing)
    _drop(changed, key)
    changed.tags.add(key=key, value=value)
    check(changed.tags)
    thing.CopyFrom(changed)


def remove(thing: RegisteredModel | ModelVersion, key: str) -> None:
    """Delete one tag of an object."""
    if not _drop(thing, key):
        raise missing(f"Tag {key} does not exist.")


def _drop(thing: RegisteredModel | ModelVersion, key: str) -> bool:
    for index, tag in enumerate(thing.tags):
        if tag.key == key:
            del thing.tags[index]
            return True
    return False
