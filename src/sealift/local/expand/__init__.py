"""Makes plain CloudFormation fit the embedded cloud: small pure expansions, each with its own test.

The input is a rendered template; the result goes to the embedded cloud only, never to AWS.
"""

from sealift.local.expand.context import Body, Context, Expanded


def expand(body: Body, *, context: Context) -> Expanded:
    """Apply every expansion in order and collect their notes."""
    from sealift.local.expand.every import EXPANSIONS  # few commands that use this room expand anything

    notes: list[str] = []
    for expansion in EXPANSIONS:
        done = expansion(body, context)
        body = done.body
        notes += done.notes
    return Expanded(body=body, notes=tuple(dict.fromkeys(notes)))


__all__ = ["Body", "Context", "Expanded", "expand"]
