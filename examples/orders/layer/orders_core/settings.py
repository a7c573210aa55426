"""Configuration of the environment: settings in Parameter Store, the session key in Secrets Manager.

Both are read when they are needed and kept for a minute, so that a change arrives without a deployment.
"""

import os
import time
from collections.abc import Callable
from typing import Any

KEEP_S = 60.0


class MissingSetting(Exception):
    """This environment lacks a setting that the code needs."""


class Kept:
    """Reads values through `read` and keeps each for a minute."""

    def __init__(self, read: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._values: dict[str, tuple[float, str]] = {}

    def __call__(self, name: str) -> str:
        now = self._clock()
        kept = self._values.get(name)
        if kept is None or now - kept[0] > KEEP_S:
            kept = self._values[name] = (now, self._read(name))
        return kept[1]


class Settings:
    """The settings below one path of Parameter Store."""

    def __init__(self, client: Any, path: str) -> None:
        self._client = client
        self._path = path

    def __call__(self, name: str) -> str:
        """Return a setting. Raises MissingSetting."""
        full_name = f"{self._path}/{name}"
        try:
            return str(self._client.get_parameter(Name=full_name)["Parameter"]["Value"])
        except self._client.exceptions.ParameterNotFound:
            raise MissingSetting(full_name) from None


def settings() -> Kept:
    """Return the settings of the environment this function runs in."""
    import boto3

    return Kept(Settings(boto3.client("ssm"), os.environ["SETTINGS_PATH"]))


def session_key() -> Kept:
    """Return a reader of the key that signs sessions; its argument is the secret's ARN."""
    import boto3

    client = boto3.client("secretsmanager")
    return Kept(lambda arn: str(client.get_secret_value(SecretId=arn)["SecretString"]))
