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
_BITBUCKET = re.compile(rf"bitbucket:({_WORD})/({_UUID})/({_UUID})(?:/({_UUID}))?")
_GITHUB = re.compile(rf"github(?:@({_WORD}))?:({_WORD})(@[0-9]+)?/({_WORD})(@[0-9]+)?")
_GITLAB = re.compile(rf"gitlab(?:@({_WORD}))?:({_WORD}(?:/{_WORD})+)(?::([A-Za-z0-9_.:/-]+))?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+")
FORMS = {
    "bitbucket": "bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}/{ENVIRONMENT-UUID}",
    "github": "github:OWNER@ID/REPOSITORY@ID, or github:OWNER/REPOSITORY when its tokens carry no ids",
    "gitlab": "gitlab:GROUP/PROJECT, with the rest of the subject after another colon when it is not that of a branch",
    "arn": "arn:aws:iam::111122223333:role/NAME",
}

_FORMS_OF_PREVIEWS = {"bitbucket": "bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who may assume the roles: whoever has a token of `issuer` for `audience` with `subject`, or the role `arn`."""

    issuer: str = ""
    """Without `https://`: it names the provider and the condition keys."""
    audience: str = ""
    subjects: tuple[str, ...] = ()
    """Any of them; a `*` in one stands for what is new in every run or for any branch."""
    but: str = ""
    """Subjects that are not trusted although they match."""
    arn: str = ""

    def statement(self) -> dict[str, Json]:
        """Return the statement of a trust policy."""
        if self.arn:
            return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": self.arn}}
        key = f"{self.issuer}:sub"
        subject: dict[str, Json] = {key: self.subjects[0] if len(self.subjects) == 1 else list(self.subjects)}
        exact: dict[str, Json] = {f"{self.issuer}:aud": self.audience}
        condition: dict[str, Json] = {"StringEquals": exact | subject}
        if any("*" in one for one in self.subjects):
            condition = {"StringEquals": exact, "StringLike": subject}
        if self.but:
            condition["StringNotLike"] = {key: self.but}
        return {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {
                "Federated": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/" + self.issuer}
            },
            "Condition": condition,
        }


def read_trust(environment: Environment, *, branch: str) -> Trust:
    """Return whom an environment trusts. `branch` is the one that releases come from. Raises ConfigError.

    Previews trust the jobs of pull requests, as far as a subject names them, for AWS looks at nothing else. GitHub:
    pull requests, and the branch whose schedule sweeps. GitLab: any branch. Bitbucket: any step without a `deployment`.
    """
    previews = environment.kind == "preview"
    text = environment.trust or ""
    if _ROLE.fullmatch(text):
        return Trust(arn=text)
    if (match := _BITBUCKET.fullmatch(text)) and (match[4] is None) == previews:
        workspace, workspace_uuid, repository, target = match.groups()
        return Trust(
            issuer=f"api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc",
            audience=f"ari:cloud:bitbucket::workspace/{workspace_uuid.strip('{}')}",
            subjects=(f"{repository}:*" if previews else f"{repository}:{target}:*",),
            but=f"{repository}:*:*" if previews else "",
        )
    if match := _GITHUB.fullmatch(text):
        host, owner, owner_id, name, name_id = match.groups()
        if (owner_id is None) != (name_id is None):
            raise _invalid(environment, "github", "owner and repository both have an id in the token, or neither")
        repository = f"repo:{owner}{owner_id or ''}/{name}{name_id or ''}"
        jobs = ("pull_request", f"ref:refs/heads/{branch}") if previews else (f"environment:{environment.name}",)
        return Trust(
            issuer=f"{host}/_services/token" if host else "token.actions.githubusercontent.com",
            audience="sts.amazonaws.com",
            subjects=tuple(f"{repository}:{job}" for job in jobs),
        )
    if match := _GITLAB.fullmatch(text):
        host, project, rest = match.groups()
        ref = f"ref_type:branch:ref:{'*' if previews else branch}"
        return Trust(
            issuer=host or "gitlab.com",
            audience=f"https://{host or 'gitlab.com'}",
            subjects=(f"project_path:{project}:{rest or ref}",),
        )
    raise _invalid(environment, text.partition(":")[0].partition("@")[0], "it has another form")


def _invalid(environment: Environment, system: str, why: str) -> ConfigError:
    text = environment.trust
    forms = {**FORMS, **_FORMS_OF_PREVIEWS} if environment.kind == "preview" else FORMS
    expected = forms.get(system)
    name = environment.label
    what = f'the trust of {name} is not usable: "{text}": {why}' if text else ""
    return ConfigError(
        what or f"{name} does not declare whom its roles trust",
        code="trust-invalid" if text else "trust-missing",
        hint=f'Set `trust = "…"` under {environment.section} in sealift.toml, of the form '
        + (f"{expected}." if expected else "; ".join(forms.values()) + "."),
        context={"environment": name},
    )
