"""The comparison of two snapshots: pure, and bounded in time and size whatever is in them."""

from collections.abc import Iterator

from entrypoint.comparison import access, artifacts, code, config, prompts, requirements, signature
from entrypoint.comparison.changes import Baseline, Comparison
from entrypoint.comparison.shown_text import Redact
from entrypoint.comparison.snapshot import Snapshot


def compare(baseline: Baseline, before: Snapshot, after: Snapshot, redact: Redact) -> Comparison:
    """What registering the agent `after` would change; `before` is the registered version.

    `redact` takes secrets out of a text, before it is cut.
    """
    prompt_changes = tuple(prompts.changes(before, after, redact))
    # An alias can have another version of a prompt loaded by the same agent.
    if before.digest == after.digest and not prompt_changes:
        return Comparison(baseline, is_same=True)
    signature_changes = signature.changes(before.signature, after.signature, redact)
    return Comparison(
        baseline,
        files=tuple(code.changes(before, after, redact)),
        artifacts=tuple(artifacts.changes(before, after)),
        resources=tuple(access.resources(before, after)),
        scopes=tuple(access.scopes(before, after)),
        requirements=tuple(requirements.changes(before, after, redact)),
        config=tuple(config.changes(before, after, redact)),
        prompts=prompt_changes,
        signature=signature_changes or (),
        flavor=_flavor(before, after),
        example_changed=None not in (before.example, after.example)
        and before.example != after.example,
        not_known=tuple(_not_known(before, after, has_signature=signature_changes is not None)),
    )


def _flavor(before: Snapshot, after: Snapshot) -> tuple[str, str] | None:
    if not before.flavor or not after.flavor or before.flavor == after.flavor:
        return None
    return before.flavor, after.flavor


def _not_known(before: Snapshot, after: Snapshot, *, has_signature: bool) -> Iterator[str]:
    yield from before.unknown
    if code.is_unknown(before, after):
        yield "content of large code files"
    if artifacts.are_unknown(before, after):
        yield "content of artifacts"
    if not before.locked and before.requirements is not None:
        yield "packages that its requirements don't name"
    if not has_signature and None not in (before.signature, after.signature):
        yield "signature"
