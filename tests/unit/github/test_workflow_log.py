import io
import re
import time
from threading import Thread

import pytest

from entrypoint.github.workflow_log import WorkflowLog
from entrypoint.runtime.errors import Place, Problem
from entrypoint.runtime.log import PlainLog
from entrypoint.runtime.redaction import Secrets

ATTACKS = [
    "::set-output name=model-uri::models:/evil/1",
    "  ::set-output name=model-uri::models:/evil/1",
    "fine\n::add-mask::a\nfine",
    "fine\r::add-mask::a",
    "::stop-commands::0123456789abcdef0123456789abcdef",
    "::0123456789abcdef0123456789abcdef::\n::add-mask::a",
    "::endgroup::",
    "::stop-commands::x\n::x::\n::add-mask::a",
]
OLD_ATTACKS = ["##[add-mask]a", "agents/##[set-output name=model-uri]models:/evil/1"]


def log() -> tuple[WorkflowLog, io.StringIO]:
    stream = io.StringIO()
    return WorkflowLog(stream), stream


def obeyed(printed: str) -> list[str]:
    """The commands that the runner would obey: those of a line's start, or in the old form.

    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    found, fence = [], ""
    for line in re.split(r"[\r\n]+", printed):
        command = re.match(r"\s*::([^: ]+)[^:]*::(.*)", line) or re.search(
            r"##\[([^] ]+).*?\](.*)", line
        )
        if not command:
            continue
        if fence:
            fence = "" if command[1] == fence else fence
        elif command[1] == "stop-commands":
            fence = command[2]
        else:
            found.append(command[1])
    return [*found, "stop-commands"] if fence else found


def unescaped(text: str) -> str:
    for escape, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, sign)
    return text


@pytest.mark.parametrize("text", ATTACKS + OLD_ATTACKS)
def test_the_runner_obeys_nothing_foreign(text: str) -> None:
    workflow_log, stream = log()

    workflow_log.untrusted(text)

    assert obeyed(text) != []
    assert obeyed(stream.getvalue()) == []
    assert text in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        *ATTACKS,
        *(pytest.param(text) for text in OLD_ATTACKS),
    ],
)
def test_the_runner_obeys_nothing_that_a_line_quotes(text: str) -> None:
    workflow_log, stream = log()

    workflow_log.line(text)

    assert obeyed(stream.getvalue()) == []
    assert text in stream.getvalue()


def test_the_runner_obeys_again_after_what_was_foreign() -> None:
    workflow_log, stream = log()

    workflow_log.untrusted("\n".join(ATTACKS))
    workflow_log.notice(Problem("seen"))

    assert obeyed(stream.getvalue()) == ["notice"]


def test_a_fence_can_not_be_guessed_from_the_last_one() -> None:
    workflow_log, stream = log()

    workflow_log.untrusted("a")
    (seen,) = re.findall(r"^::stop-commands::(.+)$", stream.getvalue(), flags=re.MULTILINE)
    workflow_log.untrusted(f"::{seen}::\n::add-mask::a")

    assert len(seen) >= 16
    assert obeyed(stream.getvalue()) == []


def test_a_line_of_our_own_is_printed_as_it_is() -> None:
    workflow_log, stream = log()

    workflow_log.line("Build: 1.0 s, 100%")

    assert stream.getvalue() == "Build: 1.0 s, 100%\n"


def test_a_group_is_one_line_whatever_its_title() -> None:
    workflow_log, stream = log()

    workflow_log.group("50%\r\n::add-mask::a")
    workflow_log.end_group()

    assert stream.getvalue() == "::group::50%25%0D%0A::add-mask::a\n::endgroup::\n"


@pytest.mark.parametrize("level", ["notice", "warning", "error"])
@pytest.mark.parametrize(
    ("place", "properties"),
    [
        (None, ""),
        (Place("agents/agent.py"), " file=agents/agent.py"),
        (Place("agents/agent.py", 7), " file=agents/agent.py,line=7"),
        (Place("agents/agent.py", 7, 3), " file=agents/agent.py,line=7,col=3"),
        (Place("a,line=1::b%\n.py", 7), " file=a%2Cline=1%3A%3Ab%25%0A.py,line=7"),
    ],
)
def test_an_annotation_stands_at_its_place(
    level: str, place: Place | None, properties: str
) -> None:
    workflow_log, stream = log()

    getattr(workflow_log, level)(Problem("wrong", place=place))

    assert stream.getvalue() == f"::{level}{properties}::wrong\n"


def test_an_annotation_is_one_command_that_says_everything() -> None:
    workflow_log, stream = log()
    problem = Problem(
        "100% wrong\r\n::add-mask::a", "%0A is\nno newline", detail="::set-env name=a::b"
    )

    workflow_log.error(problem)

    assert stream.getvalue().count("\n") == 1
    assert obeyed(stream.getvalue()) == ["error"]
    message = unescaped(stream.getvalue().removeprefix("::error::").removesuffix("\n"))
    assert message == f"{problem.what}\n\n{problem.fix}\n\n{problem.detail}"


def test_text_that_utf_8_has_no_bytes_for_can_be_shown() -> None:
    printed = io.BytesIO()

    stream = io.TextIOWrapper(printed, encoding="utf-8")
    WorkflowLog(stream).untrusted("before \ud800 after")

    assert b"before " in printed.getvalue()


def test_a_secret_is_masked_on_github() -> None:
    stream = io.StringIO()
    secrets = Secrets()
    secrets.learn("made-on-the-way", "a token")

    WorkflowLog(stream, secrets).mask("made-on-the-way")

    assert stream.getvalue() == "::add-mask::made-on-the-way\n"


KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEvQIBADAN1a2b" * 4


@pytest.mark.parametrize("value", ["100%-s3cret", "two\nl1nes of it", "c0lon: and, more"])
@pytest.mark.parametrize("level", ["notice", "warning", "error"])
def test_no_secret_is_shown_escaped(value: str, level: str) -> None:
    stream = io.StringIO()
    workflow_log = WorkflowLog(stream, Secrets.from_environ({"A_TOKEN": value}))

    workflow_log.group(f"<{value}>")
    getattr(workflow_log, level)(Problem(f"<{value}>", place=Place(f"<{value}>")))

    assert stream.getvalue().count("<***>") == 3
    assert value not in unescaped(stream.getvalue())


def test_a_secret_at_the_end_of_what_is_foreign_leaves_the_fence_as_it_is() -> None:
    workflow_log, stream = log()

    workflow_log.untrusted(f"{KEY}\n")
    workflow_log.notice(Problem("seen"))

    assert KEY[-40:] not in stream.getvalue()
    assert obeyed(stream.getvalue()) == ["notice"]


def test_on_a_terminal_a_key_of_many_lines_is_not_shown_either() -> None:
    stream = io.StringIO()

    PlainLog(stream).untrusted(f"before\n{KEY}\nafter it")

    assert stream.getvalue() == "  | before\n  | ***\n  | after it\n"


class Slow(io.StringIO):
    """Gives other threads a chance between two writes."""

    def write(self, text: str) -> int:
        time.sleep(0.001)
        return super().write(text)


def test_nothing_comes_between_a_fence_and_its_end() -> None:
    stream = Slow()
    log = WorkflowLog(stream)

    def say() -> None:
        log.untrusted("text")
        log.mask("secret")

    threads = [Thread(target=say) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = stream.getvalue().splitlines()
    fences = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    assert len(fences) == 50
    for number in fences:
        token = lines[number].removeprefix("::stop-commands::")
        assert lines[number + 1 : number + 3] == ["text", f"::{token}::"]


@pytest.mark.parametrize("level", ["notice", "warning", "error"])
@pytest.mark.parametrize("number", [1, 8, 9, 10, 500])
def test_all_that_is_pointed_out_fits_into_what_the_runner_keeps(level: str, number: int) -> None:
    workflow_log, stream = log()

    for each in range(number):
        getattr(workflow_log, level)(Problem(f"wrong-{each}", "Mend it.", Place("a.py", each + 1)))
    workflow_log.finish()

    printed = stream.getvalue()
    annotations = [command for command in obeyed(printed) if command == level]
    assert len(annotations) == min(number, 9)
    last = printed.splitlines()[-1]
    for each in range(number):
        assert f"wrong-{each}" in printed
        assert each < 8 or f"a.py:{each + 1}: wrong-{each}" in unescaped(last)


def test_what_is_folded_can_be_read_in_the_log_whole() -> None:
    workflow_log, stream = log()

    for each in range(9):
        workflow_log.warning(Problem(f"wrong-{each}", f"mend-{each}", detail="::add-mask::x"))
    workflow_log.finish()

    assert "mend-8" in stream.getvalue()
    assert obeyed(stream.getvalue()) == ["warning"] * 9
    assert [note.problem.what for note in workflow_log.notes] == [f"wrong-{n}" for n in range(9)]


@pytest.mark.parametrize(("secret", "is_masked"), [("", False), ("x", False), ("a1b2c3", True)])
def test_the_runner_is_told_of_no_secret_that_would_hide_the_log(
    secret: str, *, is_masked: bool
) -> None:
    it, stream = log()

    it.mask(secret)

    assert stream.getvalue() == (f"::add-mask::{secret}\n" if is_masked else "")
