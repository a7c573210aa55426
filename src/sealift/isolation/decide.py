"""Whether statements may allow an action on a term. Allow is over-approximated, Deny counted only where certain.

An unknown condition can be satisfied on an Allow and is void on a Deny; a boundary only removes.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from sealift.isolation.actions import action_matcher
from sealift.isolation.patterns import covers, intersects
from sealift.isolation.policies import Statement


@lru_cache(maxsize=65536)
def _names(pattern: str, action: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern.lower() == action
    return pattern == "*" or action_matcher(pattern).fullmatch(action) is not None


def may_act(statement: Statement, action: str) -> bool:
    """Return whether the statement may cover this action (`service:name`, lower case)."""
    named = any(_names(pattern, action) for pattern in statement.actions)
    if statement.but_actions:
        return not named or not statement.exact
    return named


def may_concern(statement: Statement, term: str) -> bool:
    """Return whether the statement may cover a resource whose ARN matches this term."""
    if statement.but_resources:
        return not statement.exact or not any(covers(pattern, term) for pattern in statement.resources)
    return any(intersects(pattern, term) for pattern in statement.resources)


def surely_denies(statement: Statement, action: str, term: str) -> bool:
    """Return whether the statement certainly denies the action on every ARN that the term stands for."""
    return not statement.tests and denies_if_it_holds(statement, action, term)


def denies_if_it_holds(statement: Statement, action: str, term: str) -> bool:
    """Return whether the statement, when its conditions hold, certainly denies the action on all ARNs of the term."""
    if statement.allow or not statement.exact:
        return False
    named = any(_names(pattern, action) for pattern in statement.actions)
    if named is statement.but_actions:
        return False
    if statement.but_resources:
        return not any(intersects(pattern, term) for pattern in statement.resources)
    return any(covers(pattern, term) for pattern in statement.resources)


def may(statements: Sequence[Statement], action: str, term: str, *, limits: Iterable[Sequence[Statement]] = ()) -> bool:
    """Return whether the action may be allowed on the term: by `statements`, and by every one of `limits`."""
    action = action.lower()
    layers = (statements, *limits)
    if any(surely_denies(s, action, term) for layer in layers for s in layer if not s.allow):
        return False
    return all(any(s.allow and may_act(s, action) and may_concern(s, term) for s in layer) for layer in layers)


_ACCOUNT = re.compile(r"\d{12}")


def is_account(text: str) -> bool:
    """Return whether the text is an account id."""
    return _ACCOUNT.fullmatch(text) is not None
