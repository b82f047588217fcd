"""Secret scanning: no file that is logged may hold a secret.

Imports detect-secrets, and `requests` with it: 0.3 s that nobody waits for who has nothing to scan.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.stripe import StripeDetector

from entrypoint.redaction import Secrets

# Only detectors of tokens that say what they are: entropy and keywords accuse every second agent.
# With each, what its tokens cannot be without (in lower case where case is ignored).
_DETECTORS = (
    (AWSKeyDetector, ("A3T", "ABIA", "ACCA", "AKIA", "ASIA", "aws")),
    (GitHubTokenDetector, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    (NpmDetector, ("npm_", "_authToken", "NPM")),
    (SendGridDetector, ("SG.",)),
    (SlackDetector, ("xox", "hooks.slack.com")),
    (StripeDetector, ("k_live_",)),
)
_HEADER = (
    r"-----BEGIN[A-Z0-9 ]{0,30} PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]){0,80}"
    r"(?:[A-Z][\w-]{1,40}: [^\n]{1,80}\n\s{0,80}){0,5}"
)
# What the library lacks, or finds by its surroundings. The formats: gitleaks' rules.
_OWN = (
    ("Databricks token", "dapi", r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    ("Databricks OAuth secret", "dose", r"\bdose[0-9a-f]{32}\b"),
    ("GitHub Token", "github_pat_", r"\bgithub_pat_\w{82}\b"),
    ("GitLab token", "gl", r"\bgl(?:pat|dt|rt|ptt|cbt|soat)-[\w-]{20,}"),
    ("OpenAI key", "T3BlbkFJ", r"\bsk-[\w-]{20,120}T3BlbkFJ[\w-]{20,120}"),
    ("Anthropic key", "sk-ant-", r"\bsk-ant-(?:api|admin)\d\d-[\w-]{93}AA\b"),
    ("Hugging Face token", "hf_", r"\bhf_[A-Za-z]{34}\b"),
    ("Google API key", "AIza", r"\bAIza[\w-]{35}(?![\w-])"),
    ("PyPI token", "pypi-Ag", r"\bpypi-Ag[A-Za-z0-9_-]{70,}"),
    ("Azure storage key", "AccountKey=", r"\bAccountKey=[A-Za-z0-9+/]{86}=="),
    # The header alone is in every program that reads keys.
    ("Private key", "-----BEGIN", _HEADER + r"[A-Za-z0-9+/=]{40,}"),
)
_SHAPES = tuple(
    (
        detector.secret_type,
        tuple(keyword.encode() for keyword in keywords),
        pattern,
        bool(pattern.flags & re.IGNORECASE),
    )
    for detector, keywords in _DETECTORS
    for pattern in detector.denylist
) + tuple(
    (kind, (keyword.encode(),), re.compile(pattern), False) for kind, keyword, pattern in _OWN
)

# detect-secrets' own marker, for a line on which a token's shape is no token.
_ALLOWED = re.compile(rb"pragma: ?(?:allow|white)list[ -]secret")
_PLACEHOLDER = re.compile(
    r"example|placeholder|sample|dummy|fake|your|change|replace|redacted", re.IGNORECASE
)
# 40 digits like an AWS secret's: `uses: aws-actions/…token…@3d3c42e5…`.
_COMMIT = re.compile(r"[0-9a-f]{40}")

_BLOCK = 1 << 20
# Bytes that a shape spans at most, as far as they decide.
_REACH = 2048
# An OpenAI key has its keyword in the middle, the others at the beginning.
_BEHIND = 160


@dataclass(frozen=True)
class Finding:
    """A secret in a file, without the secret: the file's name, and in a text the line, from 1.

    `kind`: `the value of DATABRICKS_TOKEN`, or the name of a token's shape.
    """

    file: str
    line: int | None
    kind: str


def find(files: Mapping[str, Path], secrets: Secrets) -> list[Finding]:
    """Search files, by the names under which they are reported, for known values and for tokens.

    Known values are found in every file, shapes in texts: a file without NUL in its first 8 KiB,
    which is how git tells them apart. No more than a few MiB are held at once.

    Raises:
        OSError: a file can't be read.

    """
    known = [(form.encode(errors="surrogateescape"), name) for form, name in secrets.forms.items()]
    reach = max([_REACH, *(len(form) for form, _ in known)])
    findings: dict[Finding, None] = {}
    for name, path in files.items():
        with path.open("rb") as file:
            is_text = b"\0" not in file.read(8192)
            file.seek(0)
            for block in _blocks(file, reach):
                hits = [*_known(block, known), *(_shapes(block) if is_text else ())]
                for position, kind in sorted(hits):
                    line = block.line_of(position) if is_text else None
                    findings[Finding(name, line, kind)] = None
    return list(findings)


def files_of(model: Path) -> dict[str, Path]:
    """Every file of a model directory, links left out: they are never published."""
    found = sorted(path for path in model.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(model).as_posix(): path for path in found}


@dataclass(frozen=True)
class _Block:
    """A piece of a file; what starts from `start` up to `end` is its own, the rest is context."""

    content: bytes
    start: int
    end: int
    lines_before: int

    def owns(self, position: int) -> bool:
        return self.start <= position < self.end

    def line_of(self, position: int) -> int:
        return self.lines_before + self.content.count(b"\n", 0, position) + 1

    def text_of_line(self, position: int) -> bytes:
        end = self.content.find(b"\n", position)
        return self.content[self.content.rfind(b"\n", 0, position) + 1 : end if end >= 0 else None]


def _blocks(file: BinaryIO, reach: int) -> Iterator[_Block]:
    """The file in blocks that see `reach` bytes of their neighbours: no border hides anything."""
    content, start, lines = b"", 0, 0
    while True:
        more = file.read(_BLOCK)
        content += more
        is_last = len(more) < _BLOCK
        end = len(content) if is_last else max(start, len(content) - reach)
        yield _Block(content, start, end, lines)
        if is_last:
            return
        cut = max(0, end - reach)
        lines += content.count(b"\n", 0, cut)
        content, start = content[cut:], end - cut


def _known(block: _Block, known: Iterable[tuple[bytes, str]]) -> Iterator[tuple[int, str]]:
    for form, name in known:
        position = block.content.find(form, block.start)
        while 0 <= position < block.end:
            yield position, f"the value of {name}"
            position = block.content.find(form, position + len(form))


def _shapes(block: _Block) -> Iterator[tuple[int, str]]:
    # One character a byte, so that positions are the same; the shapes are all ASCII.
    text = block.content.decode("latin-1")
    lowered = block.content.lower()
    for kind, keywords, pattern, ignores_case in _SHAPES:
        searched = lowered if ignores_case else block.content
        for start, end in _neighbourhoods(searched, keywords):
            for match in pattern.finditer(text, start, end):
                if (
                    block.owns(match.start())
                    and not _is_placeholder(_token(match))
                    and not _ALLOWED.search(block.text_of_line(match.start()))
                ):
                    yield match.start(), kind


def _neighbourhoods(content: bytes, keywords: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Where a token with one of the keywords can be: finding a word is 100 times faster."""
    for keyword in keywords:
        position = content.find(keyword)
        while position >= 0:
            after = position + _REACH
            yield max(0, position - _BEHIND), after + _REACH
            position = content.find(keyword, after)


def _token(match: re.Match[str]) -> str:
    """The token in what a pattern matched; a group may hold it, but also just its prefix."""
    group = max((text for text in match.groups() if text), key=len, default="")
    return group if len(group) >= 16 else match[0]  # noqa: PLR2004 - no token is shorter


def _is_placeholder(token: str) -> bool:
    """Whether it was made by hand: `dapi12345678…`, `ghp_xxxxxxxx…`, `AKIAIOSFODNN7EXAMPLE`.

    Of random characters, one in eight (hexadecimal) at most equals or follows its neighbour.
    """
    if _PLACEHOLDER.search(token) or _COMMIT.fullmatch(token):
        return True
    body = token[-80:]
    steps = sum(ord(after) - ord(before) in (0, 1) for before, after in pairwise(body))
    return steps > 0.4 * len(body) or len(set(body)) < 8  # noqa: PLR2004
