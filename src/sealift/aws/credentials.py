"""The credentials of whoever runs us: found once, shared by all environments, and every failure explained.

botocore looks for them: environment, profile, SSO, web identity, `credential_process`, instance role. A session that
was begun with a one-time code (MFA) is kept where the AWS CLI keeps it, so that each reads the other's.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sealift.errors import CloudError

_CLI_CACHE = "~/.aws/cli/cache"
"""https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html#cli-configure-role-cache"""
_TOKEN_FILE, _PROCESS, _SOURCE = "web_identity_token_file", "credential_process", "source_profile"
_TOKEN = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")
"""A JSON Web Token: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
_IDENTITY_HINT = (
    "Let the job have an identity token, and write it to that file first: `id-token: write` and "
    "aws-actions/configure-aws-credentials on GitHub, `oidc: true` on Bitbucket, `id_tokens` on GitLab."
)
_PROCESS_HINT = (
    "Run the program by hand: it has to print one JSON object with Version 1, AccessKeyId and SecretAccessKey. "
    "https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html"
)


class OwnCredentials:
    """Finds the credentials of a profile, or of the environment. A botocore component that provides credentials.

    `region` is where roles are assumed when the profile names none. `ask` asks the person for a one-time code and
    returns nothing when there is nobody to ask.
    """

    def __init__(self, *, region: str, profile: str | None = None, ask: Callable[[str], str] | None = None) -> None:
        self._region = region
        self._profile = profile
        self._ask = ask
        self._lock = threading.Lock()
        self._session: Any = None
        self._held: HeldCredentials | None = None

    def load_credentials(self) -> "HeldCredentials | None":
        """Return the credentials that all sessions share. Raises CloudError when they cannot be had."""
        with self._lock:
            if self._held is None:
                found = self.read_again()
                self._held = None if found is None else HeldCredentials(found, self.explained)
            return self._held

    def read_again(self) -> Any:
        """Return botocore's credentials as they are to be had now. Raises CloudError."""
        from botocore.utils import JSONFileCache

        with self.explained():
            if self._session is None:
                self._session = self._begin()
            resolver = self._session.get_component("credential_provider")
            assuming = resolver.get_provider("assume-role")
            assuming.cache = JSONFileCache(os.path.expanduser(_CLI_CACHE))  # noqa: PTH111 - pathlib raises without a home
            assuming._prompter = self._code  # botocore has no public way to ask otherwise than by getpass
            return resolver.load_credentials()

    def _begin(self) -> Any:
        import botocore.session

        session = botocore.session.Session(profile=self._profile)
        if session.get_config_variable("region") is None:
            session.set_config_variable("region", self._region)
        return session

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what botocore lets through as it comes (no file, no JSON) into an error that names the cure."""
        try:
            yield
        except CloudError:
            raise
        except Exception as error:
            if no_token := self._without_token():
                raise no_token from None
            if isinstance(error, OSError):
                raise self._unreadable(error) from None
            if not isinstance(error, ValueError | LookupError | TypeError | AttributeError):
                raise
            # What a program printed is never quoted: it may be half a credential.
            raise CloudError(
                f"{self._where(_PROCESS) or 'What gives the credentials'} did not give any that can be used "
                f"({type(error).__name__})",
                code="credentials-process" if self._where(_PROCESS) else "credentials-unreadable",
                hint=_PROCESS_HINT,
            ) from None

    def _without_token(self) -> CloudError | None:
        """Return what is wrong with a file that has to hold a web identity token, if anything."""
        named = (os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), *(value for _, value in self._settings(_TOKEN_FILE)))
        for file in filter(None, named):
            try:
                problem = "" if _TOKEN.fullmatch(Path(file).read_bytes().strip()) else "It holds no token"
            except OSError as error:
                problem = error.strerror or type(error).__name__
            if problem:
                return CloudError(
                    f"The web identity token cannot be read: {problem}: {file}",
                    code="credentials-token-file",
                    hint=_IDENTITY_HINT,
                )
        return None

    def _unreadable(self, error: OSError) -> CloudError:
        what = f"{error.strerror or type(error).__name__}: {error.filename}" if error.filename else str(error)
        process = self._where(_PROCESS)
        if process:
            return CloudError(f"{process} cannot be run: {what}", code="credentials-process", hint=_PROCESS_HINT)
        return CloudError(
            f"The credentials cannot be read: {what}",
            code="credentials-unreadable",
            hint="`aws sts get-caller-identity` shows whether the AWS CLI has any.",
        )

    def _where(self, setting: str) -> str:
        """Return which profile has a setting, as a sentence begins with it."""
        return next((f"{setting} of profile {name}" for name, _ in self._settings(setting)), "")

    def _settings(self, setting: str) -> Iterator[tuple[str, str]]:
        """Yield the setting by profile, of the one in use and of those that it takes credentials from."""
        from botocore.exceptions import BotoCoreError

        try:
            profiles: Mapping[str, Mapping[str, str]] = self._session.full_config.get("profiles", {})
            name: str | None = self._profile or self._session.profile or "default"
        except (BotoCoreError, AttributeError):
            return
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            if setting in profiles.get(name, {}):
                yield name, profiles[name][setting]
            name = profiles.get(name, {}).get(_SOURCE)

    def _code(self, question: str) -> str:
        code = (self._ask(question.rstrip(": ")) if self._ask else "").strip()
        if code:
            return code
        profile = self._profile or os.environ.get("AWS_PROFILE") or "default"
        raise CloudError(
            f"Profile {profile} needs a one-time code (MFA), but this is not a terminal",
            code="credentials-mfa",
            hint=f"Sign in at a terminal: `aws sts get-caller-identity --profile {profile}`; Sealift goes on "
            "with it for as long as it lasts. For CI use a role that its identity token may assume.",
        )


class HeldCredentials:
    """botocore's credentials, with what they raise explained. Renewing them is botocore's own and safe in threads."""

    def __init__(self, inner: Any, explained: Callable[[], Any]) -> None:
        self.inner = inner
        self._explained = explained

    def get_frozen_credentials(self) -> Any:
        """Return the keys as they are now; they may be fetched for it. Raises CloudError."""
        with self._explained():
            return self.inner.get_frozen_credentials()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
