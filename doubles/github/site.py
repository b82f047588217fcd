"""The addresses of one repository, and what GitHub says of it and of its people."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from doubles.github.tokens import Token

REPOSITORY_ID = 1296269
_OWNER_ID = 5430905
# What a repository's addresses end with, by the fields' names.
_PARTS = {
    "archive": "{archive_format}{/ref}",
    "assignees": "assignees{/user}",
    "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}",
    "collaborators": "collaborators{/collaborator}",
    "comments": "comments{/number}",
    "commits": "commits{/sha}",
    "compare": "compare/{base}...{head}",
    "contents": "contents/{+path}",
    "contributors": "contributors",
    "deployments": "deployments",
    "downloads": "downloads",
    "events": "events",
    "forks": "forks",
    "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}",
    "git_tags": "git/tags{/sha}",
    "hooks": "hooks",
    "issue_comment": "issues/comments{/number}",
    "issue_events": "issues/events{/number}",
    "issues": "issues{/number}",
    "keys": "keys{/key_id}",
    "labels": "labels{/name}",
    "languages": "languages",
    "merges": "merges",
    "milestones": "milestones{/number}",
    "notifications": "notifications{?since,all,participating}",
    "pulls": "pulls{/number}",
    "releases": "releases{/id}",
    "stargazers": "stargazers",
    "statuses": "statuses/{sha}",
    "subscribers": "subscribers",
    "subscription": "subscription",
    "tags": "tags",
    "teams": "teams",
    "trees": "git/trees{/sha}",
}
_USER_PARTS = {
    "events": "events{/privacy}",
    "followers": "followers",
    "following": "following{/other_user}",
    "gists": "gists{/gist_id}",
    "organizations": "orgs",
    "received_events": "received_events",
    "repos": "repos",
    "starred": "starred{/owner}{/repo}",
    "subscriptions": "subscriptions",
}
_COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "size")
_MORE_COUNTS = ("stargazers_count", "watchers", "watchers_count")


@dataclass(frozen=True)
class Site:
    """Where the API and the pages of a GitHub are, and its repository."""

    api: str
    pages: str
    name: str

    @property
    def repository_api(self) -> str:
        return f"{self.api}/repos/{self.name}"

    @property
    def repository_page(self) -> str:
        return f"{self.pages}/{self.name}"

    @property
    def repository_address(self) -> str:
        """Links to pages of lists name the repository by its number."""
        return f"{self.api}/repositories/{REPOSITORY_ID}"

    def user(self, login: str, number: int, kind: str = "User") -> dict[str, Any]:
        name = quote(login)  # of a bot: `[bot]`
        api = f"{self.api}/users/{name}"
        return {
            "login": login,
            "id": number,
            "node_id": f"U_{number}",
            "avatar_url": f"{self.pages}/avatars/{number}",
            "gravatar_id": "",
            "url": api,
            "html_url": f"{self.pages}/{name}",
            **{f"{name}_url": f"{api}/{part}" for name, part in _USER_PARTS.items()},
            "type": kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def of(self, token: Token) -> dict[str, Any]:
        return self.user(token.login, token.user_id, token.kind)

    def repository(self, name: str, *, is_fork: bool = False) -> dict[str, Any]:
        owner, _, short = name.partition("/")
        api, page = f"{self.api}/repos/{name}", f"{self.pages}/{name}"
        return {
            "id": REPOSITORY_ID + is_fork,
            "node_id": f"R_{REPOSITORY_ID + is_fork}",
            "name": short,
            "full_name": name,
            "owner": self.user(owner, _OWNER_ID + is_fork),
            "private": False,
            "html_url": page,
            "description": None,
            "fork": is_fork,
            "url": api,
            **{f"{field}_url": f"{api}/{part}" for field, part in _PARTS.items()},
            "clone_url": f"{page}.git",
            "git_url": f"git://github.com/{name}.git",
            "ssh_url": f"git@github.com:{name}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": None,
            "language": "Python",
            "license": None,
            **dict.fromkeys((*_COUNTS, *_MORE_COUNTS), 0),
            "default_branch": "main",
            **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
            **dict.fromkeys(("has_pages", "archived", "disabled"), False),
            "pushed_at": "2026-01-26T19:06:43Z",
            "created_at": "2026-01-26T19:01:12Z",
            "updated_at": "2026-01-26T19:14:43Z",
        }


def now() -> str:
    """The time, as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
