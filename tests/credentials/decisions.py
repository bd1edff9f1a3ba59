"""The decision table of credentials as data: the settings, and the expected requests to STS and to the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLE = "acs:ram::1234567890:role/reader"
UPPER = "acs:ram::1234567890:role/upper"
OIDC_ROLE = "acs:ram::1234567890:role/pod"
PROVIDER = "acs:ram::1234567890:oidc-provider/ack"

Values = Mapping[str, str]
Profile = Mapping[str, object]


@dataclass(frozen=True)
class Decision:
    """A row: the settings, and the expected requests.

    Attributes:
        arguments, stack, environ: the settings by origin; ``{folder}`` is a folder with a token file.
        profiles: those of the shared credentials file, the first one the current one.
        key: the AccessKey ID that signs first: at STS where a role is assumed, else at the API.
        token: the security token beside it.
        roles: the ARNs that STS is asked for, in order.
        sts: the hosts of STS that are asked, in order.
        host: the host of the API.
        error: words of the error; the row then has no requests.
    """

    name: str
    environ: Values = field(default_factory=dict)
    arguments: Values = field(default_factory=dict)
    stack: Values = field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()
    key: str | None = None
    token: str | None = None
    roles: tuple[str, ...] = ()
    sts: tuple[str, ...] = ()
    host: str = "hologram.cn-hangzhou.aliyuncs.com"
    error: str | None = None
    warnings: int = 0

    def __str__(self) -> str:
        return self.name


def keys(name: str, *, token: bool = False, prefix: str = "ALICLOUD") -> dict[str, str]:
    """A key pair in the environment, with the names of one prefix."""
    id_, secret = {
        "ALICLOUD": ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"),
        "ALIBABA_CLOUD": ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        "ALIBABACLOUD": ("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET"),
    }[prefix]
    pair = {id_: name, secret: f"canary-secret-of-{name}"}
    return pair | ({f"{prefix}_SECURITY_TOKEN": f"canary-token-of-{name}"} if token else {})


def stack_keys(name: str, namespace: str = "hologres") -> dict[str, str]:
    """A key pair in the Pulumi configuration."""
    return {f"{namespace}:accessKey": name, f"{namespace}:secretKey": f"canary-secret-of-{name}"}


def profile(name: str, mode: str, key: str | None = None, **fields: object) -> dict[str, object]:
    """A profile, with the key pair of this name."""
    pair = {"access_key_id": key, "access_key_secret": f"canary-secret-of-{key}"} if key else {}
    return {"name": name, "mode": mode, **pair, **fields}


ENV, CONFIG, FILE, OTHER = "env-id", "config-id", "file-id", "other-id"
POD = {
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
    "ALIBABA_CLOUD_ROLE_ARN": OIDC_ROLE,
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "{folder}/token",
}
POD_STS = {
    "ALIBABA_CLOUD_STS_REGION": "cn-beijing",
    "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED": "true",
    "ALIBABA_CLOUD_STS_ENDPOINT": "sts-vpc.cn-shanghai.aliyuncs.com",
}
ASSUME = {"ALICLOUD_ASSUME_ROLE_ARN": ROLE}
TWO = (profile("one", "AK", FILE, region_id="cn-hangzhou"), profile("two", "AK", OTHER, region_id="cn-beijing"))
PUBLIC = ("sts.cn-hangzhou.aliyuncs.com",)
TOKEN_OF = "canary-token-of-{}".format

DECISIONS = (
    # --- key pairs -------------------------------------------------------------------------------------------------
    Decision("keys in the environment", keys(ENV), key=ENV),
    Decision("temporary keys in the environment", keys(ENV, token=True), key=ENV, token=TOKEN_OF(ENV)),
    Decision(
        "keys of one family, a whole temporary set of another",
        keys(ENV) | keys(OTHER, token=True, prefix="ALIBABA_CLOUD"),
        key=ENV,
        warnings=1,
    ),
    Decision("keys in hologres:, keys in the environment", keys(ENV), stack=stack_keys(CONFIG), key=CONFIG, warnings=1),
    Decision("keys in alicloud:", stack=stack_keys(CONFIG, "alicloud"), key=CONFIG),
    Decision(
        "keys in hologres: before those in alicloud:",
        stack=stack_keys(CONFIG) | stack_keys(OTHER, "alicloud"),
        key=CONFIG,
        warnings=1,
    ),
    Decision(
        "half a pair in hologres: above a pair in the environment",
        keys(ENV),
        stack={"hologres:accessKey": CONFIG},
        error="is incomplete",
    ),
    Decision(
        "half a pair in the environment above a pair",
        {"ALICLOUD_ACCESS_KEY": OTHER} | keys(ENV, prefix="ALIBABA_CLOUD"),
        key=ENV,
        warnings=1,
    ),
    Decision(
        "the token of another family is not sent",
        keys(ENV) | {"ALIBABA_CLOUD_SECURITY_TOKEN": "canary-other"},
        key=ENV,
        warnings=1,
    ),
    Decision(
        "id in the configuration, secret in the environment",
        {"ALICLOUD_SECRET_KEY": f"canary-secret-of-{CONFIG}"},
        stack={"hologres:accessKey": CONFIG},
        key=CONFIG,
    ),
    # --- profiles --------------------------------------------------------------------------------------------------
    Decision("the current profile", profiles=TWO, key=FILE),
    Decision("a named profile", {"ALICLOUD_PROFILE": "two"}, profiles=TWO, key=OTHER),
    Decision("a profile by its third name", {"ALIBABACLOUD_PROFILE": "two"}, profiles=TWO, key=OTHER),
    Decision("keys before a configured profile", keys(ENV) | {"ALICLOUD_PROFILE": "two"}, profiles=TWO, key=ENV),
    Decision(
        "keys in the environment before a profile in hologres:",
        keys(ENV),
        stack={"hologres:profile": "two"},
        profiles=TWO,
        key=ENV,
    ),
    Decision(
        "a profile as an argument before keys in the environment and the configuration",
        keys(ENV),
        arguments={"profile": "two"},
        stack=stack_keys(CONFIG),
        profiles=TWO,
        key=OTHER,
        host="hologram.cn-beijing.aliyuncs.com",
    ),
    Decision(
        "a profile as an argument, without the configured role",
        ASSUME,
        arguments={"profile": "two"},
        profiles=TWO,
        key=OTHER,
        host="hologram.cn-beijing.aliyuncs.com",
    ),
    Decision(
        "a profile and a region as arguments",
        arguments={"profile": "two", "region": "cn-shanghai"},
        profiles=TWO,
        key=OTHER,
        host="hologram.cn-shanghai.aliyuncs.com",
    ),
    Decision(
        "a profile as an argument and half a pair in the configuration",
        stack={"hologres:accessKey": CONFIG},
        arguments={"profile": "two", "region": "cn-hangzhou"},
        profiles=TWO,
        key=OTHER,
    ),
    Decision(
        "keys and a profile as arguments",
        arguments={"profile": "two", "access_key": ENV, "secret_key": "canary"},
        profiles=TWO,
        error="more than one source of credentials is given",
    ),
    Decision(
        "a profile with a token assumes its role with it",
        profiles=(profile("p", "RamRoleArn", FILE, sts_token=TOKEN_OF(FILE), ram_role_arn=ROLE),),
        key=FILE,
        token=TOKEN_OF(FILE),
        roles=(ROLE,),
        sts=PUBLIC,
    ),
    Decision(
        "a chain of profiles",
        profiles=(
            profile("top", "ChainableRamRoleArn", source_profile="middle", ram_role_arn=UPPER),
            profile("middle", "RamRoleArn", FILE, ram_role_arn=ROLE, sts_region="cn-beijing"),
        ),
        key=FILE,
        roles=(ROLE, UPPER),
        sts=("sts.cn-beijing.aliyuncs.com", *PUBLIC),
    ),
    Decision("no mode, keys", profiles=(profile("p", "", FILE),), key=FILE),
    Decision("no mode, keys and a token", profiles=(profile("p", "", FILE, sts_token="t"),), key=FILE, token="t"),
    Decision(
        "no mode, keys, a token and a role: the token alone",
        profiles=(profile("p", "", FILE, sts_token="t", ram_role_arn=ROLE),),
        key=FILE,
        token="t",
    ),
    Decision(
        "no mode, keys and a role",
        profiles=(profile("p", "", FILE, ram_role_arn=ROLE),),
        key=FILE,
        roles=(ROLE,),
        sts=PUBLIC,
    ),
    Decision("a mode in another case", profiles=(profile("p", "ak", FILE),), key=FILE),
    Decision("BearerToken", profiles=(profile("p", "BearerToken", FILE),), error="mode BearerToken"),
    Decision("Anonymous", profiles=(profile("p", "Anonymous"),), error="mode Anonymous"),
    Decision("RsaKeyPair", profiles=(profile("p", "RsaKeyPair"),), error="mode RsaKeyPair"),
    Decision(
        "no mode, a private key",
        profiles=(profile("p", "", private_key="k", key_pair_name="n"),),
        error="mode RsaKeyPair",
    ),
    Decision(
        "no mode and no fields, keys of the environment are not borrowed",
        {"ALICLOUD_PROFILE": "p", "ALIBABA_CLOUD_ROLE_ARN": ROLE},
        profiles=(profile("p", ""),),
        error="neither a mode",
    ),
    # --- roles -----------------------------------------------------------------------------------------------------
    Decision("a role on keys", keys(ENV) | ASSUME, key=ENV, roles=(ROLE,), sts=PUBLIC),
    Decision(
        "a role on temporary keys",
        keys(ENV, token=True) | ASSUME,
        key=ENV,
        token=TOKEN_OF(ENV),
        roles=(ROLE,),
        sts=PUBLIC,
    ),
    Decision("a role on a profile", ASSUME, profiles=TWO, key=FILE, roles=(ROLE,), sts=PUBLIC),
    # --- pods ------------------------------------------------------------------------------------------------------
    Decision("a pod", POD, roles=(OIDC_ROLE,), sts=PUBLIC),
    *(
        Decision(
            f"a pod, {arn} and {provider}",
            {arn: OIDC_ROLE, provider: PROVIDER, file: "{folder}/token"},
            roles=(OIDC_ROLE,),
            sts=PUBLIC,
        )
        for arn in ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN")
        for provider in ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABACLOUD_OIDC_PROVIDER_ARN")
        for file in ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABACLOUD_OIDC_TOKEN_FILE")
    ),
    Decision("keys in a pod: the role of the pod is not assumed", POD | keys(ENV), key=ENV),
    Decision("another role in a pod", POD | ASSUME, roles=(OIDC_ROLE, ROLE), sts=PUBLIC * 2),
    Decision(
        "a role without a provider is assumed with the keys",
        keys(ENV) | {"ALIBABACLOUD_ROLE_ARN": ROLE},
        key=ENV,
        roles=(ROLE,),
        sts=PUBLIC,
    ),
    # --- hosts of STS ----------------------------------------------------------------------------------------------
    Decision("the STS host of a pod", POD | POD_STS, roles=(OIDC_ROLE,), sts=("sts-vpc.cn-shanghai.aliyuncs.com",)),
    Decision(
        "the STS region and the VPC switch of a pod",
        POD | {name: POD_STS[name] for name in list(POD_STS)[:2]},
        roles=(OIDC_ROLE,),
        sts=("sts-vpc.cn-beijing.aliyuncs.com",),
    ),
    Decision(
        "the STS region",
        POD | {"ALIBABA_CLOUD_STS_REGION": "cn-beijing"},
        roles=(OIDC_ROLE,),
        sts=("sts.cn-beijing.aliyuncs.com",),
    ),
    Decision(
        "the VPC switch with the region of the read",
        POD | {"ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED": "1"},
        roles=(OIDC_ROLE,),
        sts=("sts-vpc.cn-hangzhou.aliyuncs.com",),
    ),
    Decision(
        "alicloud:endpoints",
        POD | POD_STS,
        stack={"alicloud:endpoints": '[{"ecs": "e", "sts": "sts.eu-central-1.aliyuncs.com"}]'},
        roles=(OIDC_ROLE,),
        sts=("sts.eu-central-1.aliyuncs.com",),
    ),
    Decision(
        "hologres:stsEndpoint before alicloud:endpoints",
        POD,
        stack={
            "hologres:stsEndpoint": "sts.us-east-1.aliyuncs.com",
            "alicloud:endpoints": '[{"sts": "sts.eu-central-1.aliyuncs.com"}]',
        },
        roles=(OIDC_ROLE,),
        sts=("sts.us-east-1.aliyuncs.com",),
    ),
    Decision(
        "an STS host as an argument",
        POD | POD_STS,
        arguments={"sts_endpoint": "sts.us-west-1.aliyuncs.com"},
        roles=(OIDC_ROLE,),
        sts=("sts.us-west-1.aliyuncs.com",),
    ),
    Decision(
        "sts_endpoint of a profile before its sts_region",
        profiles=(
            profile(
                *("p", "RamRoleArn", FILE),
                ram_role_arn=ROLE,
                sts_endpoint="sts.cn-chengdu.aliyuncs.com",
                sts_region="x",
            ),
        ),
        key=FILE,
        roles=(ROLE,),
        sts=("sts.cn-chengdu.aliyuncs.com",),
    ),
    Decision(
        "sts_region of a profile, inside a VPC",
        profiles=(profile("p", "RamRoleArn", FILE, ram_role_arn=ROLE, sts_region="cn-beijing", enable_vpc=True),),
        key=FILE,
        roles=(ROLE,),
        sts=("sts-vpc.cn-beijing.aliyuncs.com",),
    ),
    Decision(
        "the environment before a profile's STS host",
        {"ALIBABA_CLOUD_STS_REGION": "cn-chengdu"},
        profiles=(profile("p", "RamRoleArn", FILE, ram_role_arn=ROLE, sts_endpoint="sts.cn-beijing.aliyuncs.com"),),
        key=FILE,
        roles=(ROLE,),
        sts=("sts.cn-chengdu.aliyuncs.com",),
    ),
    *(
        Decision(
            f"the STS host of {region}",
            keys(ENV) | ASSUME | {"ALICLOUD_REGION": region},
            key=ENV,
            roles=(ROLE,),
            sts=(host,),
            host=f"hologram.{region}.aliyuncs.com",
            warnings=unknown,
        )
        for region, host, unknown in (
            ("cn-shanghai-finance-1", "sts.cn-shanghai-finance-1.aliyuncs.com", 0),
            ("cn-shenzhen-finance-1", "sts-vpc.cn-shenzhen-finance-1.aliyuncs.com", 0),
            ("cn-north-2-gov-1", "sts-vpc.cn-north-2-gov-1.aliyuncs.com", 0),
            ("cn-hangzhou-finance", "sts.aliyuncs.com", 0),
            ("cn-newtown", "sts.aliyuncs.com", 1),
        )
    ),
    Decision("an STS region that is none", POD | {"ALIBABA_CLOUD_STS_REGION": "x@h/"}, error="is not a region"),
    # --- the host of the API ---------------------------------------------------------------------------------------
    Decision(
        "endpoint type vpc in the environment",
        keys(ENV) | {"ALIBABA_CLOUD_ENDPOINT_TYPE": "vpc"},
        key=ENV,
        host="hologram-vpc.cn-hangzhou.aliyuncs.com",
    ),
    Decision(
        "endpoint_type of the profile in use",
        profiles=(profile("p", "AK", FILE, endpoint_type="vpc"),),
        key=FILE,
        host="hologram-vpc.cn-hangzhou.aliyuncs.com",
    ),
    Decision(
        "an explicit endpoint before the endpoint type",
        keys(ENV) | {"ALIBABA_CLOUD_ENDPOINT_TYPE": "vpc", "HOLOGRAM_ENDPOINT": "hologram.example.com"},
        key=ENV,
        host="hologram.example.com",
    ),
    Decision(
        "another endpoint type",
        keys(ENV) | {"ALIBABA_CLOUD_ENDPOINT_TYPE": "intranet"},
        error="is not an endpoint type",
    ),
    # --- switches --------------------------------------------------------------------------------------------------
    *(
        Decision(f"{switch} is neither on nor off", keys(ENV) | {switch: "maybe"}, error="neither on nor off")
        for switch in (
            *("ALIBABA_CLOUD_IMDSV1_DISABLED", "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS"),
            *("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "ALIBABA_CLOUD_CLI_PROFILE_DISABLED"),
            "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",
        )
    ),
    *(
        Decision(
            f"no external process, {name}",
            {"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": on},
            profiles=profiles,
            error="ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS does not allow",
        )
        for on, name, profiles in (
            ("1", "mode External", (profile("p", "External", process_command="false"),)),
            ("TRUE", "mode CredentialsURI", (profile("p", "CredentialsURI", credentials_uri="http://h/"),)),
            (
                "true",
                "External at the end of a chain",
                (
                    profile("p", "ChainableRamRoleArn", source_profile="q", ram_role_arn=ROLE),
                    profile("q", "External", process_command="false"),
                ),
            ),
            ("1", "no mode and a command", (profile("p", "", process_command="false"),)),
        )
    ),
    Decision(
        "no external process, a credentials URI",
        {"ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS": "1", "ALICLOUD_CREDENTIALS_URI": "http://127.0.0.1/"},
        error="ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS does not allow",
    ),
    *(
        Decision(f"the switch is off: {off}", {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": off}, profiles=TWO, key=FILE)
        for off in ("0", "false", "False", "")
    ),
    Decision(
        "no metadata service, an ECS role",
        {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "1", "ALICLOUD_ECS_ROLE_NAME": "r"},
        error="ALIBABA_CLOUD_ECS_METADATA_DISABLED does not allow",
    ),
    Decision(
        "no metadata service, a profile",
        {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"},
        profiles=(profile("p", "RamRoleArnWithRoleName", ram_role_name="r", ram_role_arn=ROLE),),
        error="ALIBABA_CLOUD_ECS_METADATA_DISABLED does not allow",
    ),
    Decision(
        "no profiles of the CLI, a named one",
        {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "1", "ALICLOUD_PROFILE": "two"},
        profiles=TWO,
        error="ALIBABA_CLOUD_CLI_PROFILE_DISABLED does not allow",
    ),
    Decision(
        "no profiles of the CLI, the default one",
        {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "1"},
        profiles=TWO,
        error="no AccessKey is set",
    ),
    Decision("nothing is set", error="no AccessKey is set"),
)
