"""Tokens by the shapes of their issuers, and what only looks a little like one."""

import random
import string


def made(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Characters like a token's, the same ones every time; nothing that a scanner of ours finds."""
    return "".join(random.Random(length).choices(alphabet, k=length))


TOKENS = {
    "Databricks token": "dapi" + made(32, "0123456789abcdef"),
    "Databricks OAuth secret": "dose" + made(32, "0123456789abcdef"),
    "AWS Access Key": "AKIA" + made(16, string.ascii_uppercase + "234567"),
    "GitHub Token": "ghp_" + made(36),
    "GitLab token": "glpat-" + made(20),
    "Slack Token": f"xoxb-2345678901-3456789012-{made(24)}",
    "Stripe Access Key": "sk_live_" + made(24),
    "OpenAI key": f"sk-proj-{made(74)}T3BlbkFJ{made(74)}",
    "Anthropic key": f"sk-ant-api03-{made(93)}AA",
    "NPM tokens": "npm_" + made(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + made(80),
    "SendGrid API Key": f"SG.{made(22)}.{made(43)}",
    "Hugging Face token": "hf_" + made(34, string.ascii_letters),
    "Google API key": "AIza" + made(35),
    "Azure storage key": f"AccountKey={made(86)}==",
    "Azure client secret": made(3) + "8Q~" + made(34),
    "OpenRouter key": "sk-or-v1-" + made(64, "0123456789abcdef"),
    "API key": "sk-" + made(48),
    "LangSmith key": f"lsv2_pt_{made(32, '0123456789abcdef')}_{made(10, '0123456789abcdef')}",
    "Groq key": "gsk_" + made(52),
    "Signed URL": "https://b.blob.core.windows.net/c?sv=2024&sig=" + made(43) + "%3D",
    "Telegram token": "1234567890:AA" + made(33),
    "Vault token": "hvs." + made(90),
    "Docker Hub token": "dckr_pat_" + made(27),
    "JSON Web Token": f"eyJ{made(33)}.eyJ{made(300)}.{made(342)}",
    "Private key": f"-----BEGIN RSA PRIVATE KEY-----\n{made(64)}\n",
}
HARMLESS = (
    "dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "dapi" + "x" * 32,
    "dapi1234567890abcdef1234567890abcdef",
    "dapi" + "deadbeef" * 4,
    "dapi" + made(40, "0123456789abcdef"),
    "<your-token>",
    "sk-...",
    "sk-proj-your-key-goes-here",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIAIOSFODNN7EXAMPLE",
    'if "-----BEGIN PRIVATE KEY-----" in text:',
    "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + made(64),
    "uses: aws-actions/key-token@e3dd6a429d7300a6a4c196c26e071d42e0343502",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    '{"alg": "RS256"} is eyJhbGciOiJSUzI1NiJ9',
    "disk-usage task-runner sk-toggleable__label-arrow",
    "https://example.com/?signature=short&sig=1",
    'api_key = os.environ["OPENAI_API_KEY"]',
    "sha256:" + made(64, "0123456789abcdef"),
)
