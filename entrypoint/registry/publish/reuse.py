"""Reuse: an agent that was registered already is not built again."""

from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.aftermath import told_of
from entrypoint.registry.publish.earlier_versions import EarlierVersions
from entrypoint.registry.publish.leftovers import sweep
from entrypoint.registry.session import Session


def reuse(name: str, digest: str, labels: Labels, session: Session, published: Published) -> bool:
    """Take the newest READY version of the digest, if there is one; whether there is.

    It gets the aliases, and the commit is noted on it and on its logged model. What jobs left half
    made of the model that have ended is removed.

    Raises:
        PublishFailure: the store refused.

    """
    with (
        told_of(published, labels.aliases, session),
        session.problems(name, labels.experiment),
    ):
        experiment_id = session.known_experiment(labels.experiment)
        if experiment_id is None:
            return False
        published.experiment_id = experiment_id
        versions = session.versions(name)
        sweep(session, versions, experiment_id)
        history = EarlierVersions(session, versions, experiment_id, digest)
        for edition in history.clear():
            if not edition.ready:
                continue
            version = versions.whole(edition.ready[-1])
            published.take(version, edition.model)
            history.record_commit(edition.model, version, labels.commit)
            session.link(published)
            session.set_aliases(versions, version, labels, published)
            return True
    return False
