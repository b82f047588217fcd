"""Pictures of the reports, as GitHub shows them: `make pictures`.

Each sample is parsed by GitHub's own parser, styled by its style sheet, and photographed in a
headless Chromium; `python -m scripts.pictures FOLDER` puts all of them there.
"""

import html
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

from entrypoint.report.rendering import render
from tests.samples import ALL

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"
_LIMIT = 65_000
_WIDTHS = (400, 900)
_THEMES = {"light": "default", "dark": "dark"}
_ALERT = re.compile(r"<blockquote>\s*<p>\[!(NOTE|WARNING)\]\s*(.*?)</blockquote>", re.DOTALL)
_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<link rel="stylesheet" href="{css}">
<style>
  html {{ background: {background}; }}
  body {{ margin: 0; padding: 16px; width: {inner}px; }}
  .markdown-alert p:first-of-type {{ margin-top: 0; }}
</style>
<body class="markdown-body">{body}
<script src="{mermaid}"></script>
<script>
  mermaid.initialize({{ startOnLoad: false, theme: "{theme}", securityLevel: "strict" }});
  mermaid.run({{ querySelector: "pre.mermaid" }}).finally(() => {{
    document.documentElement.dataset.height = document.body.scrollHeight + 32;
  }});
</script>
"""


def main(folder: Path) -> None:
    """Take every picture: each sample, light and dark, narrow and wide, as it is and unfolded."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    npm = shutil.which("npm")
    if not (browser and npm):
        sys.exit("Chromium and npm are needed: install them (`apt-get install chromium npm`).")
    if not _MODULES.exists():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=_HERE, check=True)
    folder.mkdir(parents=True, exist_ok=True)
    for (name, result), theme, width in product(ALL.items(), _THEMES, _WIDTHS):
        body = as_html(render(result, "comment", _LIMIT))
        for unfolded, shown in ((False, body), (True, body.replace("<details>", "<details open>"))):
            picture = folder / f"{name}{'-unfolded' * unfolded}-{theme}-{width}.png"
            _photograph(browser, _page(shown, theme, width), width, picture)


def as_html(markdown: str) -> str:
    """The Markdown as GitHub renders it; its alerts and Mermaid's come after the parser."""
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    body = _ALERT.sub(
        lambda found: (
            f'<div class="markdown-alert markdown-alert-{found[1].lower()}">'
            f'<p class="markdown-alert-title">{found[1].title()}</p><p>{found[2]}</div>'
        ),
        body,
    )
    return re.sub(
        r'<pre lang="mermaid"><code>(.*?)</code></pre>',
        r'<pre class="mermaid">\1</pre>',
        body,
        flags=re.DOTALL,
    )


def _page(body: str, theme: str, width: int) -> str:
    return _PAGE.format(
        css=(_MODULES / f"github-markdown-css/github-markdown-{theme}.css").as_uri(),
        mermaid=(_MODULES / "mermaid/dist/mermaid.min.js").as_uri(),
        background={"light": "#ffffff", "dark": "#0d1117"}[theme],
        theme=_THEMES[theme],
        inner=width - 32,
        body=body,
    )


def _photograph(browser: str, page: str, width: int, picture: Path) -> None:
    """One picture; the page says how high it is once all is drawn."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        file.write_text(page, encoding="utf-8")
        common = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            "--virtual-time-budget=10000",
            f"--user-data-dir={folder}/profile",
        ]
        drawn = subprocess.run(
            [*common, f"--window-size={width},800", "--dump-dom", file.as_uri()],
            capture_output=True,
            text=True,
            check=True,
        )
        height = re.search(r'data-height="(\d+)"', html.unescape(drawn.stdout))
        if not height:
            sys.exit(f"{picture.name}: the page was not drawn.")
        subprocess.run(
            [
                *common,
                f"--window-size={width},{height[1]}",
                f"--screenshot={picture}",
                file.as_uri(),
            ],
            capture_output=True,
            check=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
