"""Every kind of leak, planted in clean applications, is found by its rule, with a witness that would be allowed."""

import os

import pytest

from sealift.isolation.model import Witness
from sealift.isolation.policies import Statement
from sealift.isolation.prove import prove
from sealift.isolation.world import World
from tests.component.isolation import disguised, hostile, planted, wired
from tests.component.isolation.shop import MUTATIONS, Mutation, shops
from tests.counts import Note

KINDS = (disguised, hostile, planted, wired)
"""Each of these registers its kinds when it is imported."""

NIGHTLY = "SEALIFT_NIGHTLY" in os.environ
SEEDS = range(25 if NIGHTLY else 6)
CLEAN = range(1000, 1320 if NIGHTLY else 1080)


def test_there_are_enough_kinds() -> None:
    assert len({m.name for m in MUTATIONS}) >= 45


@pytest.mark.parametrize("planted", MUTATIONS, ids=lambda m: m.name)
def test_a_planted_leak_is_found(planted: Mutation, count: Note) -> None:
    witnesses = 0
    for seed in SEEDS:
        staging, production = shops(seed)
        planted.plant(staging, production)
        views = [staging.made(), production.made()]
        verdict = prove(views)
        every = (*verdict.findings, *verdict.residuals)
        found = [f for f in every if f.id == planted.rule and f.source == "staging"]
        assert found, (seed, [(f.id, f.message) for f in every])
        if planted.judged:
            towards = [f for f in found if f.witness is not None and f.target == "production"]
            assert towards, seed
            assert all(f.severity in ("critical", "high") for f in towards[:1])
            world = World(views)
            for leak in towards:
                assert leak.witness is not None
                assert _allowed(world, leak.witness), (seed, leak)
                witnesses += 1
    count("leaks planted", kinds=1, planted=len(SEEDS), found=len(SEEDS), witnesses_the_emulator_allows=witnesses)


@pytest.mark.parametrize("part", range(4))
def test_clean_applications_are_clean(part: int, count: Note) -> None:
    for seed in CLEAN[part::4]:
        verdict = prove([shop.made() for shop in shops(seed)])
        assert [f.message for f in verdict.stopping] == [], seed
        assert verdict.level == "L1"
    count("clean applications", proved=len(CLEAN[part::4]))


def _allowed(world: World, witness: Witness) -> bool:
    """Ask the emulator's evaluator whether the principal of a witness may do what it says."""
    from ministack.core.iam_evaluator import EvalContext, evaluate

    principal = next(
        p for e in world.environments for p in e.principals if world.symbols.concrete(p.arn) == witness.principal
    )
    context = EvalContext(
        principal_arn=witness.principal,
        principal_type="AssumedRole",
        principal_account="000000000000",
        action=witness.action,
        resource_arn=witness.resource,
        region="eu-central-1",
    )
    layers = [[_parsed(world, principal.statements)]]
    if principal.boundary is not None:
        layers.append([_parsed(world, principal.boundary)])
    return bool(evaluate(context, layers[0], *layers[1:]).decision == "Allow")


def _parsed(world: World, statements: list[Statement]) -> list[object]:
    from ministack.core.iam_evaluator import ParsedStatement

    return [
        ParsedStatement(
            sid="",
            effect="Allow" if s.allow else "Deny",
            actions=[] if s.but_actions else list(s.actions),
            not_actions=list(s.actions) if s.but_actions else [],
            resources=[] if s.but_resources else [world.symbols.concrete(r) for r in s.resources],
            not_resources=[world.symbols.concrete(r) for r in s.resources] if s.but_resources else [],
        )
        for s in statements
    ]
