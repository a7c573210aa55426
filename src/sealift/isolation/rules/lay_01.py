"""LAY-01: a layer or image of another environment, or an image named by a tag that can be moved."""

from collections.abc import Iterator

from sealift.isolation.model import EVERY, Finding
from sealift.isolation.references import places
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import World

_TYPES = ("AWS::Lambda::Function", "AWS::ECS::TaskDefinition")


def check(world: World) -> Iterator[Finding]:
    """Yield others' layers and images, and images by tag in an account that is shared."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for place in places(environment, _TYPES, "Code.ImageUri", "ContainerDefinitions.Image"):
            for text in place.value.values:
                own = place.type == "AWS::Lambda::Function" or ".dkr.ecr." in text
                if own and "@sha256:" not in text and text != "*":
                    message = f"{place.logical_id} of {environment.name} runs the image {text}, whose tag can be moved."
                    yield RULE.on_reference(world, place, (environment.name, EVERY), message, resource=text)


_IMAGE = "{PackageType: Image, Code: {ImageUri: '000000000000.dkr.ecr.eu-central-1.amazonaws.com/appTAG'}}"
RULE = Rule(
    id="LAY-01",
    title="A layer or image that another environment can change",
    severity="medium",
    why="Anybody who may push can move a tag: the same name can mean other bytes tomorrow.",
    fix="Use a layer of the same template; name an image by its digest (@sha256:…).",
    failing=Example(template=resource("AWS::Lambda::Function", _IMAGE.replace("TAG", ":latest"))),
    passing=Example(template=resource("AWS::Lambda::Function", _IMAGE.replace("TAG", "@sha256:0f0f0f0f"))),
    check=check,
)
