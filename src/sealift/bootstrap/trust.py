"""Whom the roles of an environment trust: the jobs of one repository's CI for one environment, or one AWS role.

What is compared is the token's audience and subject, as each system documents them; nothing in a subject is a wildcard
but the step of Bitbucket, which comes last and is new in every run.
"""

import re
from dataclasses import dataclass

from sealift.errors import ConfigError
from sealift.model.app import Environment
from sealift.model.template import Json

_UUID = r"\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_BITBUCKET = re.compile(rf"bitbucket:({_WORD})/({_UUID})/({_UUID})/({_UUID})")
_GITHUB = re.compile(rf"github(?:@({_WORD}))?:({_WORD})(@[0-9]+)?/({_WORD})(@[0-9]+)?")
_GITLAB = re.compile(rf"gitlab(?:@({_WORD}))?:({_WORD}(?:/{_WORD})+)(?::([A-Za-z0-9_.:/-]+))?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
FORMS = {
    "bitbucket": "bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}/{ENVIRONMENT-UUID}",
    "github": "github:OWNER@ID/REPOSITORY@ID, or github:OWNER/REPOSITORY when its tokens carry no ids",
    "gitlab": "gitlab:GROUP/PROJECT, with the rest of the subject after another colon when it is not that of a branch",
    "arn": "arn:aws:iam::111122223333:role/NAME",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who may assume the roles: whoever has a token of `issuer` for `audience` with `subject`, or the role `arn`."""

    issuer: str = ""
    """Without `https://`: it names the provider and the condition keys."""
    audience: str = ""
    subject: str = ""
    steps: bool = False
    """Whether a step's id follows the subject, which only Bitbucket adds."""
    arn: str = ""

    def statement(self) -> dict[str, Json]:
        """Return the statement of a trust policy."""
        if self.arn:
            return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": self.arn}}
        subject: dict[str, Json] = {f"{self.issuer}:sub": f"{self.subject}:*" if self.steps else self.subject}
        exact: dict[str, Json] = {f"{self.issuer}:aud": self.audience}
        return {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {
                "Federated": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/" + self.issuer}
            },
            "Condition": {"StringEquals": exact, "StringLike": subject}
            if self.steps
            else {"StringEquals": exact | subject},
        }


def read_trust(environment: Environment, *, branch: str) -> Trust:
    """Return whom an environment trusts. `branch` is the one that releases come from. Raises ConfigError."""
    text = environment.trust or ""
    if _ROLE.fullmatch(text):
        return Trust(arn=text)
    if match := _BITBUCKET.fullmatch(text):
        workspace, workspace_uuid, repository, target = match.groups()
        return Trust(
            issuer=f"api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc",
            audience=f"ari:cloud:bitbucket::workspace/{workspace_uuid.strip('{}')}",
            subject=f"{repository}:{target}",
            steps=True,
        )
    if match := _GITHUB.fullmatch(text):
        host, owner, owner_id, name, name_id = match.groups()
        if (owner_id is None) != (name_id is None):
            raise _invalid(environment, "github", "owner and repository both have an id in the token, or neither")
        return Trust(
            issuer=f"{host}/_services/token" if host else "token.actions.githubusercontent.com",
            audience="sts.amazonaws.com",
            subject=f"repo:{owner}{owner_id or ''}/{name}{name_id or ''}:environment:{environment.name}",
        )
    if match := _GITLAB.fullmatch(text):
        host, project, rest = match.groups()
        return Trust(
            issuer=host or "gitlab.com",
            audience=f"https://{host or 'gitlab.com'}",
            subject=f"project_path:{project}:{rest or f'ref_type:branch:ref:{branch}'}",
        )
    raise _invalid(environment, text.partition(":")[0].partition("@")[0], "it has another form")


def _invalid(environment: Environment, system: str, why: str) -> ConfigError:
    text = environment.trust
    expected = FORMS.get(system)
    what = f'the trust of {environment.name} is not usable: "{text}": {why}' if text else ""
    return ConfigError(
        what or f"{environment.name} does not say whom its roles trust",
        code="trust-invalid" if text else "trust-missing",
        hint=f'Set `trust = "…"` under [environments.{environment.name}] in sealift.toml, of the form '
        + (f"{expected}." if expected else "; ".join(FORMS.values()) + "."),
        context={"environment": environment.name},
    )
