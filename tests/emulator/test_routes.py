"""The route of the API: responses, request ids and filters."""

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from hologres_ai.credentials import Credentials
from hologres_ai.emulator import (
    EMULATOR_ACCESS_KEY_ID,
    EMULATOR_ACCESS_KEY_SECRET,
    Emulator,
)
from tests.emulator.helpers import NOON, PATH, REQUEST_ID, Clock, listed, read, send, signed


def test_every_response_has_a_new_request_id_and_the_date() -> None:
    clock = Clock()
    with Emulator(clock=clock) as emulator:
        answers = [send(signed(emulator, clock=clock)) for _ in range(2)]
        answers.append(send(httpx.Request("GET", emulator.url + PATH)))
    ids = [answer.headers["x-acs-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert all(REQUEST_ID.fullmatch(request_id) for request_id in ids)
    bodies = [answer.json() for answer in answers]
    assert ids == [bodies[0]["requestId"], bodies[1]["requestId"], bodies[2]["RequestId"]]
    assert [parsedate_to_datetime(answer.headers["date"]) for answer in answers] == [NOON] * 3


def test_a_refusal_has_the_error_body_and_no_secret(emulator: Emulator) -> None:
    wrong = Credentials(EMULATOR_ACCESS_KEY_ID, "another-secret")
    response = send(signed(emulator, credentials=wrong))
    assert response.json().keys() == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert response.json()["HostId"] == urlsplit(emulator.url).netloc
    assert EMULATOR_ACCESS_KEY_SECRET not in response.text + str(response.headers)


def test_the_instance_id_selects_the_nodes_of_one_instance(emulator: Emulator) -> None:
    result = read(emulator, "hgpostcn-cn-yi34hlzdx003")
    assert len(result.instance_model_list) == 4
    assert result.names == ("AI节点List测试",)
    assert read(emulator, "hgpostcn-cn-nowhere").instance_model_list == ()


def test_an_empty_instance_id_does_not_filter(emulator: Emulator) -> None:
    nodes = listed(send(signed(emulator, params={"instanceId": "hgprecn-cn-em4lrec5k001"})))
    assert len(nodes) == 5
    assert len(listed(send(signed(emulator, params={"instanceId": ""})))) == 13
