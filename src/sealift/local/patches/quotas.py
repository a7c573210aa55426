"""Quotas of templates: the emulator counts what our expansions added, which no template on AWS has.

What AWS would get is counted by `sealift.local.quotas` before it is expanded.
"""

from types import ModuleType

_LARGER = 50
"""How many times larger what we send may be."""


def lifted_counts(engine: ModuleType) -> None:
    """Let the emulator take more resources, parameters, outputs and mappings than AWS does."""
    vars(engine)["_SECTION_QUOTAS"] = tuple((*names, most * _LARGER) for *names, most in engine._SECTION_QUOTAS)


def lifted_size(helpers: ModuleType) -> None:
    """Let the emulator take a longer template than AWS does."""
    vars(helpers)["TEMPLATE_URL_MAX_BYTES"] = helpers.TEMPLATE_URL_MAX_BYTES * _LARGER
