"""What of this machine changes what npm installs: its settings by environment variables.

Files of the user it does not see, but for those that a team lets through.
https://docs.npmjs.com/cli/using-npm/config
"""

import re
from collections.abc import Mapping

from sealift.build.cache.keys import digest
from sealift.build.dependencies.uv import masked

_WHICH = re.compile(
    r"npm_config_(?:.*registry|omit|include|only|optional|dev|production|\w*peer_deps|install_\w+|ignore_scripts|before|tag"
    r"|force|package_lock|global_style|legacy_bundling|prefer_dedupe|os|cpu|libc|target\w*|build_from_source|\w*mirror\w*"
    r"|\w*binary\w*)",
    re.IGNORECASE,
)
"""Which packages it takes and how they are built, and not how it gets at them or what it says."""


def settings_of_npm(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a short digest of the settings, where there are any, under its name."""
    found = {k.lower(): masked(v) for k, v in environment.items() if _WHICH.fullmatch(k)}
    return {"settings of npm": digest(found)[:12]} if found else {}
