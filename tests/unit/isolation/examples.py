"""Views of a rule's examples: the same template as staging and as production."""

from sealift.cfn.values import mapping_at
from sealift.isolation.model import Attempted, DeclaredPrincipal, EnvironmentView, StackView
from sealift.isolation.rule import Example
from sealift.model.live import Unread
from sealift.model.template import Json, Location


def views(example: Example) -> list[EnvironmentView]:
    """Return the environments of an example."""
    return [
        _view(example, name, account) for name, account in zip(("staging", "production"), example.accounts, strict=True)
    ]


def _view(example: Example, name: str, account: str | None) -> EnvironmentView:
    import yaml

    text = example.production if name == "production" and example.production is not None else example.template
    body = yaml.safe_load(text)
    more = example.only in (None, name)
    stack = {key: _filled(value, name) for key, value in example.stack.items()} if more else {}
    environment = {key: _filled(value, name) for key, value in example.environment.items()} if more else {}
    lines = {f"  {i}:": n for n, i in enumerate(text.splitlines(), 1) for i in (i.strip().rstrip(":"),)}
    resources = body.get("Resources", {})
    locations = {i: Location(file="template.yaml", line=lines.get(f"  {i}:", 0), logical_id=i) for i in resources}
    listed = environment.pop("principals", [])
    principals = tuple(DeclaredPrincipal(**_frozen(p)) for p in listed) if isinstance(listed, list) else ()  # type: ignore[arg-type]
    unread, attempted = environment.pop("unread", []), environment.pop("attempted", [])
    return EnvironmentView(
        name=name,
        region="eu-central-1",
        account=account,
        stacks=(
            StackView(
                name=_stack_name(example, name),
                body=body,
                locations=locations,
                **_frozen(stack),  # type: ignore[arg-type]
            ),
        ),
        principals=principals,
        attempted=tuple(Attempted(**a) for a in attempted) if isinstance(attempted, list) else (),  # type: ignore[arg-type]
        unread=tuple(Unread(**u) for u in unread) if isinstance(unread, list) else (),  # type: ignore[arg-type]
        **_frozen(environment),  # type: ignore[arg-type]
    )


def _stack_name(example: Example, name: str) -> str:
    """Both names stand in `stack_name`, separated by a bar, where `{env}` does not tell them apart."""
    first, bar, second = example.stack_name.partition("|")
    return (second if bar and name == "production" else first).replace("{env}", name)


def _frozen(value: Json) -> dict[str, Json]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in mapping_at(value).items()}  # type: ignore[misc]


def _filled(value: Json, name: str) -> Json:
    if isinstance(value, str):
        return value.replace("{env}", name).replace("{other}", "production" if name == "staging" else "staging")
    if isinstance(value, list):
        return [_filled(part, name) for part in value]
    if isinstance(value, dict):
        return {key.replace("{env}", name): _filled(part, name) for key, part in value.items()}
    return value
