"""The settings, and their look-up in explicit arguments, the Pulumi configuration and the environment, in this order.

The names are those of pulumi-alicloud and its Terraform provider, so that a stack that is configured for them works
without changes. Each setting has the value of the first origin that sets it; a key pair has its own rule, see
`credentials.key_pair`.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .errors import ConfigurationError
from .names import did_you_mean

Lookup = Callable[[str], str | None]
"""A function that returns the value of a Pulumi configuration key, such as ``hologres:region``, or None."""

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
    """One setting.

    Attributes:
        argument: the name of the argument.
        key: the Pulumi configuration key, without the namespace.
        environment: the environment variables, in order of precedence. For an object, the variables of all its fields.
        description: the text for the documentation.
        secret: whether the value is a secret.
        namespaces: the namespaces of the key, in order of precedence. Without any, the setting is read only from an
            argument and the environment.
        kind: ``string``, ``integer``, ``boolean`` or ``object``. An object is JSON text in the Pulumi configuration.
        fields: the fields of an object.
        neighbours_endpoint: the name of the service in ``alicloud:endpoints``, for a setting that is read there too.
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
        """The Pulumi configuration keys, in order of precedence."""
        return tuple(f"{namespace}:{self.key}" for namespace in self.namespaces)

    def variables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each name that has variables, such as ``region`` or ``assumeRole.roleArn``, and the variables."""
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
    "Secret of the AccessKey.",
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
    "Name of a profile in the shared credentials file. Defaults to the current profile of the file.",
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
    secret=True,  # the URL of some services contains a password
)
ECS_ROLE_NAME = Setting(
    "ecs_role_name",
    "ecsRoleName",
    ("ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"),
    "Name of the RAM role of this ECS instance. The metadata service of the instance returns its credentials.",
)
IMDS_V1_DISABLED = Setting(
    "imds_v1_disabled",
    "imdsV1Disabled",
    ("ALIBABA_CLOUD_IMDSV1_DISABLED",),
    "Whether only version 2 of the metadata service is used, which requires a session token. Defaults to false.",
    namespaces=("hologres",),
    kind="boolean",
)

_SESSION = "Duration of the session, in seconds, from 900 to 43200. Defaults to 3600."
_POLICY = Field("policy", (), "RAM policy, as JSON text, that restricts the permissions of the session.")
# The role that these variables name depends on the source of credentials: in a pod they are set for OIDC, and name the
# role of AssumeRoleWithOIDC; otherwise they name the role to assume.
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
    Field("oidcToken", ("ALIBABA_CLOUD_OIDC_TOKEN",), "OIDC token.", secret=True),
    Field(
        "oidcTokenFile",
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABACLOUD_OIDC_TOKEN_FILE"),
        "File that contains the OIDC token. It is read again at every refresh.",
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
    "Time limit for opening a connection, in milliseconds. Defaults to 5000.",
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

# Settings that are read only from the environment. The vendor's clients, a cluster or an administrator set them there.
STS_REGION = Setting(
    "sts_region", "stsRegion", ("ALIBABA_CLOUD_STS_REGION",), "Region whose STS host is used.", namespaces=()
)
VPC_ENDPOINT_ENABLED = Setting(
    "vpc_endpoint_enabled",
    "vpcEndpointEnabled",
    ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",),
    "Whether to use the STS host inside a VPC, sts-vpc.<region>.aliyuncs.com.",
    namespaces=(),
    kind="boolean",
)
ENDPOINT_TYPE = Setting(
    "endpoint_type",
    "endpointType",
    ("ALIBABA_CLOUD_ENDPOINT_TYPE", "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE"),
    "Set to vpc to use the API host inside a VPC, hologram-vpc.<region>.aliyuncs.com.",
    namespaces=(),
)
EXTERNAL_PROCESS_DISABLED = Setting(
    "external_process_disabled",
    "externalProcessDisabled",
    ("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS",),
    "Whether to refuse credentials URIs, and profiles in mode External or CredentialsURI.",
    namespaces=(),
    kind="boolean",
)
ECS_METADATA_DISABLED = Setting(
    "ecs_metadata_disabled",
    "ecsMetadataDisabled",
    ("ALIBABA_CLOUD_ECS_METADATA_DISABLED",),
    "Whether to disable requests to the ECS metadata service.",
    namespaces=(),
    kind="boolean",
)
CLI_PROFILE_DISABLED = Setting(
    "cli_profile_disabled",
    "cliProfileDisabled",
    ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED",),
    "Whether to disable the profiles of the vendor's CLI.",
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
    """The value of a setting, its origin as text, and the precedence of the origin as `level`: 0 is an argument."""

    value: str = field(repr=False)
    origin: str
    level: int

    @property
    def is_argument(self) -> bool:
        """Whether the value was passed as an argument."""
        return self.level == ARGUMENT


ARGUMENT, ENVIRONMENT = 0, 9
Values = tuple[ResolvedValue, ...]


@dataclass(frozen=True)
class ResolvedSettings:
    """The values of all settings, after one look-up. An empty value is the same as an unset one.

    Attributes:
        values: for each argument name, the values that are set, in order of precedence.
        fields: the same for each field of an object, by argument name and key of the field.
        invalid: for each object with an invalid value, the error, which is raised when a field of it is requested.
        home: the home directory of the user, if the environment has one.
    """

    values: Mapping[str, Values] = field(repr=False)
    fields: Mapping[tuple[str, str], Values] = field(repr=False)
    invalid: Mapping[str, ConfigurationError] = field(repr=False)
    home: str | None = None

    def all(self, setting: Setting) -> Values:
        """Return all values that are set, in order of precedence."""
        return self.values[setting.argument]

    def find(self, setting: Setting) -> ResolvedValue | None:
        """Return the first value that is set, or None. The value of an object is its JSON text."""
        return next(iter(self.values[setting.argument]), None)

    def find_field(self, setting: Setting, key: str) -> ResolvedValue | None:
        """Return the first value that is set for a field of an object, or None.

        Raises:
            ConfigurationError: the value of the setting is not a JSON object, or has an unknown or invalid field.
        """
        if setting.argument in self.invalid:
            raise self.invalid[setting.argument]
        return next(iter(self.fields[setting.argument, key]), None)

    def require(self, setting: Setting) -> ResolvedValue:
        """Return the first value that is set.

        Raises:
            ConfigurationError: no value is set. The message names every origin that can set one.
        """
        found = self.find(setting)
        if found is None:
            raise ConfigurationError(f"no {setting.key} is set", how_to_set(setting))
        return found

    def is_on(self, setting: Setting) -> bool:
        """Return True if a boolean setting is on. An unset one is off.

        Raises:
            ConfigurationError: the value is neither on nor off.
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
    """Look up all settings in the explicit arguments, the Pulumi configuration and the environment.

    Args:
        arguments: explicit values, by the argument names of the settings.
        stack: the function that reads the Pulumi configuration, if there is one.
        environ: the environment variables; by default those of the process.
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
        """Yield the hosts of a service in ``alicloud:endpoints``.

        An invalid value is ignored: the setting belongs to pulumi-alicloud, which reports the error.
        """
        try:
            document = json.loads(self.stack("alicloud:endpoints") or "[]")
        except (ValueError, RecursionError):
            document = []
        for at, endpoints in enumerate(document if isinstance(document, list) else [document]):
            host = endpoints.get(service) if isinstance(endpoints, dict) else None
            if host and isinstance(host, str):
                yield ResolvedValue(host, f"Pulumi config alicloud:endpoints[{at}].{service}", 2)


def _fields(setting: Setting, found: ResolvedValue) -> dict[str, str]:
    """Parse the JSON text of an object, and return the fields that are set. Error messages contain no value."""
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
        raise ConfigurationError(f"{name} in {found.origin} is neither a string nor an integer", "Set it to a string.")
    return str(value)


def printable_start(value: str) -> str:
    """Return the first 64 characters of a value, without non-printable ones, for a message. Not for secrets."""
    return "".join(c for c in value[:64] if c.isprintable())


def how_to_set(setting: Setting) -> str:
    """Return an instruction with every way to set a setting: Pulumi command, variables and argument."""
    # The ID of the AccessKey too: the engine stores the configuration in the state, and encrypts only secret values.
    secret = " --secret" if setting.secret or setting is ACCESS_KEY else ""
    return (
        f"Set it with `pulumi config set{secret} {setting.keys[0]} …`"
        + "".join(f" (or {key})" for key in setting.keys[1:])
        + f", in the environment as {', '.join(setting.environment)}"
        + f", or as the argument {setting.argument}{'' if setting is REGION else ' of read_ai_nodes'}."
    )


def how_to_set_field(setting: Setting, part: Field) -> str:
    """Return an instruction with every way to set a field of an object."""
    secret = " --secret" if part.secret else ""
    environment = f", or in the environment as {', '.join(part.environment)}" if part.environment else ""
    return f"Set it with `pulumi config set{secret} --path {setting.keys[0]}.{part.key} …`{environment}."


def environment_names() -> frozenset[str]:
    """Return the names of all environment variables that settings are read from."""
    return frozenset(name for setting in ALL_SETTINGS for name in setting.environment)
