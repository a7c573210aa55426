"""To which environment a name belongs that no template declares: by the environments' naming schemes.

A name is its segments: `dev` is one of `shop-dev-orders` and none of `product-devices`. An environment's words are its
own name with the usual short forms, and the names of its stacks. A name with words of two environments is nobody's.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from sealift.isolation.model import EnvironmentView

Words = tuple[str, ...]
_FORMS: tuple[tuple[str, ...], ...] = (
    ("production", "prod", "prd"),
    ("staging", "stg", "stag"),
    ("development", "dev", "develop"),
    ("preproduction", "preprod", "pre-prod", "pre-production"),
    ("acceptance", "acc"),
    ("integration", "integ"),
    ("testing", "test", "tst"),
    ("sandbox", "sbx"),
    ("qa",), ("uat",), ("demo",), ("stage",), ("nonprod", "non-prod"), ("performance", "perf"),
)  # fmt: skip
"""Names that people give environments, with their usual short forms."""
_NOBODYS: tuple[Words, ...] = (
    ("non", "prod"), ("non", "production"), ("nonprod",), ("not", "prod"), ("pre", "prod"), ("pre", "production"),
    ("starport", "layer", "bucket"), ("test", "invoke", "stage"),
)  # fmt: skip
"""What holds an environment's word and means something else."""
_SEGMENT = re.compile(r"[A-Za-z0-9]+")
_HUMP = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_TOKEN = re.compile(r"[^\s\"'`<>(){}\[\],;|=]+")
_NO_NAME = re.compile(
    r"(?i)[\w./@-]+\.(json|ya?ml|js|mjs|cjs|ts|py|env|ini|conf|config|properties|xml|toml|rb|sh|sql)"
    r"|x-[a-z-]+|v?\d+(\.\d+)+[\w.+-]*"
)
"""A file of the code, a header of HTTP, a version."""
_FILE_OF_URL = re.compile(r"(?<=\w)/[^/]*\.(json|ya?ml|template|zip|jar|html?|js|css|png|svg)$")
_DEV = re.compile(r"(://[\w.-]+)\.dev(?=[:/]|$)")
"""The top-level domain, which is not an environment's word."""
_ADDRESS = re.compile(
    r"(?:https?|wss?)://(?:[^@/]*@)?([\w.-]+)"
    r"|^(?!com\.|org\.|net\.|io\.)((?:[\w-]+\.)+(?:com|net|org|io|[a-z]{2}))\.?$"
)
_OWN_DOMAINS = re.compile(r"\.(amazonaws\.com(\.cn)?|on\.aws|internal|local|lan|corp|intra|test)$|^[\w-]+$")
_PLAIN = frozenset({"api", "app", "web", "www", "com", "service", "services", "backend", "stack", "cloud", "auth"})
"""Words of many hosts, whatever an application is called."""
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
SHORTEST_IN_HUMPS = 4
_BEFORE = frozenset({"non", "not", "pre"})


class Schemes:
    """The words of every environment of a proof."""

    def __init__(self, views: list[EnvironmentView]) -> None:
        self._owners: dict[Words, set[str]] = {}
        self._accounts: dict[str, set[str]] = {}
        claimed = {view.name.lower() for view in views}
        for view in views:
            for words in _words_of(view, claimed):
                self._owners.setdefault(words, set()).add(view.name)
            if view.account is not None:
                self._accounts.setdefault(view.account, set()).add(view.name)
        for words in _NOBODYS:
            self._owners.setdefault(words, set())
        stacks = [segments_of(stack.name) for view in views for stack in view.stacks]
        for words in list(self._owners):
            # What stands in every stack's name says nothing: the application may be called so.
            if stacks and all(_within(words, segments) for segments in stacks):
                del self._owners[words]
        self._longest = max(map(len, self._owners), default=0)
        self._known: dict[str, frozenset[str]] = {}
        self._common = set.intersection(*map(set, stacks)) - _PLAIN if stacks else set()
        given = (value for view in views for stack in view.stacks for value in stack.parameters.values())
        self._domains = {_domain(host) for value in given if (host := host_in(value))}

    def owners(self, name: str) -> frozenset[str]:
        """Return the environments whose words are in a name."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = frozenset(self._found(name))
        return known

    def owner(self, name: str, asking: str) -> str | None:
        """Return the other environment that a name belongs to; None when it is the own one, or none."""
        found = self.owners(name)
        return next(iter(found)) if len(found) == 1 and asking not in found else None

    def is_anybodys(self, name: str) -> bool:
        """Return whether a name is a public host that contains no word of the application.

        Others have a `prod.` or `dev.` in their hosts, too.
        """
        host = host_in(name)
        if host is None or _OWN_DOMAINS.search(host):
            return False
        return self._common.isdisjoint(segments_of(name)) and _domain(host) not in self._domains

    def has_our_word(self, name: str) -> bool:
        """Return whether a name contains a word that all stack names share; true when they share none."""
        return not self._common or not self._common.isdisjoint(segments_of(name))

    def belongs(self, name: str, environment: str) -> bool:
        """Return whether a name has a word of this environment."""
        return environment in self.owners(name)

    def _found(self, name: str) -> Iterator[str]:
        for segments in (segments_of(name), _humps(name)):
            at = 0
            while at < len(segments):
                for size in range(min(self._longest, len(segments) - at), 0, -1):
                    owners = self._owners.get(segments[at : at + size])
                    if owners is not None:
                        if len(owners) == 1:
                            yield from owners
                        at += size - 1
                        break
                at += 1
        for account in _ACCOUNT.findall(name):
            owners = self._accounts.get(account, set())
            if len(owners) == 1:
                yield from owners


def _words_of(view: EnvironmentView, claimed: set[str]) -> Iterator[Words]:
    """Yield the forms of the environment's name; when resources use none of them, those of its parameters."""
    own = {view.name.lower()}
    given = {value.lower() for stack in view.stacks for value in stack.parameters.values()}
    for forms in _FORMS:
        if own & set(forms):
            yield from (segments_of(form) for form in forms)
        elif not claimed & set(forms):
            yield from (segments_of(form) for form in forms if form in given)
    for stack in view.stacks:
        words = segments_of(stack.name)
        if len(words) > 1:
            yield words


@lru_cache(maxsize=65536)
def segments_of(text: str) -> Words:
    """Return the segments of a name, in lower case."""
    return tuple(found.lower() for found in _SEGMENT.findall(text))


@lru_cache(maxsize=65536)
def _humps(text: str) -> Words:
    """Return the words of a name such as `shopProdOrders`, without short ones, which are often parts of others."""
    if text.islower():
        return ()
    found = tuple(h.lower() for part in _SEGMENT.findall(text) if not part.islower() for h in _HUMP.findall(part))
    return tuple(word if len(word) >= SHORTEST_IN_HUMPS or word in _BEFORE else "" for word in found)


def _within(words: Words, segments: Words) -> bool:
    return any(segments[at : at + len(words)] == words for at in range(len(segments)))


def names_in(text: str) -> Iterator[str]:
    """Yield the parts of a text that may be names: of two segments at least, and no file of the code."""
    for token in (_FILE_OF_URL.sub("", _DEV.sub(r"\1", found)) for found in _TOKEN.findall(text)):
        if (len(segments_of(token)) > 1 or len(_humps(token)) > 1) and not _NO_NAME.fullmatch(token):
            yield token


def host_in(text: str) -> str | None:
    """Return the host of an address, or a text that is a host and nothing else."""
    found = _ADDRESS.search(text)
    return None if found is None else found[1] or found[2]


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])
