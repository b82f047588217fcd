"""The shapes of well-known tokens: what says by its looks that it is a secret.

A table of our own and no library's: it is looked through for every line that is printed, so it has
to be there at once. Only tokens that say what they are; entropy accuses every second agent.

The formats are those of the issuers, as the rules of gitleaks and detect-secrets gather them:
https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

# Characters that a match needs to see at most, to be one.
REACH = 12_000


class FoundToken(NamedTuple):
    """A token in a text: where it starts and ends, and the name of its shape."""

    start: int
    end: int
    kind: str


# No letter or digit stands before a token, unless it is the end of an escape (`\n`, `%3D`) or of a
# colour code.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=[\d;\[]m))"


class _Shape(NamedTuple):
    kind: str
    keywords: tuple[str, ...]
    """What stands at the beginning of every match; finding a word is 100 times faster."""
    pattern: str
    """What is to be hidden of a longer match is its group `secret`."""
    before: int = 0
    """Characters of the match before the keyword."""
    start: str = _START


_END = r"(?![A-Za-z0-9])"
_BREAK = r"(?:\s|\\+[nr])"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The header alone is in every program that reads keys.
_PRIVATE_KEY = (
    r"-----BEGIN[A-Z0-9 ]{0,30} PRIVATE KEY(?: BLOCK)?-----"
    rf"{_BREAK}{{0,80}}(?:[A-Z][\w-]{{1,40}}: [^\n]{{1,80}}\n\s{{0,80}}){{0,5}}"
    rf"[A-Za-z0-9+/=]{{40,}}(?:{_BREAK}{{1,80}}[A-Za-z0-9+/=]{{16,}})*"
    rf"(?:(?:{_BREAK}{{1,80}}[A-Za-z0-9+/=]{{1,15}})?"
    rf"{_BREAK}{{0,80}}-----END[A-Z0-9 ]{{0,30}} PRIVATE KEY(?: BLOCK)?-----)?"
)
_AWS_KEY = (
    r"(?<![A-Za-z0-9/+])(?P<secret>(?=[^\s\"']{0,39}\d)(?=[^\s\"']{0,39}[a-z])"
    r"(?=[^\s\"']{0,39}[A-Z])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
)

_SHAPES = (
    # Databricks
    _Shape("Databricks token", ("dapi",), rf"dapi[0-9a-f]{{32}}(?:-\d)?{_END}"),
    _Shape("Databricks OAuth secret", ("dose",), rf"dose[0-9a-f]{{32}}{_END}"),
    # Clouds
    _Shape(
        "AWS Access Key",
        ("A3T", "ABIA", "ACCA", "AKIA", "ASIA"),
        rf"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{{16}}{_END}",
    ),
    _Shape(
        "AWS Access Key",
        ("aws", "AWS", "Aws"),
        rf"(?i:aws.{{0,20}}?(?:key|pwd|pw|password|pass|token)).{{0,20}}?{_AWS_KEY}",
    ),
    _Shape(
        "AWS Access Key",
        ("SecretAccessKey", "secretAccessKey", "secret_access_key"),
        rf"\w{{15,17}}[\"' ]{{0,3}}[:=][\"' ]{{0,3}}{_AWS_KEY}",
    ),
    _Shape(
        "AWS session token",
        ("SessionToken", "sessionToken", "session_token", "SESSION_TOKEN"),
        r"\w{12,13}[\"' ]{0,3}[:=][\"' ]{0,3}(?P<secret>[A-Za-z0-9/+]{100,}=*)",
    ),
    _Shape("Azure storage key", ("AccountKey=",), r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _Shape(
        "Azure shared access key",
        ("SharedAccessKey=",),
        r"SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{43}=)",
    ),
    _Shape(
        "Azure client secret",
        ("Q~",),
        r"[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])",
        before=4,
    ),
    _Shape("Azure DevOps token", ("AZDO",), rf"[A-Za-z0-9]{{76}}AZDO[A-Za-z0-9]{{4}}{_END}", 76),
    _Shape("Google API key", ("AIza",), r"AIza[\w-]{35}(?![\w-])"),
    _Shape("Google OAuth token", ("ya29.",), r"ya29\.[\w-]{30,}"),
    _Shape("Google OAuth secret", ("GOCSPX-",), r"GOCSPX-[\w-]{28}(?![\w-])"),
    _Shape(
        "DigitalOcean token", ("doo_v1_", "dop_v1_", "dor_v1_"), r"do[opr]_v1_[0-9a-f]{64}" + _END
    ),
    # Addresses that open by themselves
    _Shape(
        "Signed URL",
        ("sig=", "Signature=", "signature="),
        r"(?<=[?&;_-])(?:sig|[Ss]ignature)=(?P<secret>[A-Za-z0-9%+/_~-]{30,}=*)",
    ),
    _Shape(
        "Slack Token",
        ("https://hooks.slack.com/", "https:\\/\\/hooks.slack.com"),
        r"https:\\?/\\?/hooks\.slack\.com(?:\\?/\w{5,}){3,5}",
    ),
    _Shape(
        "Discord webhook",
        ("https://discord.com/api/", "https://discordapp.com/api/"),
        r"https://discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,21}/[\w-]{60,}",
    ),
    _Shape(
        "Teams webhook",
        (".webhook.office.com/",),
        r"\.webhook\.office\.com/webhookb2/[\w@/-]{60,}",
    ),
    # Code and packages
    _Shape(
        "GitHub Token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"gh[opusr]_[A-Za-z0-9_]{36,}(?:\.[\w-]{10,}){0,2}",
    ),
    _Shape("GitHub Token", ("github_pat_",), r"github_pat_\w{82}(?!\w)"),
    _Shape("GitLab token", ("gl",), r"gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent|oas)-[\w.-]{20,}"),
    _Shape("NPM tokens", ("npm_",), rf"npm_[A-Za-z0-9]{{36}}{_END}"),
    _Shape(
        "NPM tokens",
        ("_authToken", "_auth="),
        r"_auth(?:Token)?\s{0,3}[=:]\s{0,3}"
        r"[\"']?(?P<secret>[\w.+/-]{16,}=*)",
    ),
    _Shape("PyPI token", ("pypi-Ag",), r"pypi-Ag[A-Za-z0-9_-]{70,}"),
    _Shape("RubyGems token", ("rubygems_",), rf"rubygems_[0-9a-f]{{48}}{_END}"),
    _Shape("Docker Hub token", ("dckr_",), r"dckr_(?:pat|oat)_[\w-]{27,}"),
    _Shape("Artifactory key", ("AKCp",), rf"AKCp[A-Za-z0-9]{{69}}{_END}"),
    _Shape("Artifactory token", ("cmVmdGtu",), rf"cmVmdGtu[A-Za-z0-9]{{56}}{_END}"),
    # Models and what agents use
    _Shape("Anthropic key", ("sk-ant-",), r"sk-ant-[a-z]+\d\d-[\w-]{80,}"),
    _Shape("OpenAI key", ("sk-",), r"sk-[\w-]{20,120}T3BlbkFJ[\w-]{20,120}"),
    _Shape("OpenRouter key", ("sk-or-",), rf"sk-or-v1-[0-9a-f]{{64}}{_END}"),
    _Shape("Langfuse key", ("sk-lf-",), rf"sk-lf-{_UUID}{_END}"),
    # Of DeepSeek, Moonshot, LiteLLM and others that took OpenAI's prefix over.
    _Shape("API key", ("sk-",), r"sk-(?=[a-zA-Z]{0,40}\d)[A-Za-z0-9]{32,}(?![\w-])"),
    _Shape("LangSmith key", ("lsv2_",), rf"lsv2_(?:pt|sk)_[0-9a-f]{{32}}_[0-9a-f]{{10}}{_END}"),
    _Shape("Hugging Face token", ("hf_",), rf"hf_[A-Za-z]{{34}}{_END}"),
    _Shape("Hugging Face token", ("api_org_",), rf"api_org_[A-Za-z]{{34}}{_END}"),
    _Shape("Groq key", ("gsk_",), rf"gsk_[A-Za-z0-9]{{52}}{_END}"),
    _Shape("xAI key", ("xai-",), rf"xai-[A-Za-z0-9]{{70,}}{_END}"),
    _Shape("Perplexity key", ("pplx-",), rf"pplx-[A-Za-z0-9]{{48}}{_END}"),
    _Shape("NVIDIA key", ("nvapi-",), r"nvapi-[\w-]{60,}"),
    _Shape("Replicate token", ("r8_",), rf"r8_[A-Za-z0-9]{{37}}{_END}"),
    _Shape("Together key", ("tgp_v1_",), r"tgp_v1_[\w-]{43}(?![\w-])"),
    _Shape("Pinecone key", ("pcsk_",), r"pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,}"),
    _Shape("Tavily key", ("tvly-",), r"tvly-(?:(?:dev|prod)-)?[A-Za-z0-9-]{32,}"),
    # Services
    _Shape("Slack Token", ("xox",), r"xox[abeoprs]-(?:[A-Za-z0-9.]+-)*[A-Za-z0-9]{8,}"),
    _Shape("Slack Token", ("xapp-",), r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{16,}"),
    _Shape("Telegram token", (":AA",), r":AA[\w-]{33}(?![\w-])", start=r"(?<=\d)"),
    _Shape(
        "Stripe Access Key",
        ("sk_live_", "rk_live_"),
        r"[rs]k_live_[0-9a-zA-Z]{24,}",
    ),
    _Shape("Webhook secret", ("whsec_",), r"whsec_[A-Za-z0-9+/]{24,}=*"),
    _Shape("SendGrid API Key", ("SG.",), r"SG\.[\w-]{22}\.[\w-]{43}(?![\w-])"),
    _Shape("Mailgun key", ("key-",), rf"key-[0-9a-f]{{32}}{_END}"),
    _Shape("Twilio key", ("SK",), rf"SK[0-9a-f]{{32}}{_END}"),
    _Shape("Square token", ("sq0",), r"sq0[a-z]{3}-[\w-]{22,43}(?![\w-])"),
    _Shape("Shopify token", ("shp",), rf"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32}}{_END}"),
    _Shape("Atlassian token", ("ATATT3", "ATCTT3"), r"AT[AC]TT3[\w=-]{180,}"),
    _Shape("Airtable token", ("pat",), rf"pat[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}}{_END}"),
    _Shape("Notion token", ("ntn_",), rf"ntn_[A-Za-z0-9]{{46}}{_END}"),
    _Shape("Linear key", ("lin_api_",), rf"lin_api_[A-Za-z0-9]{{40}}{_END}"),
    _Shape("Postman key", ("PMAK-",), rf"PMAK-[0-9a-f]{{24}}-[0-9a-f]{{34}}{_END}"),
    _Shape("Grafana token", ("glsa_",), rf"glsa_[A-Za-z0-9]{{32}}_[0-9a-fA-F]{{8}}{_END}"),
    _Shape("Grafana token", ("glc_eyJ",), r"glc_eyJ[A-Za-z0-9+/]{40,}=*"),
    _Shape("Sentry token", ("sntryu_",), rf"sntryu_[0-9a-f]{{64}}{_END}"),
    _Shape("Sentry token", ("sntrys_eyJ",), r"sntrys_eyJ[\w+/=]{80,}"),
    _Shape("New Relic key", ("NRAK-",), rf"NRAK-[A-Z0-9]{{27}}{_END}"),
    _Shape("Vault token", ("hvs.", "hvb."), r"hv[sb]\.[\w-]{24,}"),
    _Shape("Terraform token", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}", before=14),
    _Shape(
        "Doppler token",
        ("dp.",),
        rf"dp\.[a-z]{{2,5}}\.(?:[\w-]{{2,35}}\.)?[A-Za-z0-9]{{40,44}}{_END}",
    ),
    _Shape("Supabase key", ("sbp_", "sb_secret_"), r"(?:sbp_[0-9a-f]{40}|sb_secret_[\w-]{30,})"),
    _Shape("1Password token", ("ops_eyJ",), r"ops_eyJ[A-Za-z0-9+/]{200,}=*"),
    # Whoever issued it
    _Shape(
        "JSON Web Token",
        ("eyJ",),
        r"eyJ[\w-]{10,2000}+\.eyJ[\w-]{10,8000}+\.(?P<signature>[\w-]{20,})",
    ),
    _Shape("age key", ("AGE-SECRET-KEY-1",), rf"AGE-SECRET-KEY-1[0-9A-Z]{{58}}{_END}"),
    _Shape("Private key", ("-----BEGIN",), _PRIVATE_KEY),
)

_PLACEHOLDER = re.compile(
    r"example|placeholder|sample|dummy|fake|your|change|replace|redacted"
    # The one of https://jwt.io, which is in every text about them.
    "|SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[FoundToken]:
    """Every token in a text that isn't a placeholder, shape by shape."""
    for shape in _SHAPES:
        for keyword in shape.keywords:
            position = text.find(keyword)
            while position >= 0:
                after = position + 1
                if position >= shape.before and (
                    match := _compiled(shape.start + shape.pattern).match(
                        text, position - shape.before
                    )
                ):
                    after = max(after, match.end())
                    shown = "secret" if "secret" in match.re.groupindex else 0
                    judged = "signature" if "signature" in match.re.groupindex else shown
                    if not _is_placeholder(match[judged]):
                        yield FoundToken(match.start(shown), match.end(shown), shape.kind)
                position = text.find(keyword, after)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """At the first keyword of its kind: most jobs never see one."""
    return re.compile(pattern)


def _is_placeholder(token: str) -> bool:
    """Whether it was made by hand: `dapi12345678…`, `ghp_xxxxxxxx…`, `AKIAIOSFODNN7EXAMPLE`.

    Of random characters, one in eight (hexadecimal) at most equals or follows its neighbour.
    """
    if _PLACEHOLDER.search(token):
        return True
    body = token[-80:]
    steps = sum(ord(after) - ord(before) in (0, 1) for before, after in pairwise(body))
    return steps > 0.4 * len(body) or len(set(body)) < 8  # noqa: PLR2004
