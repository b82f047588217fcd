"""Reuse: an agent that is registered already is not built again."""

from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.abandoned_runs import end_abandoned_runs
from entrypoint.registry.publish.earlier_versions import EarlierVersions
from entrypoint.registry.session import Session


def reuse(name: str, digest: str, labels: Labels, session: Session, published: Published) -> bool:
    """Take the newest READY version of the digest, if there is one; whether there is.

    It gets the aliases, and the commit is noted on it and on its logged model. What jobs that have
    ended left incomplete of the model is removed.

    Raises:
        PublishFailure: the store refused.

    """
    with session.publishing(published, labels.aliases, name, labels.experiment):
        experiment_id = session.known_experiment(labels.experiment)
        if experiment_id is None:
            return False
        published.experiment_id = experiment_id
        versions = session.versions(name)
        end_abandoned_runs(session, versions, experiment_id)
        earlier = EarlierVersions(session, versions, experiment_id, digest)
        for each in earlier.clear():
            if not each.ready:
                continue
            version = versions.whole(each.ready[-1])
            published.reuse(version.name, version.version, each.run_id, each.model.model_uri)
            earlier.record_commit(each.model, version, labels.commit)
            session.link(published)
            session.set_aliases(versions, version, labels, published)
            return True
    return False
