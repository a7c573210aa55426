"""Look for names that templates use and do not define, with what SAM and AWS's language extensions make of them."""

from collections.abc import Iterator, Mapping

from sealift.analysis.undefined import undefined
from sealift.cfn.values import mapping_at
from sealift.delivery.parameters import given_parameters, resolve_parameters
from sealift.errors import TemplateError
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.release import UNBUILT, SealedStack
from sealift.model.template import Template
from sealift.usecases.services import Services


def undefined_names(app: App, templates: Mapping[str, Template], services: Services) -> tuple[Finding, ...]:
    """Return what the templates and those nested in them use and do not define."""
    return tuple(f for name, template in templates.items() for f in _undefined(app, name, template, services))


def require_defined(app: App, templates: Mapping[str, Template], services: Services) -> None:
    """Refuse templates that use what they do not define. Raises TemplateError with every place."""
    findings = undefined_names(app, templates, services)
    if findings:
        told = [f"{f.location.file}:{f.location.line}: {f.message}" for f in findings if f.location]
        raise TemplateError(
            "\n  ".join(["The template names what it does not define:", *told] if len(told) > 1 else told),
            code="template-undefined",
            hint="AWS refuses the template: correct the name, or declare it.",
        )


def _undefined(app: App, stack: str, template: Template, services: Services) -> Iterator[Finding]:
    yield from undefined(template, lambda: _made(app, stack, template, services))
    for inner in template.nested.values():
        yield from _undefined(app, "", inner, services)


def _made(app: App, stack: str, template: Template, services: Services) -> frozenset[str] | None:
    """Return the logical ids of a template once it is rendered, for every environment; None where it cannot be."""
    from sealift.usecases.proof.views import UNKNOWN_ACCOUNT  # with it comes the proof

    made: set[str] = set()
    body = services.templates.seal(template, {asset.key: UNBUILT for asset in template.assets})
    sealed = SealedStack(name=stack, template_sha256=UNBUILT, needs=(), parameters=template.parameters)
    for environment in app.proved:
        values, _ = resolve_parameters(template.parameters, given_parameters(app, environment, sealed))
        try:
            rendered = services.templates.render(
                body,
                parameters=values,
                account=environment.account or UNKNOWN_ACCOUNT,
                region=environment.region,
                stack_name=environment.stack_name,
            )
        except TemplateError:
            return None
        made.update(mapping_at(rendered.body, "Resources"))
    return frozenset(made)
