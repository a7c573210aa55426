"""Whether an organization's policies keep an account to its own resources, or its resources to itself."""

from collections.abc import Iterable

from sealift.isolation.policies import Unreadable, statements
from sealift.isolation.resolving import literal_resolver
from sealift.model.template import Json

_LIMITS = frozenset(
    {
        *("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"),
        *("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"),
    }
)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html"""


def is_perimeter(documents: Iterable[Json]) -> bool:
    """Return whether any policy denies access by the account or organization of a principal or resource."""
    for document in documents:
        try:
            listed = statements(document, literal_resolver())
        except Unreadable:
            continue
        if any(not s.allow and any(t.key in _LIMITS for t in s.tests) for s in listed):
            return True
    return False
