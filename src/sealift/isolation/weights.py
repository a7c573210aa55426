"""What a text is that two environments use alike and neither owns: a store, a credential, a key, a network, a route.

Tables only, and how they are asked. What is none of these (a log level, a third party's address) is nothing.
"""

import re
from dataclasses import dataclass

from sealift.isolation.mentions import Place, values_at
from sealift.isolation.patterns import has_outside
from sealift.isolation.symbols import Outside
from sealift.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of shared resource: the rule that reports it, the severity of sharing it, and its name."""

    rule: str
    severity: Severity
    what: str
    hidden: bool = False
    """Whether the text itself is a credential and is not shown."""


STORE = Thing("SHR-02", "high", "the data store")
CREDENTIAL = Thing("SHR-02", "high", "the credential")
SECRET = Thing("SHR-02", "high", "one secret value", hidden=True)
USERS = Thing("API-04", "high", "the user pool or issuer")
KEY = Thing("KMS-01", "high", "the key")
SOURCE = Thing("EVT-05", "critical", "the event source")
SINK = Thing("EVT-05", "high", "the function that events go to")
CUSTOM = Thing("NST-01", "high", "the function behind the custom resource")
NETWORK = Thing("NET-01", "medium", "the network part")
LOGS = Thing("LOG-01", "medium", "the log group or destination")
DEPLOYING = Thing("DEP-03", "medium", "the alarm or deployment group")
PLAN = Thing("API-03", "medium", "the usage plan")
ROUTE = Thing("SHR-02", "medium", "the target")
BUS = Thing("SHR-02", "high", "the event bus")
SETTING = Thing("SHR-02", "medium", "the setting")

STORES = frozenset(
    {
        *("dynamodb", "dax", "s3", "rds", "rds-db", "rds-data", "elasticache", "memorydb", "redshift", "redshift-data"),
        *("redshift-serverless", "es", "aoss", "kinesis", "kinesisvideo", "sqs", "kafka", "kafka-cluster", "mq"),
        *("elasticfilesystem", "fsx", "secretsmanager", "ssm", "neptune-db", "timestream", "firehose", "docdb-elastic"),
        *("cassandra", "glue", "athena", "backup", "codecommit", "cognito-idp", "cognito-identity", "s3express"),
        *("s3tables", "dsql", "qldb", "sdb", "events", "ecr", "codeartifact", "route53", "apigateway"),
    }
)
"""Services whose resources hold what one environment writes and another one reads."""
_SERVICES: dict[str, Thing | None] = {
    "kms": KEY, "logs": LOGS, "ec2": NETWORK, "iam": None, "sts": None, "states": ROUTE, "lambda": ROUTE, "sns": ROUTE,
    "events": ROUTE, "apigateway": ROUTE, "route53": ROUTE, "ecr": None, "cognito-idp": USERS, "codedeploy": DEPLOYING,
    "cloudwatch": DEPLOYING, "aws-marketplace": None, "bedrock": None,
}  # fmt: skip
_HOSTS = re.compile(
    r"(?i)\.(rds|cache|docdb|neptune|redshift|redshift-serverless|es|aoss|memorydb|dax-clusters|kafka|kafka-serverless"
    r"|mq|efs|fsx|dsql|timestream-influxdb)\.?[\w.-]*amazonaws\.com|\.[a-z0-9-]+\.(rds|cache|es|docdb|mq)\.amazonaws\.com"
    r"|\.(cache|memorydb|docdb|neptune)\.amazonaws\.com"
    r"|\.(mongodb\.net|redislabs\.com|redis-cloud\.com|upstash\.io|neon\.tech|supabase\.(co|com)|confluent\.cloud"
    r"|elastic-cloud\.com|found\.io|snowflakecomputing\.com|psdb\.cloud|cockroachlabs\.cloud|aivencloud\.com|cloudamqp\.com"
    r"|turso\.io|influxdata\.com|clickhouse\.cloud|planetscale\.com|pinecone\.io)\b"
)
_PORTS = re.compile(
    r"^[\w.-]+\.[\w.-]+:(5432|5433|3306|6379|6380|27017|9092|9094|9096|9098|1433|1521|9042|11211|5672|5671|8182|2049"
    r"|9200|9300|50000)\b"
)
_URIS = re.compile(
    r"(?i)^(jdbc:)?(postgres(ql)?|mysql2?|mariadb|redis|rediss|mongodb(\+srv)?|amqps?|kafka|mssql|sqlserver|oracle|neo4j"
    r"|bolt|cassandra|nats|memcached|clickhouse|ldaps?|cockroachdb|influxdb|couchbases?)(\+\w+)?:(//|thin)"
)
_LOCAL = re.compile(
    r"(?i)(//|@|^)(localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal)(:|/|$)|(//|@)(db|redis|postgres|mysql)(:|/|$)"
)
_QUEUE = re.compile(r"https://(sqs\.[\w-]+|[\w-]+\.queue|queue)\.amazonaws\.com(\.cn)?/\d{12}/")
_ENDPOINT = re.compile(
    r"\.(execute-api|lambda-url|appsync-api|elb)\.[\w-]+\.[\w.]*amazonaws\.com|\.[\w-]+\.elb\.amazonaws\.com"
    r"|\.lambda-url\.[\w-]+\.on\.aws"
)
_BUCKET_HOST = re.compile(r"^(https?://)?[\w.-]+\.s3[.-]([\w-]+\.)*amazonaws\.com")
_ISSUER = re.compile(
    r"cognito-idp\.[\w-]+\.amazonaws\.com/|\.amazoncognito\.com|\b[a-z]{2}(-[a-z]+)+-\d_[A-Za-z0-9]{5,}$"
)
_POOL = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d(_[A-Za-z0-9]{5,}|:[0-9a-f]{8}-[0-9a-f-]{27})$")
_FILES = re.compile(r"^(fs|fsap|fsvol|svm)-[0-9a-f]{8,17}$")
_NETWORK = re.compile(r"^(vpc|subnet|sg|rtb|acl|nat|igw|tgw|vpce|eni|eipalloc|pcx)-[0-9a-f]{8,17}$")
_HOST_KEY = re.compile(
    r"(?i)(^|_)(DB|DATABASE|RDS|POSTGRES(QL)?|PG|MYSQL|MARIADB|MONGO(DB)?|REDIS|CACHE|MEMCACHED?|ELASTIC(SEARCH)?"
    r"|OPENSEARCH|KAFKA|RABBIT(MQ)?|AMQP|BROKER|NEO4J|CASSANDRA|CLICKHOUSE|SQL|DOCDB|NEPTUNE|ES)"
    r"_?(HOST(NAME|S)?|URL|URI|ENDPOINTS?|SERVERS?|DSN|BROKERS?|ADDR(ESS)?|CONNECTION(_?STRING)?|CLUSTER)?$"
    r"|^PGHOST$|^DATABASE_URL$|^(BOOTSTRAP_SERVERS|KAFKA_BROKERS)$"
)
_HOST = re.compile(r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?$|^[a-z][a-z0-9+]*://")
_SECRET_KEY = re.compile(
    r"(?i)((^|[-_.a-z])(SECRET|PASSWORDS?|PASSWD|PASSPHRASE|AUTH_?TOKEN|ACCESS_?TOKEN|SIGNING_?KEY|PRIVATE_?KEY|API_?KEY"
    r"|JWT_?KEY|HMAC_?KEY|ENCRYPTION_?KEY|SESSION_?KEY|CLIENT_?SECRET|SECRET_?KEY|TOKEN)|SecretString|MasterUserPassword"
    r"|(^|\.)SecretString\.\w*(password|secret|key|token)\w*|ApiKeyValue|(^|\.)AccessKey)$"
)
_HIDDEN = re.compile(r"secret-\w+-\d+")
"""What stands for the value of a parameter that is not echoed; equal ones are one value."""
_KEYS = re.compile(r"(?i)(kms|masterkey|encryptionkey)\w*(id|arn|key|identifier)$|kmskey|kms_key|encryption.*\.keyid$")
_NETWORK_KEY = re.compile(r"(?i)(subnet|securitygroup|vpc|routetable)\w*$")
_LOG_KEY = re.compile(
    r"(?i)(loggroup(name|arn|identifier)?|log_group\w*|logging(config\w*)?\.(destinationbucketname|bucket))$"
)
_LOG_SINK = re.compile(r"AccessLogSettings?\.Destination(Arn)?$")
_STORE_KEY = re.compile(
    r"(?i)(^|\.)(table|\w*tablename|((target|s3|output|results?|source)_?)?bucket(name|arn)?|queue(url|name|arn)?|stream(name|arn)?|file_?systems?(id|arn)?|database(name)?"
    r"|db(cluster|instance)identifier|deliverystream|\w*backupvault(name)?|clusterendpoint|domainendpoint|userpoolid|keyspacename|bootstrapservers|kafkabootstrapservers"
    r"|cachecluster\w*|\w*secret(id|arn)|knowledgebaseid|collection\w*|repository(name|uri)?)$"
)
_CODE_KEY = re.compile(r"(?i)(script|code|template|jar|schema|definition|artifact|uri$|url$)")
"""Places of what is read to be run; a library is not a store."""
_MAPPING = "AWS::Lambda::EventSourceMapping"
_SENDING = (_MAPPING, "AWS::Events::Rule", "AWS::Events::Archive", "AWS::Scheduler::Schedule", "AWS::Pipes::Pipe")
"""Types that call a function with what they hear."""
_READ = re.compile(r"(?i)(?:^|[.a-z])(secrets|parameter[-_]store|secrets[-_]manager)\.(?!Name$)[^.]+$")
"""Places whose text names what a container or a build reads when it starts."""
_CODE_PLACE = re.compile(r"^(Code|Content)\.S3Bucket$|^(Body|Definition)S3Location\.Bucket$")
"""Where a release's own code and definitions are read from: the bucket of artifacts, which all previews share."""
_NAMED_WITHIN = ("AWS::RDS::", "AWS::DocDB", "AWS::Redshift", "AWS::Neptune", "AWS::Timestream::Influx")
"""Types in which the name of a database is one inside of them."""
_NOTHING = re.compile(
    r"^(alias/aws/|arn:[\w-]+:kms:[^:]*:[^:]*:alias/aws/|arn:[\w-]+:[\w-]+:[^:]*:aws:|aws/|\*$|[\d.]+$|\$\{[^}]*\}$|\{%|\$(?!\{)|.*\$\{AWS::)"
)
_STORE_WORD = re.compile(
    r"(?i)(^|[^a-z])(db|database|postgres\w*|pg|mysql|rds|redis|cache|mongo\w*|kafka|dynamo\w*|bucket|table|queue|stream"
    r"|opensearch|elastic\w*|aurora|broker|inbox|store|data)([^a-z]|$)"
)
_SECRET_WORD = re.compile(r"(?i)(password|passwd|secret|token|api-?_?key|credential|private-?_?key|signing)")
_USERS_WORD = re.compile(r"(?i)((user|identity)[-_]?pool|cognito|(^|[^a-z])(issuer|jwks)([^a-z]|$))")
_NETWORK_WORD = re.compile(r"(?i)(vpc|subnet|security-?_?group|(^|[^a-z])sgs?([^a-z]|$)|network|route-?table|nat)")


_BY_TYPE = (
    ("AWS::SecretsManager::SecretTargetAttachment", "", re.compile("TargetId$"), STORE),
    ("AWS::ApiGateway::UsagePlan", "", re.compile("(ApiId|UsagePlanId|KeyId)$"), PLAN),
    ("AWS::CodeDeploy::DeploymentGroup", "", re.compile("ApplicationName$|Alarms\\.Name$"), DEPLOYING),
    ("AWS::", "::Authorizer", re.compile("(ProviderARNs|AuthorizerUri|Issuer|UserPoolId)$"), USERS),
    ("AWS::AppSync::GraphQLApi", "", re.compile("(ProviderARNs|AuthorizerUri|Issuer|UserPoolId)$"), USERS),
    ("AWS::Cognito::UserPool", "::UserPool", re.compile("LambdaConfig(?!.*LambdaVersion$)"), USERS),
)
"""Types of which only these places count, and what they name there."""


def weigh(place: Place, text: str, outside: Outside | None = None) -> Thing | None:
    """Return the kind of resource that a text names at its place; None when environments may share it."""
    if outside is None and (len(text) < 4 or _NOTHING.match(text)):
        return None
    found = _by_place(place, text)
    if found is None:
        found = _by_outside(place, outside) if outside is not None else _by_text(place, text)
    return found


def _sent_to(place: Place, text: str) -> Thing | None:
    kind, key = place.type, place.key
    if kind == _MAPPING:
        return {"EventSourceArn": SOURCE, "FunctionName": SINK}.get(key)
    if kind.startswith("AWS::Events::") and key in ("EventBusName", "SourceArn"):
        return None if text.rpartition("/")[2] == "default" else BUS
    return SINK if place.path.endswith(("Targets.Arn", "Target.Arn", "Target")) and ":lambda:" in text else None


def _by_place(place: Place, text: str) -> Thing | None:
    kind, key = place.type, place.key
    sent = _sent_to(place, text) if kind.startswith(_SENDING) else None
    if sent is not None or kind == _MAPPING:
        return sent
    if key == "ServiceToken":
        return CUSTOM
    if read := _READ.search(place.path):
        return _by_words(place, text) if read[1][0] in "pP" else CREDENTIAL
    if key == "EventBusName":
        return None if text.rpartition("/")[2] == "default" else ROUTE
    if kind == "AWS::SSM::Parameter" and key == "Value":
        names = [n for p in values_at(place.scope, place.logical_id, "Name") for n in p.value.values]
        called = any(_SECRET_WORD.search(name) for name in names)
        return SECRET if called and _is_secret(text, variable=True) else _by_text(place, text)
    for head, end, asked, thing in _BY_TYPE:
        if kind.startswith(head) and kind.endswith(end):
            return thing if asked.search(place.path) else None
    if _KEYS.search(place.path):
        return KEY
    if _NETWORK_KEY.search(key) and ("-" in text or has_outside(text)):
        return NETWORK
    return LOGS if _LOG_KEY.search(place.path) or _LOG_SINK.search(place.path) else None


def _by_text(place: Place, text: str) -> Thing | None:
    variable = _is_variable(place)
    if text.startswith("arn:"):
        return _of_arn(text)
    if _NETWORK.match(text):
        return NETWORK
    if _ISSUER.search(text) or _POOL.match(text):
        return USERS
    if _LOCAL.search(text):
        return None
    if _HOSTS.search(text) or _PORTS.match(text) or _URIS.match(text) or _QUEUE.match(text) or _FILES.match(text):
        return STORE
    if _HIDDEN.fullmatch(text) or _is_credential(place, text, variable=variable):
        return SECRET
    if variable and _HOST_KEY.search(place.key) and _HOST.match(text):
        return STORE
    if text.startswith("s3://") or _BUCKET_HOST.match(text):
        return None if _CODE_KEY.search(place.key) else ROUTE if variable or "Origins." in place.path else STORE
    if _ENDPOINT.search(text):
        return ROUTE
    named = not variable and _STORE_KEY.search(place.path) and not _CODE_PLACE.search(place.path)
    named = named and not place.type.startswith(_NAMED_WITHIN)
    return STORE if named and "/" not in text[:1] else None


def _is_credential(place: Place, text: str, *, variable: bool) -> bool:
    unit = ".TokenValidityUnits." in f".{place.path}"
    return not unit and _SECRET_KEY.search(place.path) is not None and _is_secret(text, variable=variable)


def _is_variable(place: Place) -> bool:
    return "Variables." in place.path or ".Environment." in place.path or place.path.startswith("Parameters.")


def _is_secret(text: str, *, variable: bool) -> bool:
    """Return whether a text may be a credential. In a variable, a text that is only named like one does not count."""
    if re.search(r"[\s:/]|\.(com|org|net|io)", text):
        return False
    return len(text) >= 8 and (any(c.isdigit() for c in text) or len(text) >= 16) if variable else len(text) >= 4


_SERVICE_OF_AWS = re.compile(r"(cn\.)?com\.amazonaws\.(?!vpce\.)[\w.-]+$|aws\.(api|sagemaker)\.[\w.-]+$")


def is_of_aws(text: str) -> bool:
    """Return whether an ARN names a public resource of AWS itself, such as a managed policy or certificate template.

    So does the name of a service that a VPC endpoint leads to, unless somebody offers it (`com.amazonaws.vpce.…`).
    """
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return _SERVICE_OF_AWS.match(text) is not None
    return parts[4] in ("aws", "cloudfront") or (not parts[4] and parts[2] not in ("s3", "route53", "apigateway"))


def _of_arn(text: str) -> Thing | None:
    parts = text.split(":", 5)
    if len(parts) < 6 or not parts[5]:
        return None  # names nothing, as of a bucket whose parameter is empty
    service, rest = parts[2], parts[5]
    if service == "apigateway" and ":path/" in text and "/functions/arn:" in text:
        return _of_arn(text.partition("/functions/")[2].removesuffix("/invocations"))
    if service == "apigateway" and ":action/" in text:
        return None  # an action of a service, which the request itself says on what
    if is_of_aws(text):
        return None
    if service == "lambda" and rest.startswith("layer:"):
        return None
    if service in _SERVICES:
        return _SERVICES[service]
    return STORE if service in STORES else ROUTE


def _by_outside(place: Place, outside: Outside) -> Thing | None:
    if outside.public:
        return None
    if outside.secret:
        return CREDENTIAL
    return _by_words(place, outside.name)


_REFERENCE_KEY = re.compile(
    r"(?i)(tables?|arn|names?|url|uri|topics?|queues?|param(eter)?s?|path|bucket|stream|endpoint|host|prefix|header)$"
)
"""Ends of keys that hold a reference to a thing, whatever the thing holds: `TOKEN_TABLE` is no token."""


_FLAG_KEY = re.compile(r"(?i)^(use|is|has|enable|disable|allow|skip)_|_(enabled|disabled)$")


def _by_words(place: Place, name: str) -> Thing:
    words = f"{name} {place.key}"
    refers = _REFERENCE_KEY.search(place.key) is not None
    if _FLAG_KEY.search(place.key) and not refers:
        return SETTING
    if _NETWORK_WORD.search(words):
        return NETWORK
    if _SECRET_WORD.search(words) and not refers:
        return CREDENTIAL
    if _USERS_WORD.search(words):
        return USERS
    if _STORE_WORD.search(words) or _HOST_KEY.search(place.key) or _STORE_KEY.search(place.path):
        return STORE
    return SETTING


def is_global(text: str) -> bool:
    """Return whether a text means the same resource in every account: an ARN, an address, or a generated id."""
    return ":" in text or "." in text or any(known.match(text) for known in (_NETWORK, _FILES, _POOL))


def holds_a_secret(service: str, name: str) -> bool:
    """Return whether reading a resource of this service and name yields a credential or a login."""
    if service in ("secretsmanager", "rds-db", "neptune-db", "aoss", "redshift"):
        return True
    return service == "ssm" and bool(_SECRET_WORD.search(name) or _STORE_WORD.search(name))
