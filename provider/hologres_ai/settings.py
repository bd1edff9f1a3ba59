"""The settings there are, and the places where each is looked for: argument, Pulumi configuration, environment.

The names are those of pulumi-alicloud and its Terraform provider, so that a stack set up for them works as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping
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
    """One setting: the argument's and the configuration key's name, and the environment's, the first first.

    `kind` is ``string``, ``integer``, ``boolean`` or ``object``. An object is JSON text in the Pulumi configuration,
    has `fields`, and its `environment` is that of all of them.
    """

    argument: str
    key: str
    environment: tuple[str, ...]
    description: str
    secret: bool = False
    namespaces: tuple[str, ...] = NAMESPACES
    kind: str = "string"
    fields: tuple[Field, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The Pulumi configuration keys, the first first."""
        return tuple(f"{namespace}:{self.key}" for namespace in self.namespaces)

    def variables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What the environment can set: ``region``, or ``assumeRole.roleArn``, with the names for it."""
        if not self.fields:
            yield self.key, self.environment
        yield from ((f"{self.key}.{part.key}", part.environment) for part in self.fields if part.environment)


ACCESS_KEY = Setting(
    "access_key",
    "accessKey",
    ("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID"),
    "ID of the AccessKey that signs the requests.",
)
SECRET_KEY = Setting(
    "secret_key",
    "secretKey",
    ("ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET"),
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
    "Region to read, such as cn-hangzhou. There is no default but the region of the profile that is used.",
)
PROFILE = Setting(
    "profile",
    "profile",
    ("ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE"),
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
    "URL of a local service that hands out temporary credentials.",
    secret=True,  # some services want a password in it
)
ECS_ROLE_NAME = Setting(
    "ecs_role_name",
    "ecsRoleName",
    ("ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"),
    "Name of the RAM role of the ECS instance that this runs on; its metadata service hands out credentials.",
)
IMDS_V1_DISABLED = Setting(
    "imds_v1_disabled",
    "imdsV1Disabled",
    ("ALIBABA_CLOUD_IMDSV1_DISABLED",),
    "Whether the metadata service must speak version 2, which wants a session token. Defaults to false.",
    namespaces=("hologres",),
    kind="boolean",
)

_SESSION = "How long the session lasts, in seconds, from 900 to 43200. Defaults to 3600."
_POLICY = Field("policy", (), "Policy, as JSON text, that narrows what the session may do.")
ROLE_ARN = Field(
    "roleArn", ("ALICLOUD_ASSUME_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"), "ARN of the RAM role, acs:ram::…:role/…."
)
OIDC_ROLE_ARN = Field("roleArn", ("ALIBABA_CLOUD_ROLE_ARN",), ROLE_ARN.description)


def _object(argument: str, key: str, description: str, *fields: Field) -> Setting:
    names = dict.fromkeys(name for part in fields for name in part.environment)
    return Setting(argument, key, tuple(names), description, kind="object", fields=fields)


ASSUME_ROLE = _object(
    "assume_role",
    "assumeRole",
    "A RAM role to assume with the credentials that were found, whichever way.",
    ROLE_ARN,
    Field(
        "sessionName",
        ("ALICLOUD_ASSUME_ROLE_SESSION_NAME", "ALIBABA_CLOUD_ROLE_SESSION_NAME"),
        "Name of the session, for the audit log. Defaults to hologres-ai.",
    ),
    Field("sessionExpiration", ("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION",), _SESSION, kind="integer"),
    _POLICY,
    Field("externalId", (), "External ID that the role's owner has agreed on.", secret=True),
)
ASSUME_ROLE_WITH_OIDC = _object(
    "assume_role_with_oidc",
    "assumeRoleWithOidc",
    "A RAM role to assume with the token of an OIDC identity provider, as in a pod or a CI job.",
    Field("oidcProviderArn", ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN",), "ARN of the identity provider in RAM."),
    Field("oidcToken", ("ALIBABA_CLOUD_OIDC_TOKEN",), "The token itself.", secret=True),
    Field("oidcTokenFile", ("ALIBABA_CLOUD_OIDC_TOKEN_FILE",), "File with the token; read anew at every refresh."),
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
    ("ALIBABA_CLOUD_ENDPOINT_STS", "STS_ENDPOINT"),
    "Host of STS, such as sts-vpc.cn-hangzhou.aliyuncs.com inside a VPC. Defaults to sts.aliyuncs.com.",
    namespaces=("hologres",),
)
ENDPOINT = Setting(
    "endpoint",
    "endpoint",
    ("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "HOLOGRAM_ENDPOINT"),
    "Host of the API, with an optional port; {region} in it stands for the region, as in "
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
    "Time limit for a wait within an answer, in milliseconds. Defaults to 10000.",
    kind="integer",
)
DEADLINE = Setting(
    "max_retry_timeout",
    "maxRetryTimeout",
    ("MAX_RETRY_TIMEOUT",),
    "Time limit for a whole read with all its tries, in seconds. Defaults to 60.",
    kind="integer",
)

SETTINGS = (
    *(ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, REGION, PROFILE, SHARED_CREDENTIALS_FILE),
    *(CREDENTIALS_URI, ECS_ROLE_NAME, IMDS_V1_DISABLED, ASSUME_ROLE, ASSUME_ROLE_WITH_OIDC),
    *(STS_ENDPOINT, ENDPOINT, CONNECT_TIMEOUT, READ_TIMEOUT, DEADLINE),
)


@dataclass(frozen=True)
class ResolvedValue:
    """A setting's value, where it was found, and how far down the order that was: 0 is an argument."""

    value: str = field(repr=False)
    origin: str
    level: int


_ENVIRONMENT_LEVEL = 9


@dataclass(frozen=True)
class SettingsReader:
    """The three places a setting may come from; unset and empty are the same."""

    arguments: Mapping[str, str | None] = field(repr=False)
    stack: Lookup = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    def find(self, setting: Setting) -> ResolvedValue | None:
        """The first value that is set, or None; of an object, the first JSON text."""
        candidates = [*self._configured(setting)]
        if not setting.fields:
            candidates += self._in_environment(setting.environment)
        return next(iter(candidates), None)

    def find_field(self, setting: Setting, part: Field) -> ResolvedValue | None:
        """The first value that is set of one field of an object, or None.

        Raises:
            ConfigurationError: a place that is asked holds no such object.
        """
        for found in self._configured(setting):
            value = _fields(setting, found).get(part.key)
            if value:
                return ResolvedValue(value, f"{part.key} in {found.origin}", found.level)
        return next(self._in_environment(part.environment), None)

    def require(self, setting: Setting) -> ResolvedValue:
        """The first value that is set.

        Raises:
            ConfigurationError: none is; the message names every place where it can be set.
        """
        found = self.find(setting)
        if found is None:
            raise ConfigurationError(f"no {setting.key} is set", how_to_set(setting))
        return found

    def _configured(self, setting: Setting) -> Iterator[ResolvedValue]:
        argument = self.arguments.get(setting.argument)
        if argument:
            yield ResolvedValue(argument, f"argument {setting.argument}", 0)
        for level, key in enumerate(setting.keys, 1):
            value = self.stack(key)
            if value:
                yield ResolvedValue(value, f"Pulumi config {key}", level)

    def _in_environment(self, names: tuple[str, ...]) -> Iterator[ResolvedValue]:
        for name in names:
            value = self.environ.get(name)
            if value:
                yield ResolvedValue(value, f"environment {name}", _ENVIRONMENT_LEVEL)


def _fields(setting: Setting, found: ResolvedValue) -> dict[str, str]:
    """The fields that are set in an object's JSON text; none of its values is in a message."""
    try:
        document = json.loads(found.value)
    except (ValueError, RecursionError):
        document = False
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"{found.origin} is not a JSON object", f"Set it with `pulumi config set --path {_example(setting)} …`."
        )
    known = {part.key: part for part in setting.fields}
    for name in document:
        if name not in known:
            hint = did_you_mean(name, known) or f"; known are {', '.join(known)}"
            raise ConfigurationError(
                f"{found.origin} has an unknown field {name[:64]!r}{hint}", "Correct or remove it."
            )
    return {name: _text(value, name, found) for name, value in document.items() if value not in (None, "")}


def _text(value: object, name: str, found: ResolvedValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigurationError(f"{name} in {found.origin} is neither a text nor a whole number", "Give it as a text.")
    return str(value)


def _example(setting: Setting) -> str:
    return f"{setting.keys[0]}.{setting.fields[0].key}"


def how_to_set(setting: Setting) -> str:
    """Every place where a setting can be set, as one sentence and, for Pulumi, a command."""
    # The key's ID too: the engine keeps a stack's configuration in its state, and only what is secret is encrypted.
    secret = " --secret" if setting.secret or setting is ACCESS_KEY else ""
    return (
        f"Set it with `pulumi config set{secret} {setting.keys[0]} …`"
        + "".join(f" (or {key})" for key in setting.keys[1:])
        + f", in the environment as {', '.join(setting.environment)}"
        + f", or as the argument {setting.argument}{'' if setting is REGION else ' of read_ai_nodes'}."
    )


def how_to_set_field(setting: Setting, part: Field) -> str:
    """Every place where a field of an object can be set."""
    secret = " --secret" if part.secret else ""
    environment = f", or in the environment as {', '.join(part.environment)}" if part.environment else ""
    return f"Set it with `pulumi config set{secret} --path {setting.keys[0]}.{part.key} …`{environment}."
