"""The regions: known ones, unknown ones with a notice, and the hosts that follow from a region."""

from datetime import date

import pytest

from hologres_ai.config import resolve
from hologres_ai.region_data import AS_OF, DATA_SOURCES, REGIONS, is_known, region_notice, service_host, sts_host

KEYS = {"access_key": "a", "secret_key": "b"}


def test_the_list_has_a_date_and_sources() -> None:
    assert date.fromisoformat(AS_OF) >= date(2026, 11, 27)
    assert all(DATA_SOURCES)
    assert list(REGIONS) == sorted(set(REGIONS))


@pytest.mark.parametrize("region", [*REGIONS, "cn-hangzhou-finance"])
def test_a_known_region_has_no_notice(region: str) -> None:
    assert is_known(region)
    assert region_notice(region) is None


@pytest.mark.parametrize(
    "region",
    # regions of the vendor that differ from a known one by a digit or a word
    [
        *("ap-southeast-2", "ap-southeast-7", "cn-guangzhou", "cn-shanghai-finance-2", "cn-hangzhou-finance-2"),
        *("us-west-2", "eu-west-1", "cn-qingdao", "cn-huhehaote", "me-central-1", "cn-shenzhen-finance"),
    ],
)
def test_an_unknown_region_has_a_notice_without_a_suggestion(region: str) -> None:
    config = resolve({**KEYS, "region": region}, None, {})
    assert config.endpoint.host == f"hologram.{region}.aliyuncs.com"
    [notice] = config.warnings
    assert notice.startswith(f"{region} is not in the list of regions with Hologres as of {AS_OF}")
    assert "did you mean" not in notice


@pytest.mark.parametrize(
    ("typo", "region"),
    [
        ("cn-hangzou", "cn-hangzhou"),
        ("cn-hangzhuo", "cn-hangzhou"),
        ("cn-shangha", "cn-shanghai"),
        ("cn-beijingg", "cn-beijing"),
        ("eu-centrel-1", "eu-central-1"),
    ],
)
def test_a_region_with_one_wrong_letter_has_a_suggestion(typo: str, region: str) -> None:
    assert f'did you mean "{region}"?' in (region_notice(typo) or "")


def test_the_host_of_the_api_follows_from_the_region() -> None:
    assert service_host("cn-hangzhou") == "hologram.cn-hangzhou.aliyuncs.com"
    assert service_host("cn-hangzhou", vpc=True) == "hologram-vpc.cn-hangzhou.aliyuncs.com"


def test_an_unknown_region_for_sts_is_used_unchanged() -> None:
    assert sts_host("cn-newtown") == "sts.cn-newtown.aliyuncs.com"
    assert sts_host("cn-newtown", vpc=True) == "sts-vpc.cn-newtown.aliyuncs.com"
