"""The pipeline file that Sealift writes: check every change, staging by itself, production by one push of a button.

The texts are whole files, not fragments, so that a person can read them and change them; `lint` finds nothing in them.
"""

from collections.abc import Callable

from sealift.pipelines.delivered import Delivered
from sealift.pipelines.lint import System
from sealift.pipelines.write_bitbucket import bitbucket
from sealift.pipelines.write_github import github
from sealift.pipelines.write_gitlab import gitlab

_WRITERS: dict[System, Callable[[Delivered], str]] = {"bitbucket": bitbucket, "github": github, "gitlab": gitlab}


def write(system: System, what: Delivered) -> str:
    """Return the text of the pipeline file."""
    return _WRITERS[system](what.titled)
