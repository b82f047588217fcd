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
from entrypoint.databricks.store_errors import token_refused
from entrypoint.inputs.event import Event
from entrypoint.runtime.errors import LoginFailure, Problem
from entrypoint.runtime.log import Log

# Seconds between the attempts to get the first token.
_PAUSES = (1, 2, 4)
# How long callers wait: for the first token, and for one that couldn't be renewed.
_FIRST_SECONDS, _RENEWAL_SECONDS = 90, 20
_MAX_PAUSE_SECONDS = 30
# Between two tokens at least, whatever their lifetime is said to be.
_MIN_PAUSE_SECONDS = 1


class Login:
    """The job's login, or the reason why there is none; renewed until the `with` block ends.

    It works in daemon threads, which the end of the program doesn't wait for.
    """

    def __init__(
        self, environ: Mapping[str, str], event: Event, keep_secret: Callable[[str], None], log: Log
    ) -> None:
        """Log in with the step's variables; `keep_secret` gets every fetched token first."""
        self._environ = dict(environ)
        if environ.get("DATABRICKS_HOST"):
            self._environ["DATABRICKS_HOST"] = hosts.normalized(environ["DATABRICKS_HOST"])
        self._request = problems.LoginRequest(self._environ, event)
        self._keep_secret = keep_secret
        self._log = log
        self._process = TokenProcess(self._environ)
        self._closing = threading.Event()
        self._first: Future[None] = Future()
        self._renewed = threading.Condition()
        self._fetching = threading.Lock()
        self._last_fetch = float(-_MIN_PAUSE_SECONDS)
        self._token: WorkspaceToken | None = None
        self._last_failure: TokenProcessFailure | None = None
        self._followers: list[Callable[[WorkspaceToken], None]] = []
        self.identity = Identity()
        self.is_absent = False
        """Whether the step has no credentials, which is no mistake."""

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
        self._process.close()

    @property
    def problem(self) -> Problem | None:
        """Why the job isn't logged in, None if it is; waits until that is known."""
        try:
            self.token()
        except LoginFailure as failure:
            return failure.problems[0]
        return None

    def token(self) -> WorkspaceToken:
        """A valid token; waits for it.

        Raises:
            LoginFailure: there is none.

        """
        try:
            self._first.result(_FIRST_SECONDS)
        except TimeoutError:
            raise LoginFailure(problems.too_slow(_FIRST_SECONDS)) from None
        with self._renewed:
            self._renewed.wait_for(
                lambda: self._token and not self._token.is_over, _RENEWAL_SECONDS
            )
            if self._token is None or self._token.is_over:
                raise LoginFailure(
                    self.refused() if self._last_failure else problems.too_slow(_RENEWAL_SECONDS)
                )
            return self._token

    def refused(self) -> Problem:
        """Why the workspace doesn't take the token that it took, and there is no other."""
        if self._last_failure:
            why = refusals.no_other_token(self._last_failure, self._request)
            return problems.ran_out(why)
        if self._token and self._token.expires is None:
            return refusals.token_ended(self._request)
        return token_refused()

    def renew(self) -> bool:
        """Fetch another token in place of one that is refused before its time.

        Whether there is another: a token that the step brings along has none.
        """
        refused = self._token
        if refused is None or refused.expires is None:
            return False
        with self._fetching:
            if self._token is refused:
                try:
                    self._take(self._fetch())
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
        """Log in, and stay logged in; in a thread."""
        try:
            self._take(self._log_in())
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._first.set_exception(error)
            return
        self._first.set_result(None)
        self._keep_renewing()

    def _log_in(self) -> WorkspaceToken:
        request = self._request
        if not env_vars.given(self._environ):
            raise self._no_credentials()
        if problem := problems.find(request):
            raise (
                self._no_credentials()
                if request.event.is_without_secrets
                else LoginFailure(problem)
            )
        if env_vars.are_plain_token(self._environ):
            token = WorkspaceToken(
                self._environ["DATABRICKS_TOKEN"].strip(), self._environ["DATABRICKS_HOST"]
            )
        else:
            token = self._first_token()
        try:
            self.identity = hosts.current_user(token.host, token.value)
        except TokenRefused as error:
            raise LoginFailure(refusals.token_refused(str(error), request, token.host)) from error
        except NoWorkspace as error:
            raise LoginFailure(refusals.no_workspace(error, token.host)) from error
        return token

    def _no_credentials(self) -> LoginFailure:
        self.is_absent = True
        return LoginFailure(problems.no_credentials(self._request))

    def _fetch(self) -> WorkspaceToken:
        self._closing.wait(self._last_fetch + _MIN_PAUSE_SECONDS - time.monotonic())
        self._last_fetch = time.monotonic()
        try:
            token = self._process.fetch_token()
        except TokenProcessFailure as failure:
            self._last_failure = failure
            raise
        self._last_failure = None
        self._keep_secret(token.value)
        return token

    def _first_token(self) -> WorkspaceToken:
        """Fetch the first token. GitHub and OAuth servers can be busy, and the SDK tries once."""
        for pause in (*_PAUSES, None):
            try:
                return self._fetch()
            except TokenProcessFailure as failure:
                if problems.may_lack_credentials(failure.message, self._request):
                    raise self._no_credentials() from failure
                if not refusals.is_final(failure.message):
                    self._check_host()
                    if pause and not self._closing.wait(pause):
                        continue
                raise LoginFailure(refusals.no_token(failure, self._request)) from failure
        raise RuntimeError("the last attempt fails or doesn't")

    def _check_host(self) -> None:
        """Check the host: the SDK takes one that doesn't answer for one without OAuth."""
        if not (host := self._environ.get("DATABRICKS_HOST")):
            return
        try:
            hosts.check(host)
        except NoWorkspace as error:
            raise LoginFailure(refusals.no_workspace(error, host)) from error

    def _take(self, token: WorkspaceToken) -> None:
        with self._renewed:
            self._token = token
            for follower in self._followers:
                follower(token)
            self._renewed.notify_all()

    def _keep_renewing(self) -> None:
        """Renew the token before it ends, until the end of the job."""
        failures = 0
        while self._token and (early := self._token.seconds_to_renewal) is not None:
            pause = min(2**failures - 1, _MAX_PAUSE_SECONDS)
            if self._closing.wait(max(early, pause)):
                return
            try:
                with self._fetching:
                    self._take(self._fetch())
            except TokenProcessFailure as failure:
                if not failures and not self._closing.is_set():
                    problem = refusals.no_token(failure, self._request)
                    self._log.warning(problems.not_renewed(problem))
                failures += 1
            else:
                failures = 0
