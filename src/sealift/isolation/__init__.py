"""The proof that environments are isolated. Pure: it reads values and bundled facts, no cloud, no clock.

`prove(environments)` takes `EnvironmentView`s (rendered CloudFormation templates with names) and returns a `Verdict`.
"""

from sealift.isolation.model import (
    MEANING,
    UNDECLARED_ACCOUNT,
    Accepted,
    Attempted,
    DeclaredPrincipal,
    EnvironmentView,
    Finding,
    StackView,
    Verdict,
    Witness,
)
from sealift.isolation.prove import prove
from sealift.model.live import LivePrincipal, Unread

__all__ = [
    "MEANING",
    "UNDECLARED_ACCOUNT",
    "Accepted",
    "Attempted",
    "DeclaredPrincipal",
    "EnvironmentView",
    "Finding",
    "LivePrincipal",
    "StackView",
    "Unread",
    "Verdict",
    "Witness",
    "prove",
]
