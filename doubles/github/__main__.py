"""`python -m doubles.github --port 8444`: a GitHub to try things out by hand."""

import argparse
import shlex
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

from doubles.github import GitHub, Judge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m doubles.github", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--pull", type=int, nargs="*", default=[7], help="open pull requests")
    parser.add_argument("--release", nargs="*", default=[], help="tags of published releases")
    parser.add_argument("--judged", action="store_true", help="by GitHub's own description")
    arguments = parser.parse_args()
    # Before there are threads: they inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with ExitStack() as running:
        judge = None
        if arguments.judged:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            judge = running.enter_context(Judge(folder))
        github = running.enter_context(GitHub(judge, port=arguments.port))
        for number in arguments.pull:
            github.pull(number)
        for tag in arguments.release:
            github.release(tag)
        # A shell can't export a variable with a dash: the token is given as a flag.
        for name, value in github.env.items():
            shown = f"export {name}={shlex.quote(value)}"
            print(shown if name.isidentifier() else f"# --github-token {value}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
        for call in github.calls:
            print(call.status, call.verb, call.path, call.principal)
        for number in arguments.pull:
            for comment in github.comments(number):
                print(f"\n#{number}, {comment.author and comment.author.login}:\n{comment.body}")


if __name__ == "__main__":
    main()
