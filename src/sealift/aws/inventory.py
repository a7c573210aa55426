"""What is in force in one account and region: policies, roles of functions, guardrails. Read only."""

import hashlib

from sealift.aws.failures import calling
from sealift.aws.policies.iam import IamReader
from sealift.aws.policies.organizations import guardrails
from sealift.aws.policies.resources import resource_policy
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.live import Concurrency, LiveFunction, LivePrincipal, PrincipalKind
from sealift.model.template import Json


class AwsInventory:
    """The live half of the proof's world, over AWS."""

    def __init__(self, session: AwsSession, *, account: str) -> None:
        self._session = session
        self._account = account
        self._iam = IamReader(session)

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        return self._iam.principal(kind, name)

    def resource_policy(self, resource_type: str, physical_id: str) -> Json:
        return resource_policy(self._session, resource_type, physical_id)

    def function(self, name: str) -> LiveFunction | None:
        with calling(f"read the configuration of function {name}", accepted=("not-found",)):
            found = self._session.functions.get_function_configuration(FunctionName=name)
            environment = found.get("Environment", {})
            if "Error" in environment:
                # https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentError.html (documented, not observed)
                raise CloudError(
                    f"AWS could not read the environment variables of function {name}: "
                    f"{environment['Error'].get('ErrorCode', 'no reason given')}",
                    code="access-denied",
                )
            return LiveFunction(role=found["Role"], variables=dict(environment.get("Variables", {})))
        return None

    def event_sources(self, name: str) -> tuple[str, ...]:
        pages = self._session.functions.get_paginator("list_event_source_mappings")
        with calling(f"read the event sources of function {name}"):
            listed = [m for page in pages.paginate(FunctionName=name) for m in page["EventSourceMappings"]]
        return tuple(sorted({m["EventSourceArn"] for m in listed if "EventSourceArn" in m}))

    def guardrails(self) -> tuple[Json, ...]:
        return guardrails(self._session, self._account)

    def concurrency(self) -> Concurrency:
        with calling("read the account's concurrent executions"):
            limit = self._session.functions.get_account_settings()["AccountLimit"]
        return Concurrency(limit=limit["ConcurrentExecutions"], unreserved=limit["UnreservedConcurrentExecutions"])

    def secret_digest(self, secret: str, *, salt: str) -> str:
        with calling(f"compare the value of secret {secret}"):
            answer = self._session.secretsmanager.get_secret_value(SecretId=secret)
        value = answer["SecretString"].encode() if "SecretString" in answer else answer["SecretBinary"]
        return hashlib.sha256(salt.encode() + b"\0" + value).hexdigest()
