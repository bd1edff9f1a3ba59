"""The regions of Hologres and the host names of their services, with the date and the sources of the list.

The list may be out of date. Therefore, a region that is not in the list is also read, and a notice is shown.
"""

import re

from .names import did_you_mean

AS_OF = "2026-11-27"
"""The date on which the list was last compared with its sources."""

DATA_SOURCES = (
    "endpoint map of the Alibaba Cloud Python SDK, alibabacloud-hologram20220601 1.11.1 (REGIONS)",
    "CreateInstance page of the Alibaba Cloud documentation, as of 2025-11-11 (NAMED_BY_THE_VENDOR)",
    "STS endpoint map of the Alibaba Cloud Go SDK, alibaba-cloud-sdk-go 1.63.107 (STS_EXCEPTIONS)",
)

REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5"),
    *("cn-beijing", "cn-chengdu", "cn-hangzhou", "cn-hongkong", "cn-north-2-gov-1", "cn-shanghai"),
    *("cn-shanghai-finance-1", "cn-shenzhen", "cn-shenzhen-finance-1", "cn-wulanchabu", "cn-zhangjiakou"),
    *("eu-central-1", "me-east-1", "na-south-1", "us-east-1", "us-west-1"),
)
"""The regions with a known endpoint; ``*`` means all of them."""

NAMED_BY_THE_VENDOR = ("cn-hangzhou-finance",)
"""Regions that are in the Alibaba Cloud documentation but have no endpoint in the SDK; ``*`` does not include them."""

PUBLIC_ENDPOINT = "hologram.{region}.aliyuncs.com"
VPC_ENDPOINT = "hologram-vpc.{region}.aliyuncs.com"
IN_ENDPOINT = "{region}"
"""The placeholder for the region in an endpoint."""

CENTRAL_STS = "sts.aliyuncs.com"
PUBLIC_STS = "sts.{region}.aliyuncs.com"
VPC_STS = "sts-vpc.{region}.aliyuncs.com"
STS_EXCEPTIONS = {
    "cn-beijing-finance-1": CENTRAL_STS,
    "cn-beijing-gov-1": CENTRAL_STS,
    "cn-hangzhou-finance": CENTRAL_STS,
    "cn-north-2-gov-1": "sts-vpc.cn-north-2-gov-1.aliyuncs.com",
    "cn-shenzhen-finance-1": "sts-vpc.cn-shenzhen-finance-1.aliyuncs.com",
}
"""The STS hosts that do not follow the pattern `PUBLIC_STS` or `VPC_STS`, by region."""

REGION_FORM = r"[a-z]{2,3}(-[a-z0-9]{1,24}){1,4}"


def is_region_name(text: str) -> bool:
    """Return True if text is a well-formed region ID.

    The check is a security measure: the region becomes part of the host name to which signed requests are sent.
    """
    return re.fullmatch(REGION_FORM, text) is not None


def is_known(region: str) -> bool:
    """Return True if Alibaba Cloud lists the region as a region with Hologres."""
    return region in REGIONS or region in NAMED_BY_THE_VENDOR


def region_notice(region: str) -> str | None:
    """Return a notice about a region that is not in the list, or None for a known region."""
    if is_known(region):
        return None
    guess = next((known for known in REGIONS if _is_typo(region, known)), None)
    hint = did_you_mean(region, [guess]) if guess else ""
    return f"{region} is not in the list of regions with Hologres as of {AS_OF}; it is read anyway{hint}"


def _is_typo(text: str, known: str) -> bool:
    """Return True if `text` is `known` with one letter missing, added, replaced or swapped with its neighbour.

    A different digit or an additional word is not a typo: ap-southeast-2 and cn-hangzhou-finance are separate regions.
    """
    changed = set(re.findall(r"[^a-z]+", text)) ^ set(re.findall(r"[^a-z]+", known))
    return not changed and text in _one_edit_away(known)


def _one_edit_away(word: str) -> set[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    removed = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    replaced = {left + letter + right[1:] for left, right in splits if right for letter in letters}
    added = {left + letter + right for left, right in splits for letter in letters}
    return removed | swapped | replaced | added


def service_host(region: str, *, vpc: bool = False) -> str:
    """Return the API host of a region."""
    return (VPC_ENDPOINT if vpc else PUBLIC_ENDPOINT).format(region=region)


def sts_host(region: str, *, vpc: bool = False) -> str:
    """Return the STS host of a region that is set explicitly for STS. The region does not have to be in the list."""
    return STS_EXCEPTIONS.get(region) or (VPC_STS if vpc else PUBLIC_STS).format(region=region)


def sts_host_for_read(region: str, *, vpc: bool = False) -> str:
    """Return the STS host for the region that is read. For a region that is not in the list, it is `CENTRAL_STS`."""
    return sts_host(region, vpc=vpc) if is_known(region) else CENTRAL_STS
