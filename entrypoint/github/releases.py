"""The notes of a GitHub release: one block for each target, the rest left as it is."""

import re
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import GitHubError, Purpose
from entrypoint.github.marker import Posted
from entrypoint.runtime.errors import Problem

_TRIES = 3


class _Release(Answer):
    id: int
    html_url: str
    body: str | None = None


class Notes:
    """The block of one target in the notes of a release, found by hidden lines around it.

    `release` is its id, or the name of its tag; `key` names the registered model.
    """

    def __init__(self, api: Api, release: int | str, key: str) -> None:
        self._api = api
        self._path = (
            f"releases/{release}"
            if isinstance(release, int)
            else f"releases/tags/{quote(release, safe='')}"
        )
        self._begin, self._end = marker.begin(key), marker.end(key)
        self._purpose = Purpose(f"write the notes of release {release}", ("contents: write",))

    def post(self, block: str) -> Posted | None:
        """Add the block, or bring it up to date; None when there is no release.

        Raises:
            GitHubError: GitHub doesn't take it.

        """
        posted = None
        # Jobs for other targets write the same notes, and may overwrite what they haven't seen: it
        # is done when it is read back.
        for _ in range(_TRIES):
            release = self._release()
            if release is None:
                return None
            old = release.body or ""
            new, did = self._with_block(old, block)
            if marker.is_same(old, new):
                return posted or Posted(release.html_url, "unchanged")
            posted = Posted(release.html_url, did)
            self._api.patch(f"releases/{release.id}", self._purpose, {"body": new})
        raise GitHubError(
            Problem(
                f"log-agent can't {self._purpose.text}: others overwrite them all the time.",
                "Run the job again when no other job writes them.",
            )
        )

    def _release(self) -> _Release | None:
        try:
            return self._api.get(self._path, self._purpose, _Release)
        except GitHubError as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _with_block(self, notes: str, block: str) -> tuple[str, Literal["created", "updated"]]:
        text = f"{self._begin}\n{block.strip()}\n{self._end}"
        # Where a line begins: a block may quote code, each line of it behind its sign.
        begin, end = f"^{re.escape(self._begin)}", f"^{re.escape(self._end)}"
        # From the last beginning before an end: a person may have cut a block in two.
        old = re.compile(f"{begin}(?:(?!{begin}).)*?{end}", re.DOTALL | re.MULTILINE)
        if old.search(notes):
            return old.sub(lambda _: text, notes, count=1), "updated"
        return f"{notes}\n\n{text}" if notes.strip() else text, "created"
