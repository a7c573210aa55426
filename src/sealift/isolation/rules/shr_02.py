"""SHR-02: two environments use one store, credential or setting that neither owns."""

from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource

_TEMPLATE = resource("AWS::Lambda::Function", "{Environment: {Variables: {DB_HOST: VALUE}}}")
_REFERENCE = "'{{resolve:secretsmanager:NAME:SecretString:host}}'"
RULE = Rule(
    id="SHR-02",
    title="One data store, credential or setting for two environments",
    severity="high",
    why="What staging writes into a database or cache, production reads. That no template has it, and that no IAM "
    "permission is needed for it, makes it no less shared. A value from outside (an SSM parameter, a secret, an "
    "export) is one and the same wherever one name is asked for in one account.",
    fix="Give each environment its own: made in the template, or named by a path with the environment's name in it.",
    failing=Example(template=_TEMPLATE.replace("VALUE", _REFERENCE.replace("NAME", "shop/db"))),
    passing=Example(
        template=_TEMPLATE.replace("VALUE", _REFERENCE.replace("NAME", "shop/staging/db")),
        production=_TEMPLATE.replace("VALUE", _REFERENCE.replace("NAME", "shop/production/db")),
    ),
)
