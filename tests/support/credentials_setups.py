"""Every source of credentials: its environment, and the kind of key that it returns."""

import asyncio
import copy
import json
import pickle
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hologres_ai.api.client import Client
from hologres_ai.config import CallConfig, resolve
from hologres_ai.credentials import Credentials
from tests.support.raw_server import http
from tests.support.stand_ins import (
    CANARY,
    EXTERNAL_ID,
    INSTANCE_ROLE,
    LOGIN,
    OIDC_TOKEN,
    PASSWORD,
    PROVIDER,
    ROLE,
    STATIC_SECRET,
    UPPER,
    StandIn,
)

KEYS = {"ALICLOUD_ACCESS_KEY": "static-id", "ALICLOUD_SECRET_KEY": STATIC_SECRET}
PROFILE_KEYS = {"access_key_id": "static-id", "access_key_secret": STATIC_SECRET}
NODES = http(200, b'{"requestId": "R-1", "instanceModelList": []}')


def shown(error: BaseException) -> str:
    """Everything of an error that a person or a file can see."""
    forms = [str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error)), str(copy.copy(error))]
    return "".join([*forms, *traceback.format_exception(error)])


@dataclass
class SourceSetup:
    """The stand-in of the services and the folder of a test, with helpers that set up a source of credentials."""

    stand_in: StandIn
    folder: Path

    @property
    def uri(self) -> str:
        return f"{self.stand_in.url}/credentials?p={PASSWORD}"

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def profile(self, mode: object, *others: Mapping[str, object], **fields: object) -> dict[str, str]:
        """The environment that names the profile `it` of a file, which has other profiles too."""
        profiles = [{"name": "it", "mode": mode, **fields}, *others]
        file = self.file("config.json", json.dumps({"current": "other", "profiles": profiles}))
        return {"ALICLOUD_PROFILE": "it", "ALICLOUD_SHARED_CREDENTIALS_FILE": file}

    def command(self, text: str) -> str:
        return f"{sys.executable} {self.file('command.py', text)}"


EXTERNAL = f"""
import json, pathlib
count = pathlib.Path(__file__).with_name("count")
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
print(json.dumps({{"mode": "StsToken", "access_key_id": f"external-id-{{number}}",
    "access_key_secret": "{CANARY}-external", "sts_token": "{CANARY}-external-token",
    "expiration": "2099-01-01T00:00:00Z"}}))
"""


def oidc(setup: SourceSetup) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": setup.file("token", OIDC_TOKEN),
    }


def default_profile(setup: SourceSetup) -> dict[str, str]:
    (setup.folder / ".aliyun").mkdir(exist_ok=True)
    profiles = [{"name": "default", "mode": "CredentialsURI", "credentials_uri": setup.uri}]
    setup.file(".aliyun/config.json", json.dumps({"current": "default", "profiles": profiles}))
    return {"HOME": str(setup.folder)}


Arrange = Callable[[SourceSetup], dict[str, str]]
AK = {"name": "ak", "mode": "AK", **PROFILE_KEYS}
CHAIN = {"name": "chain", "mode": "ChainableRamRoleArn", "source_profile": "ak", "ram_role_arn": ROLE}
OAUTH = {
    "oauth_site_type": "CN",
    "oauth_refresh_token": LOGIN,
    "oauth_access_token": "",
    "oauth_access_token_expire": 0,
}
SSO = {"cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": LOGIN}

REMOTE: dict[str, tuple[Arrange, str]] = {
    # the environment, and the kind of the key
    "profile RamRoleArn": (
        lambda setup: setup.profile("RamRoleArn", **PROFILE_KEYS, ram_role_arn=ROLE, external_id=EXTERNAL_ID),
        "role",
    ),
    "profile EcsRamRole": (lambda setup: setup.profile("EcsRamRole", ram_role_name=INSTANCE_ROLE), "ecs"),
    "profile EcsRamRole without a name": (lambda setup: setup.profile("EcsRamRole"), "ecs"),
    "profile RamRoleArnWithRoleName": (
        lambda setup: setup.profile("RamRoleArnWithRoleName", ram_role_name=INSTANCE_ROLE, ram_role_arn=ROLE),
        "role",
    ),
    "profile OIDC": (
        lambda setup: setup.profile(
            "OIDC", oidc_provider_arn=PROVIDER, oidc_token_file=setup.file("token", OIDC_TOKEN), ram_role_arn=ROLE
        ),
        "oidc",
    ),
    "profile CredentialsURI": (lambda setup: setup.profile("CredentialsURI", credentials_uri=setup.uri), "uri"),
    "profile ChainableRamRoleArn": (
        lambda setup: setup.profile("ChainableRamRoleArn", AK, CHAIN, source_profile="chain", ram_role_arn=UPPER),
        "role",
    ),
    "profile CloudSSO": (
        lambda setup: setup.profile(
            "CloudSSO", cloud_sso_sign_in_url=setup.stand_in.url, cloud_sso_access_token_expire=4102444800, **SSO
        ),
        "sso",
    ),
    "profile OAuth": (lambda setup: setup.profile("OAuth", **OAUTH), "oauth"),
    "default profile": (default_profile, "uri"),
    "credentials URI": (lambda setup: {"ALICLOUD_CREDENTIALS_URI": setup.uri}, "uri"),
    "ECS role": (lambda _setup: {"ALICLOUD_ECS_ROLE_NAME": INSTANCE_ROLE}, "ecs"),
    "OIDC, token in a file": (oidc, "oidc"),
    "OIDC, token as text": (
        lambda _setup: {
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
            "ALIBABA_CLOUD_ROLE_ARN": ROLE,
            "ALIBABA_CLOUD_OIDC_TOKEN": OIDC_TOKEN,
        },
        "oidc",
    ),
    "role on static keys": (lambda _setup: {**KEYS, "ALICLOUD_ASSUME_ROLE_ARN": ROLE}, "role"),
    "role on a security token": (
        lambda setup: {"ALICLOUD_CREDENTIALS_URI": setup.uri, "ALICLOUD_ASSUME_ROLE_ARN": ROLE},
        "role",
    ),
}
LOCAL: dict[str, tuple[Arrange, str]] = {
    "static keys": (lambda _setup: KEYS, "static-id"),
    "profile AK": (lambda setup: setup.profile("AK", **PROFILE_KEYS), "static-id"),
    "profile StsToken": (lambda setup: setup.profile("StsToken", **PROFILE_KEYS, sts_token=LOGIN), "static-id"),
    "profile External": (
        lambda setup: setup.profile("External", process_command=setup.command(EXTERNAL)),
        "external-id-1",
    ),
}


def settings_of(setup: SourceSetup, environ: Mapping[str, str], **arguments: str) -> CallConfig:
    base = {"ALICLOUD_REGION": "cn-hangzhou", "STS_ENDPOINT": setup.stand_in.url}
    return resolve(arguments, None, base | dict(environ))


def get(settings: CallConfig) -> Credentials:
    return asyncio.run(Client(settings).credentials())
