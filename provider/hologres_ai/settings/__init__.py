"""The table of settings: names, environment variables and descriptions. `lookup` finds their values.

The names are the same as in pulumi-alicloud and its Terraform provider, so that a stack that is configured for
pulumi-alicloud works without changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..names import to_snake

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
        key: the Pulumi configuration key, without the namespace.
        environment: the environment variables, in order of precedence. For an object, the variables of all its fields.
        description: the text for the documentation.
        secret: whether the value is a secret.
        namespaces: the namespaces of the key, in order of precedence. If there are none, the setting is read only from
            an argument and the environment.
        kind: ``string``, ``integer``, ``boolean`` or ``object``. An object is JSON text in the Pulumi configuration.
        fields: the fields of an object.
    """

    key: str
    environment: tuple[str, ...]
    description: str
    secret: bool = False
    namespaces: tuple[str, ...] = NAMESPACES
    kind: str = "string"
    fields: tuple[Field, ...] = ()

    @property
    def argument(self) -> str:
        """The name of the argument: the key in snake case."""
        return to_snake(self.key)

    @property
    def keys(self) -> tuple[str, ...]:
        """The Pulumi configuration keys, in order of precedence."""
        return tuple(f"{namespace}:{self.key}" for namespace in self.namespaces)

    def variables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each name that can be set by variables, and those variables.

        The name is that of the setting, such as ``region``, or that of a field, such as ``assumeRole.roleArn``.
        """
        if not self.fields:
            yield self.key, self.environment
        yield from ((f"{self.key}.{part.key}", part.environment) for part in self.fields if part.environment)


ACCESS_KEY = Setting(
    "accessKey",
    ("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID"),
    "ID of the AccessKey that signs the requests.",
)
SECRET_KEY = Setting(
    "secretKey",
    (
        *("ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        *("ALIBABACLOUD_ACCESS_KEY_SECRET", "ALICLOUD_ACCESS_KEY_SECRET"),
    ),
    "Secret of the AccessKey.",
    secret=True,
)
SECURITY_TOKEN = Setting(
    "securityToken",
    ("ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"),
    "Security token (STS) of a temporary AccessKey.",
    secret=True,
)
REGION = Setting(
    "region",
    (
        *("ALICLOUD_REGION", "ALIBABA_CLOUD_REGION", "ALIBABA_CLOUD_REGION_ID"),
        *("ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID"),
    ),
    "Region to read, such as cn-hangzhou. There is no default except the region of the profile in use.",
)
PROFILE = Setting(
    "profile",
    ("ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE"),
    "Name of a profile in the shared credentials file. Defaults to the current profile of the file.",
)
SHARED_CREDENTIALS_FILE = Setting(
    "sharedCredentialsFile",
    ("ALICLOUD_SHARED_CREDENTIALS_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"),
    "JSON file with the profiles, as `aliyun configure` writes it. Defaults to ~/.aliyun/config.json.",
)
CREDENTIALS_URI = Setting(
    "credentialsUri",
    ("ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI"),
    "URL of a local service that returns temporary credentials.",
    secret=True,  # the URL of some services contains a password
)
ECS_ROLE_NAME = Setting(
    "ecsRoleName",
    ("ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"),
    "Name of the RAM role of this ECS instance. The metadata service of the instance returns its credentials.",
)
IMDS_V1_DISABLED = Setting(
    "imdsV1Disabled",
    ("ALIBABA_CLOUD_IMDSV1_DISABLED",),
    "Whether only version 2 of the metadata service is used, which requires a session token. Defaults to false.",
    namespaces=("hologres",),
    kind="boolean",
)

_SESSION = "Duration of the session, in seconds, from 900 to 43200. Defaults to 3600."
_POLICY = Field("policy", (), "RAM policy, as JSON text, that restricts the permissions of the session.")
# The meaning of these variables depends on the source of credentials. In a pod, they are set for OIDC and contain the
# ARN of the role for AssumeRoleWithOIDC. In other environments, they contain the ARN of the role to assume.
SHARED_ROLE_ARN = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN")
ROLE_ARN = Field("roleArn", ("ALICLOUD_ASSUME_ROLE_ARN", *SHARED_ROLE_ARN), "ARN of the RAM role, acs:ram::…:role/….")
OIDC_ROLE_ARN = Field("roleArn", SHARED_ROLE_ARN, ROLE_ARN.description)


def _object(key: str, description: str, *fields: Field) -> Setting:
    names = dict.fromkeys(name for part in fields for name in part.environment)
    return Setting(key, tuple(names), description, kind="object", fields=fields)


ASSUME_ROLE = _object(
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
        "File that contains the OIDC token. It is read again on every refresh.",
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
    "stsEndpoint",
    ("ALIBABA_CLOUD_STS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_STS", "STS_ENDPOINT"),
    "Host of STS, such as sts-vpc.cn-hangzhou.aliyuncs.com inside a VPC. Defaults to the host of the region.",
    namespaces=("hologres",),
)
ENDPOINT = Setting(
    "endpoint",
    ("ALIBABA_CLOUD_ENDPOINT_HOLOGRAM", "HOLOGRAM_ENDPOINT"),
    "Host of the API, with an optional port; {region} in it is replaced by the region, as in "
    "hologram-vpc.{region}.aliyuncs.com. Defaults to hologram.<region>.aliyuncs.com.",
    namespaces=("hologres",),
)
CONNECT_TIMEOUT = Setting(
    "clientConnectTimeout",
    ("CLIENT_CONNECT_TIMEOUT",),
    "Time limit for opening a connection, in milliseconds. Defaults to 5000.",
    kind="integer",
)
READ_TIMEOUT = Setting(
    "clientReadTimeout",
    ("CLIENT_READ_TIMEOUT",),
    "Time limit for each read of response data, in milliseconds. Defaults to 10000.",
    kind="integer",
)
DEADLINE = Setting(
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

# Settings that are read only from the environment. Alibaba Cloud clients, a cluster or an administrator set them there.
STS_REGION = Setting("stsRegion", ("ALIBABA_CLOUD_STS_REGION",), "Region whose STS host is used.", namespaces=())
VPC_ENDPOINT_ENABLED = Setting(
    "vpcEndpointEnabled",
    ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",),
    "Whether to use the STS host inside a VPC, sts-vpc.<region>.aliyuncs.com.",
    namespaces=(),
    kind="boolean",
)
ENDPOINT_TYPE = Setting(
    "endpointType",
    ("ALIBABA_CLOUD_ENDPOINT_TYPE", "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE"),
    "Set to vpc to use the API host inside a VPC, hologram-vpc.<region>.aliyuncs.com.",
    namespaces=(),
)
EXTERNAL_PROCESS_DISABLED = Setting(
    "externalProcessDisabled",
    ("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS",),
    "Whether to refuse credentials URIs, and profiles in mode External or CredentialsURI.",
    namespaces=(),
    kind="boolean",
)
ECS_METADATA_DISABLED = Setting(
    "ecsMetadataDisabled",
    ("ALIBABA_CLOUD_ECS_METADATA_DISABLED",),
    "Whether to disable requests to the ECS metadata service.",
    namespaces=(),
    kind="boolean",
)
CLI_PROFILE_DISABLED = Setting(
    "cliProfileDisabled",
    ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED",),
    "Whether to disable the profiles of the Alibaba Cloud CLI.",
    namespaces=(),
    kind="boolean",
)

ENVIRONMENT_SETTINGS = (
    *(STS_REGION, VPC_ENDPOINT_ENABLED, ENDPOINT_TYPE),
    *(EXTERNAL_PROCESS_DISABLED, ECS_METADATA_DISABLED, CLI_PROFILE_DISABLED),
)
ALL_SETTINGS = (*SETTINGS, *ENVIRONMENT_SETTINGS)
SWITCHES = tuple(setting for setting in ALL_SETTINGS if setting.kind == "boolean")


def how_to_set(setting: Setting) -> str:
    """Return an instruction with every way to set a setting: Pulumi command, variables and argument."""
    # --secret is also used for the AccessKey ID: the engine stores the configuration in the state, and encrypts only
    # secret values.
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
