"""The comments for the runs of a fork, whose reports are not trusted: few, and apart from others.

The fork's run says what it is about. What is known for certain is that it is a fork's run, and
whose: the marker is made from that first, so that no report finds a comment of another kind or of
another repository, whatever it says.
"""

from collections.abc import Sequence

from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.comments import Comment
from entrypoint.github.marker import Posted
from entrypoint.runtime.errors import Problem

# And on one pull request, for all runs of forks.
COMMENTS_PER_RUN = 10


class ForkComment(Comment):
    """The comment for one report (`key`) of a run of `repository`.

    A fork could name another target in each run. Where a pull request has `COMMENTS_PER_RUN` such
    comments, no other is created: the fork's oldest that is not for one of the run's own reports
    (`keys`) is taken over. Without a `key` it is the comment for a run that left no report, which
    the next report replaces.
    """

    def __init__(
        self, api: Api, number: int, repository: str, key: str, keys: Sequence[str] = ()
    ) -> None:
        super().__init__(api, number, key)
        self._number = number
        self._marker = marker.of_forks_run(repository, key)
        self._without_report = marker.of_forks_run(repository, "")
        self._own = marker.of_forks_runs(repository)
        self._kept = [marker.of_forks_run(repository, each) for each in keys]

    @property
    def _in_place_of(self) -> tuple[str, ...]:
        return (self._marker, self._without_report)

    def _create(self, text: str, head: str) -> Posted:
        existing = self._mine(marker.FORK)
        too_many = len(existing) + 1 - COMMENTS_PER_RUN
        if too_many <= 0:
            return super()._create(text, head)
        replaced = [
            comment
            for comment in existing
            if comment.begins_with(self._own) and not comment.begins_with(*self._kept)
        ]
        if not replaced:
            raise GitHubError(
                Problem(
                    f"Pull request #{self._number} has {len(existing)} comments for forks' runs,"
                    " and gets no other.",
                    "Delete those that are out of date, and run the job again.",
                )
            )
        return self._rewrite(replaced[:too_many], text, head)
