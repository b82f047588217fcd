"""Releases."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route
from doubles.github.refusal import invalid, not_found
from doubles.github.site import Site
from doubles.github.tokens import Token

LIMIT = 125_000
_TIME = "2026-01-26T19:01:12Z"
_ONE = "/repos/{owner}/{repo}/releases/{release_id}"
_FIELDS = {"tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest"}


@dataclass
class Release:
    """A published release; its body is None where nobody wrote notes."""

    id: int
    tag: str
    body: str | None = None
    edits: int = 0


class Releases:
    """All of the repository's."""

    def __init__(self, author: Token, site: Callable[[], Site]) -> None:
        self._author = author
        self._site = site
        self._ids = itertools.count(300_001)
        self._releases: dict[int, Release] = {}

    def add(self, tag: str, body: str | None = None) -> Release:
        release = Release(next(self._ids), tag, body)
        self._releases[release.id] = release
        return release

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/repos/{owner}/{repo}/releases/tags/{tag*}", self._by_tag)
        yield Route("GET", _ONE, lambda request: Answer(self._shown(self._find(request))))
        yield Route("PATCH", _ONE, self._update, fields=frozenset(_FIELDS))

    def _by_tag(self, request: Request) -> Answer:
        for release in self._releases.values():
            if release.tag == request.parts["tag"]:
                return Answer(self._shown(release))
        raise not_found()

    def _update(self, request: Request) -> Answer:
        release = self._find(request)
        body = request.fields.get("body", release.body)
        if body and len(body) > LIMIT:
            raise invalid("Release", "body", f"body is too long (maximum is {LIMIT} characters)")
        release.body = body
        release.edits += 1
        return Answer(self._shown(release))

    def _find(self, request: Request) -> Release:
        release = self._releases.get(int(request.parts["release_id"]))
        if release is None:
            raise not_found()
        return release

    def _shown(self, release: Release) -> dict[str, Any]:
        site = self._site()
        api = f"{site.repository_api}/releases/{release.id}"
        return {
            "id": release.id,
            "node_id": f"RE_{release.id}",
            "url": api,
            "html_url": f"{site.repository_page}/releases/tag/{release.tag}",
            "assets_url": f"{api}/assets",
            "upload_url": f"{api}/assets{{?name,label}}",
            "tarball_url": f"{site.repository_api}/tarball/{release.tag}",
            "zipball_url": f"{site.repository_api}/zipball/{release.tag}",
            "tag_name": release.tag,
            "target_commitish": "main",
            "name": release.tag,
            "body": release.body,
            "draft": False,
            "prerelease": False,
            "created_at": _TIME,
            "published_at": _TIME,
            "author": site.of(self._author),
            "assets": [],
        }
