"""The login at Databricks: one short-lived token, renewed as long as the job lasts."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from entrypoint.databricks.auth import env_vars
from entrypoint.databricks.auth import login_errors as problems
from entrypoint.databricks.auth import login_refusals as refusals
from entrypoint.databricks.auth import workspace_host as hosts
from entrypoint.databricks.auth.token_process import (
    TokenProcess,
    TokenProcessFailure,
    WorkspaceToken,
)
from entrypoint.databricks.auth.workspace_host import Identity, NoWorkspace, TokenRefused
from entrypoint.inputs.event import Event
from entrypoint.runtime.errors import LoginFailure, Problem
from entrypoint.runtime.log import Log

# Seconds between the attempts to get the first token.
_PAUSES = (1, 2, 4)
# Seconds for which anybody waits: for the first token, and for one that couldn't be renewed.
_FIRST, _NEXT = 90, 20
_LONGEST_PAUSE = 30
# Seconds between two tokens at least, whatever is said of how long they live.
_SHORTEST_PAUSE = 1


class Login:
    """Somebody's login, or the reason why there is none; it is under way while `with` lasts.

    Nothing that it does holds the program up at its end.
    """

    def __init__(
        self, environ: Mapping[str, str], event: Event, keep_secret: Callable[[str], None], log: Log
    ) -> None:
        """Log in with the step's variables; every token made goes through `keep_secret` first."""
        self._environ = dict(environ)
        if environ.get("DATABRICKS_HOST"):
            self._environ["DATABRICKS_HOST"] = hosts.spelt(environ["DATABRICKS_HOST"])
        self._asked = problems.LoginRequest(self._environ, event)
        self._keep_secret = keep_secret
        self._log = log
        self._mint = TokenProcess(self._environ)
        self._closing = threading.Event()
        self._first: Future[None] = Future()
        self._renewed = threading.Condition()
        self._minting = threading.Lock()
        self._last_minted = float(-_SHORTEST_PAUSE)
        self._token: WorkspaceToken | None = None
        self._followers: list[Callable[[WorkspaceToken], None]] = []
        self.who = Identity()
        # Whether there is nothing to log in with, which is no mistake.
        self.is_absent = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._work, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._mint.close()

    @property
    def problem(self) -> Problem | None:
        """Why nobody is logged in; waits until that is known."""
        try:
            self.token()
        except LoginFailure as failure:
            return failure.problems[0]
        return None

    def token(self) -> WorkspaceToken:
        """The token that is good now; waits for it.

        Raises:
            LoginFailure: there is none.

        """
        try:
            self._first.result(_FIRST)
        except TimeoutError:
            raise LoginFailure(problems.too_slow(_FIRST)) from None
        with self._renewed:
            self._renewed.wait_for(lambda: self._token and not self._token.is_over, _NEXT)
            if self._token is None or self._token.is_over:
                raise LoginFailure(problems.too_slow(_NEXT))
            return self._token

    def renew(self) -> bool:
        """Fetch another token in place of one that is refused before its time.

        Whether there is another: a token that the step brings along has none.
        """
        refused = self._token
        if refused is None or refused.expires is None:
            return False
        with self._minting:
            if self._token is refused:
                try:
                    self._take(self._new())
                except TokenProcessFailure:
                    return False
        return True

    @contextmanager
    def followed_by(self, follower: Callable[[WorkspaceToken], None]) -> Iterator[None]:
        """Call back with every new token, as long as `with` lasts."""
        with self._renewed:
            self._followers.append(follower)
            if self._token:
                follower(self._token)
        try:
            yield
        finally:
            with self._renewed:
                self._followers.remove(follower)

    def _work(self) -> None:
        """Log in, and stay it; in a thread."""
        try:
            self._take(self._log_in())
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._first.set_exception(error)
            return
        self._first.set_result(None)
        self._stay()

    def _log_in(self) -> WorkspaceToken:
        asked = self._asked
        if not env_vars.given(self._environ):
            raise self._absent()
        if problem := problems.before_asking(asked):
            raise self._absent() if asked.event.is_without_secrets else LoginFailure(problem)
        if env_vars.are_plain_token(self._environ):
            token = WorkspaceToken(
                self._environ["DATABRICKS_TOKEN"].strip(), self._environ["DATABRICKS_HOST"]
            )
        else:
            token = self._minted()
        try:
            self.who = hosts.current_user(token.host, token.value)
        except TokenRefused as error:
            raise LoginFailure(refusals.of_token(str(error), asked, token.host)) from error
        except NoWorkspace as error:
            raise LoginFailure(refusals.of_host(error, token.host)) from error
        return token

    def _absent(self) -> LoginFailure:
        self.is_absent = True
        return LoginFailure(problems.nothing_to_show(self._asked))

    def _new(self) -> WorkspaceToken:
        self._closing.wait(self._last_minted + _SHORTEST_PAUSE - time.monotonic())
        self._last_minted = time.monotonic()
        token = self._mint.mint()
        self._keep_secret(token.value)
        return token

    def _minted(self) -> WorkspaceToken:
        """The first token. GitHub and OAuth servers stumble at times, and the SDK asks once."""
        for pause in (*_PAUSES, None):
            try:
                return self._new()
            except TokenProcessFailure as failure:
                if problems.is_nothing(failure.words, self._asked):
                    raise self._absent() from failure
                if not refusals.is_final(failure.words):
                    self._check_host()
                    if pause and not self._closing.wait(pause):
                        continue
                raise LoginFailure(refusals.of_mint(failure, self._asked)) from failure
        raise RuntimeError("the last attempt fails or doesn't")

    def _check_host(self) -> None:
        """To the SDK a host that isn't there is one without OAuth."""
        if not (host := self._environ.get("DATABRICKS_HOST")):
            return
        try:
            hosts.check(host)
        except NoWorkspace as error:
            raise LoginFailure(refusals.of_host(error, host)) from error

    def _take(self, token: WorkspaceToken) -> None:
        with self._renewed:
            self._token = token
            for follower in self._followers:
                follower(token)
            self._renewed.notify_all()

    def _stay(self) -> None:
        """Renew the token before it ends, until the end of the job."""
        failures = 0
        while self._token and (early := self._token.seconds_to_renewal) is not None:
            pause = min(2**failures - 1, _LONGEST_PAUSE)
            if self._closing.wait(max(early, pause)):
                return
            try:
                with self._minting:
                    self._take(self._new())
            except TokenProcessFailure as failure:
                if not failures and not self._closing.is_set():
                    problem = refusals.of_mint(failure, self._asked)
                    self._log.warning(problems.not_renewed(problem))
                failures += 1
            else:
                failures = 0
