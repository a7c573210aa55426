"""Which dependencies go into a shared layer: the decision alone."""

from hypothesis import given
from hypothesis import strategies as st

from sealift.build.dependencies.dependency_set import Packed, top
from sealift.build.sharing import Member, Share, shares

MB = 1 << 20
LIMIT = 250 * MB


def pack(project: str, version: str = "1", *, tops: tuple[str, ...] = (), size: int = MB) -> Packed:
    key = f"{project}-{version}"
    return Packed(project=project, version=version, size_bytes=size, key=key, tops=tops or (project,))


def member(key: str, *packs: Packed, tops: tuple[str, ...] = ("app",), source: int = 100) -> Member:
    lock = "".join(f"{p.project}=={p.version} --hash=sha256:00\n" for p in packs)
    return Member(key=key, source_bytes=source, tops=frozenset(tops), packs=packs, lock=lock)


def moved(found: dict[str, Share], key: str = "L") -> list[str]:
    return [p.key for p in found[key].packs] if key in found else []


def test_what_two_functions_have_alike_is_moved_and_the_rest_stays() -> None:
    a, b, c = pack("a"), pack("b"), pack("c")
    found = shares("L", [member("f", a, b), member("g", a), member("h", c)], LIMIT)
    assert moved(found) == moved(found, "f") == moved(found, "g") == ["a-1"]
    assert "h" not in found
    assert found["f"].layer_bytes == MB
    assert found["L"].lock == "a==1 --hash=sha256:00\n"


def test_nothing_alike_means_no_layer() -> None:
    assert shares("L", [member("f", pack("a")), member("g", pack("a", "2"))], LIMIT) == {}


def test_of_two_versions_the_one_that_more_functions_use_is_moved() -> None:
    old, new = pack("a", "1"), pack("a", "2")
    found = shares("L", [member(n, v) for n, v in [("f", old), ("g", old), ("h", new), ("i", new), ("j", new)]], LIMIT)
    assert moved(found) == ["a-2"]
    assert sorted(found) == ["L", "h", "i", "j"]


def test_a_namespace_that_another_distribution_fills_in_the_package_stays_whole() -> None:
    one, other = pack("g-one", tops=("google",)), pack("g-two", tops=("google",))
    assert shares("L", [member("f", one, other), member("g", one)], LIMIT) == {}
    assert moved(shares("L", [member("f", one, other), member("g", one, other)], LIMIT)) == ["g-one-1", "g-two-1"]


def test_a_dependency_that_the_source_adds_to_stays() -> None:
    assert shares("L", [member("f", pack("a"), tops=("a",)), member("g", pack("a"))], LIMIT) == {}


def test_a_function_that_would_become_too_large_with_the_layer_keeps_all_it_has() -> None:
    big = pack("big", size=200 * MB)
    small = pack("small")
    found = shares("L", [member("f", big, small), member("g", big), member("h", small, source=100 * MB)], LIMIT)
    assert sorted(found) == ["L", "f", "g"]
    assert moved(found) == ["big-1"]


def test_what_belongs_to_a_module_has_its_name() -> None:
    assert {top(n) for n in ("numpy/core/x.py", "numpy.libs/y.so", "numpy.py")} == {"numpy"}


projects = [
    pack(p, v, size=s * MB, tops=t)
    for p, s, t in (("a", 1, ("a",)), ("b", 90, ("b",)), ("c", 120, ("n",)), ("d", 2, ("n", "d")))
    for v in ("1", "2")
]
sets = st.lists(st.sampled_from(projects), unique_by=lambda p: p.project, max_size=4)
functions = st.lists(st.tuples(sets, st.sampled_from([("app",), ("app", "a")])), min_size=2, max_size=5)


@given(functions, st.randoms())
def test_every_function_finds_exactly_its_own_versions_and_none_grows_beyond_the_limit(
    given_functions: list[tuple[list[Packed], tuple[str, ...]]], random: object
) -> None:
    members = [member(f"f{i}", *packs, tops=tops) for i, (packs, tops) in enumerate(given_functions)]
    found = shares("L", members, LIMIT)
    shuffled = members[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shares("L", shuffled, LIMIT) == found
    layer = found["L"].packs if found else ()
    assert len({p.project for p in layer}) == len(layer)
    for one in members:
        if one.key not in found:
            continue
        own = found[one.key].packs
        stays = [p for p in one.packs if p not in own]
        assert set(own) == set(layer) & set(one.packs)
        assert one.source_bytes + sum(p.size_bytes for p in [*stays, *layer]) <= LIMIT
        assert not {t for p in own for t in p.tops} & ({t for p in stays for t in p.tops} | one.tops)
    assert len(found) != 2, "a layer that one function alone uses"
