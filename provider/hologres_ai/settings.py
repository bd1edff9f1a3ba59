"""The settings, and one look-up of all of them: explicit argument, Pulumi configuration, environment.

The names are those of pulumi-alicloud and its Terraform provider, so that a stack that is set up for them works as it
is. For each setting the first origin that has a value wins; a key pair has its own rule, see `credentials.key_pair`.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .errors import ConfigurationError
from .names import did_you_mean

Lookup = Callable[[str], str | None]
"""Reads one key of a Pulumi configuration, such as ``hologres:region``."""

NAMESPACES = ("hologres", "alicloud")


@dataclass(frozen=True)
class Field:
    """One field of a setting that is an object; `kind` is ``string`` or ``integer``."""

    key: str
    environment: tuple[str, ...]
    description: str
    secret: bool = False
    kind: str = "string"


@dataclass(frozen=True)
class Setting:
    """One setting: the names of its argument, its configuration key and its variables, the first one first.

    `kind` is ``string``, ``integer``, ``boolean`` or ``object``. An object is JSON text in the Pulumi configuration,
    has `fields`, and its `environment` is that of all of them. `neighbours_endpoint` is its name in
    ``alicloud:endpoints``. A setting without namespaces is read only from an argument and the environment.
    """

    argument: str
    key: str
    environment: tuple[str, ...]
    description: str
    secret: bool = False
    namespaces: tuple[str, ...] = NAMESPACES
    kind: str = "string"
    fields: tuple[Field, ...] = ()
    neighbours_endpoint: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The Pulumi configuration keys, the first one first."""
        return tuple(f"{namespace}:{self.key}" for namespace in self.namespaces)

    def variables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what the environment can set, ``region`` or ``assumeRole.roleArn``, with its variables."""
        if not self.fields:
            yield self.key, self.environment
        yield from ((f"{self.key}.{part.key}", part.environment) for part in self.fields if part.environment)


ACCESS_KEY = Setting(
    "access_key",
    "accessKey",
    (
        *("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        *("ALIBABACLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID"),
    ),
    "ID of the AccessKey that signs the requests.",
)
SECRET_KEY = Setting(
    "secret_key",
    "secretKey",
    (
        *("ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        *("ALIBABACLOUD_ACCESS_KEY_SECRET", "ALICLOUD_ACCESS_KEY_SECRET"),
    ),
    "Secret of that AccessKey.",
    secret=True,
)
SECURITY_TOKEN = Setting(
    "security_token",
    "securityToken",
    ("ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"),
    "Security token (STS) of a temporary AccessKey.",
    secret=True,
)
REGION = Setting(
    "region",
    "region",
    (
        *("ALICLOUD_REGION", "ALIBABA_CLOUD_REGION", "ALIBABA_CLOUD_REGION_ID"),
        *("ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID"),
    ),
    "Region to read, such as cn-hangzhou. There is no default except the region of the profile in use.",
)
PROFILE = Setting(
    "profile",
    "profile",
    ("ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE"),
    "Name of a profile in the shared credentials file. Defaults to the file's current one.",
)
SHARED_CREDENTIALS_FILE = Setting(
    "shared_credentials_file",
    "sharedCredentialsFile",
    ("ALICLOUD_SHARED_CREDENTIALS_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"),
    "JSON file with the profiles, as `aliyun configure` writes it. Defaults to ~/.aliyun/config.json.",
)
CREDENTIALS_URI = Setting(
    "credentials_uri",
    "credentialsUri",
    ("ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI"),
    "URL of a local service that returns temporary credentials.",
    secret=True,  # some services take a password in it
)
ECS_ROLE_NAME = Setting(
    "ecs_role_name",
    "ecsRoleName",
    ("ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"),
    "Name of the RAM role of the ECS instance that this runs on; its metadata service returns credentials.",
)
IMDS_V1_DISABLED = Setting(
    "imds_v1_disabled",
    "imdsV1Disabled",
    ("ALIBABA_CLOUD_IMDSV1_DISABLED",),
    "Whether only version 2 of the metadata service is used, which requires a session token. Defaults to false.",
    namespaces=("hologres",),
    kind="boolean",
)

_SESSION = "How long the session lasts, in seconds, from 900 to 43200. Defaults to 3600."
_POLICY = Field("policy", (), "Policy, as JSON text, that narrows what the session may do.")
# A pod has these set for OIDC: there they name the role of AssumeRoleWithOIDC, elsewhere the role to assume.
SHARED_ROLE_ARN = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN")
ROLE_ARN = Field("roleArn", ("ALICLOUD_ASSUME_ROLE_ARN", *SHARED_ROLE_ARN), "ARN of the RAM role, acs:ram::…:role/….")
OIDC_ROLE_ARN = Field("roleArn", SHARED_ROLE_ARN, ROLE_ARN.description)


def _object(argument: str, key: str, description: str, *fields: Field) -> Setting:
    names = dict.fromkeys(name for part in fields for name in part.environment)
    return Setting(argument, key, tuple(names), description, kind="object", fields=fields)


ASSUME_ROLE = _object(
    "assume_role",
    "assumeRole",
    "A RAM role to assume with the credentials of any source.",
    ROLE_ARN,
    Field(
        "sessionName",
        ("ALICLOUD_ASSUME_ROLE_SESSION_NAME", "ALIBABA_CLOUD_ROLE_SESSION_NAME"),
        "Name of the session, for the audit log. Defaults to hologres-ai.",
    ),
    Field("sessionExpiration", ("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION",), _SESSION, kind="integer"),
    _POLICY,
    Field(
        "externalId", ("ALIBABA_CLOUD_EXTERNAL_ID", "ALIBABACLOUD_EXTERNAL_ID"), "External ID of the role.", secret=True
    ),
)
ASSUME_ROLE_WITH_OIDC = _object(
    "assume_role_with_oidc",
    "assumeRoleWithOidc",
    "A RAM role to assume with the token of an OIDC identity provider, as in a pod or a CI job.",
    Field(
        "oidcProviderArn",
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABACLOUD_OIDC_PROVIDER_ARN"),
        "ARN of the identity provider in RAM.",
    ),
    Field("oidcToken", ("ALIBABA_CLOUD_OIDC_TOKEN",), "The token itself.", secret=True),
    Field(
        "oidcTokenFile",
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABACLOUD_OIDC_TOKEN_FILE"),
        "File with the token; read again at every refresh.",
    ),
    OIDC_ROLE_ARN,
    Field(
        "roleSessionName",
        ("ALIBABA_CLOUD_ROLE_SESSION_NAME",),
        "Name of the session, for the audit log. Defaults to hologres-ai.",
    ),
    Field("sessionExpiration", (), _SESSION, kind="integer"),
    _POLICY,
)
STS_ENDPOINT = Setting(
    "sts_endpoint",
    "stsEndpoint",
    ("ALIBABA_CLOUD_STS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_STS", "STS_ENDPOINT"),
    "Host of STS, such as sts-vpc.cn-hangzhou.aliyuncs.com inside a VPC. Defaults to the host of the region.",
    namespaces=("hologres",),
    neighbours_endpoint="sts",
)
ENDPOINT = Setting(
    "endpoint",
    "endpoint",
    ("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "HOLOGRAM_ENDPOINT"),
    "Host of the API, with an optional port; {region} in it is replaced by the region, as in "
    "hologram-vpc.{region}.aliyuncs.com. Defaults to hologram.<region>.aliyuncs.com.",
    namespaces=("hologres",),
)
CONNECT_TIMEOUT = Setting(
    "client_connect_timeout",
    "clientConnectTimeout",
    ("CLIENT_CONNECT_TIMEOUT",),
    "Time limit for a connection, in milliseconds. Defaults to 5000.",
    kind="integer",
)
READ_TIMEOUT = Setting(
    "client_read_timeout",
    "clientReadTimeout",
    ("CLIENT_READ_TIMEOUT",),
    "Time limit for each wait for data of a response, in milliseconds. Defaults to 10000.",
    kind="integer",
)
DEADLINE = Setting(
    "max_retry_timeout",
    "maxRetryTimeout",
    ("MAX_RETRY_TIMEOUT",),
    "Time limit for a whole read with all its retries, in seconds. Defaults to 60.",
    kind="integer",
)

SETTINGS = (
    *(ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, REGION, PROFILE, SHARED_CREDENTIALS_FILE),
    *(CREDENTIALS_URI, ECS_ROLE_NAME, IMDS_V1_DISABLED, ASSUME_ROLE, ASSUME_ROLE_WITH_OIDC),
    *(STS_ENDPOINT, ENDPOINT, CONNECT_TIMEOUT, READ_TIMEOUT, DEADLINE),
)

# Read only from the environment, where the vendor's clients, a cluster or an administrator set them.
STS_REGION = Setting(
    "sts_region", "stsRegion", ("ALIBABA_CLOUD_STS_REGION",), "Region whose STS host is used.", namespaces=()
)
VPC_ENDPOINT_ENABLED = Setting(
    "vpc_endpoint_enabled",
    "vpcEndpointEnabled",
    ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",),
    "Whether the STS host inside a VPC is used, sts-vpc.<region>.aliyuncs.com.",
    namespaces=(),
    kind="boolean",
)
ENDPOINT_TYPE = Setting(
    "endpoint_type",
    "endpointType",
    ("ALIBABA_CLOUD_ENDPOINT_TYPE", "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE"),
    "vpc: the API is called at its host inside a VPC, hologram-vpc.<region>.aliyuncs.com.",
    namespaces=(),
)
EXTERNAL_PROCESS_DISABLED = Setting(
    "external_process_disabled",
    "externalProcessDisabled",
    ("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS",),
    "Whether profiles in mode External or CredentialsURI and a credentials URI are refused.",
    namespaces=(),
    kind="boolean",
)
ECS_METADATA_DISABLED = Setting(
    "ecs_metadata_disabled",
    "ecsMetadataDisabled",
    ("ALIBABA_CLOUD_ECS_METADATA_DISABLED",),
    "Whether the ECS metadata service is never asked.",
    namespaces=(),
    kind="boolean",
)
CLI_PROFILE_DISABLED = Setting(
    "cli_profile_disabled",
    "cliProfileDisabled",
    ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED",),
    "Whether the profiles of the CLI are never read.",
    namespaces=(),
    kind="boolean",
)

ENVIRONMENT_SETTINGS = (
    *(STS_REGION, VPC_ENDPOINT_ENABLED, ENDPOINT_TYPE),
    *(EXTERNAL_PROCESS_DISABLED, ECS_METADATA_DISABLED, CLI_PROFILE_DISABLED),
)
ALL_SETTINGS = (*SETTINGS, *ENVIRONMENT_SETTINGS)
SWITCHES = tuple(setting for setting in ALL_SETTINGS if setting.kind == "boolean")


@dataclass(frozen=True)
class ResolvedValue:
    """The value of a setting and its origin, in words; `level` is the position of the origin: 0 is an argument."""

    value: str = field(repr=False)
    origin: str
    level: int

    @property
    def is_argument(self) -> bool:
        """Whether the caller gave it with the call."""
        return self.level == ARGUMENT


ARGUMENT, ENVIRONMENT = 0, 9
Values = tuple[ResolvedValue, ...]


@dataclass(frozen=True)
class ResolvedSettings:
    """Every setting, looked up once: all values that are set, the first one first; unset and empty are the same.

    A value that is not a JSON object is kept as an error, which is raised when the object is needed.
    """

    values: Mapping[str, Values] = field(repr=False)
    fields: Mapping[tuple[str, str], Values] = field(repr=False)
    invalid: Mapping[str, ConfigurationError] = field(repr=False)
    home: str | None = None

    def all(self, setting: Setting) -> Values:
        """Return the value of each origin that has one."""
        return self.values[setting.argument]

    def find(self, setting: Setting) -> ResolvedValue | None:
        """Return the first value that is set, or None; of an object, the first JSON text."""
        return next(iter(self.values[setting.argument]), None)

    def find_field(self, setting: Setting, key: str) -> ResolvedValue | None:
        """Return the first value that is set of a field of an object, or None.

        Raises:
            ConfigurationError: the setting is not an object with known fields.
        """
        if setting.argument in self.invalid:
            raise self.invalid[setting.argument]
        return next(iter(self.fields[setting.argument, key]), None)

    def require(self, setting: Setting) -> ResolvedValue:
        """Return the first value that is set.

        Raises:
            ConfigurationError: none is; the message names every origin that can set it.
        """
        found = self.find(setting)
        if found is None:
            raise ConfigurationError(f"no {setting.key} is set", how_to_set(setting))
        return found

    def is_on(self, setting: Setting) -> bool:
        """Whether a switch is on.

        Raises:
            ConfigurationError: its value is neither on nor off.
        """
        found = self.find(setting)
        value = found.value.lower() if found else "0"
        if found and value not in ("1", "true", "0", "false"):
            raise ConfigurationError(
                f"{found.origin} is neither on nor off: {printable_start(found.value)!r}",
                "Set it to true or 1, or to false or 0.",
            )
        return value in ("1", "true")


def look_up(
    arguments: Mapping[str, str | None] | None = None,
    stack: Lookup | None = None,
    environ: Mapping[str, str] | None = None,
) -> ResolvedSettings:
    """Look every setting up: explicit argument, Pulumi configuration, environment.

    Args:
        arguments: explicit values, by the argument names of the settings.
        stack: reads the Pulumi configuration, where there is one.
        environ: the environment; the process's own when left out.
    """
    origins = _Origins(arguments or {}, stack or (lambda _key: None), os.environ if environ is None else environ)
    values = {setting.argument: tuple(origins.values_of(setting)) for setting in ALL_SETTINGS}
    fields: dict[tuple[str, str], Values] = {}
    invalid: dict[str, ConfigurationError] = {}
    for setting in (setting for setting in SETTINGS if setting.fields):
        try:
            objects = [(found, _fields(setting, found)) for found in values[setting.argument]]
        except ConfigurationError as error:
            invalid[setting.argument] = error
            continue
        for part in setting.fields:
            fields[setting.argument, part.key] = tuple(origins.values_of_field(part, objects))
    home = origins.environ.get("HOME") or origins.environ.get("USERPROFILE")
    return ResolvedSettings(values, fields, invalid, home)


@dataclass(frozen=True)
class _Origins:
    arguments: Mapping[str, str | None] = field(repr=False)
    stack: Lookup = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    def values_of(self, setting: Setting) -> Iterator[ResolvedValue]:
        argument = self.arguments.get(setting.argument)
        if argument:
            yield ResolvedValue(argument, f"argument {setting.argument}", ARGUMENT)
        for level, key in enumerate(setting.keys, 1):
            value = self.stack(key)
            if value:
                yield ResolvedValue(value, f"Pulumi config {key}", level)
        if setting.neighbours_endpoint:
            yield from self._neighbours_endpoint(setting.neighbours_endpoint)
        if not setting.fields:
            yield from self._in_environment(setting.environment)

    def values_of_field(
        self, part: Field, objects: Sequence[tuple[ResolvedValue, Mapping[str, str]]]
    ) -> Iterator[ResolvedValue]:
        for found, fields in objects:
            if fields.get(part.key):
                yield ResolvedValue(fields[part.key], f"{part.key} in {found.origin}", found.level)
        yield from self._in_environment(part.environment)

    def _in_environment(self, names: tuple[str, ...]) -> Iterator[ResolvedValue]:
        for name in names:
            value = self.environ.get(name)
            if value:
                yield ResolvedValue(value, f"environment {name}", ENVIRONMENT)

    def _neighbours_endpoint(self, service: str) -> Iterator[ResolvedValue]:
        """The host of a service in ``alicloud:endpoints``; what is no list of objects is the neighbour's to refuse."""
        try:
            document = json.loads(self.stack("alicloud:endpoints") or "[]")
        except (ValueError, RecursionError):
            document = []
        for at, endpoints in enumerate(document if isinstance(document, list) else [document]):
            host = endpoints.get(service) if isinstance(endpoints, dict) else None
            if host and isinstance(host, str):
                yield ResolvedValue(host, f"Pulumi config alicloud:endpoints[{at}].{service}", 2)


def _fields(setting: Setting, found: ResolvedValue) -> dict[str, str]:
    """The fields that are set in an object's JSON text; none of its values is in a message."""
    try:
        document = json.loads(found.value)
    except (ValueError, RecursionError):
        document = False
    if document is None:
        return {}
    if not isinstance(document, dict):
        example = f"{setting.keys[0]}.{setting.fields[0].key}"
        raise ConfigurationError(
            f"{found.origin} is not a JSON object", f"Set it with `pulumi config set --path {example} …`."
        )
    known = {part.key: part for part in setting.fields}
    for name in document:
        if name not in known:
            hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
            raise ConfigurationError(
                f"{found.origin} has an unknown field {printable_start(name)!r}{hint}", "Correct or remove it."
            )
    return {name: _text(value, name, found) for name, value in document.items() if value not in (None, "")}


def _text(value: object, name: str, found: ResolvedValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigurationError(f"{name} in {found.origin} is neither a text nor a whole number", "Give it as a text.")
    return str(value)


def printable_start(value: str) -> str:
    """The start of a value that is not a secret, for a message."""
    return "".join(c for c in value[:64] if c.isprintable())


def how_to_set(setting: Setting) -> str:
    """Name every origin that can set a setting, as one sentence and, for Pulumi, a command."""
    # The key's ID too: the engine keeps a stack's configuration in its state, and encrypts only what is secret.
    secret = " --secret" if setting.secret or setting is ACCESS_KEY else ""
    return (
        f"Set it with `pulumi config set{secret} {setting.keys[0]} …`"
        + "".join(f" (or {key})" for key in setting.keys[1:])
        + f", in the environment as {', '.join(setting.environment)}"
        + f", or as the argument {setting.argument}{'' if setting is REGION else ' of read_ai_nodes'}."
    )


def how_to_set_field(setting: Setting, part: Field) -> str:
    """Name every origin that can set a field of an object."""
    secret = " --secret" if part.secret else ""
    environment = f", or in the environment as {', '.join(part.environment)}" if part.environment else ""
    return f"Set it with `pulumi config set{secret} --path {setting.keys[0]}.{part.key} …`{environment}."


def environment_names() -> frozenset[str]:
    """Return every variable that a setting is read from."""
    return frozenset(name for setting in ALL_SETTINGS for name in setting.environment)
