"""Request verification: what is accepted, and the error of each invalid request."""

import re
from datetime import timedelta

import httpx
import pytest

from hologres_ai.api.signing import (
    EMPTY_PAYLOAD_HASH,
    authorization,
    canonical_request,
    headers_to_sign,
    signature,
    string_to_sign,
)
from hologres_ai.clock import utc_now
from hologres_ai.credentials import Credentials
from hologres_ai.emulator import (
    EMULATOR_ACCESS_KEY_ID,
    EMULATOR_ACCESS_KEY_SECRET,
    EMULATOR_CREDENTIALS,
    Emulator,
)
from hologres_ai.emulator.verification import MAX_NONCES, Nonces
from hologres_ai.errors import AuthenticationError
from tests.emulator.helpers import NOON, PATH, TOKEN, WITH_TOKEN, Change, Clock, listed, read, refused, send, signed


def without(name: str) -> Change:
    return lambda request: request.headers.pop(name)


def replaced(name: str, value: str) -> Change:
    return lambda request: request.headers.update({name: value})


def unsigned_header(name: str) -> Change:
    def change(request: httpx.Request) -> None:
        value = request.headers["authorization"]
        request.headers["authorization"] = re.sub(rf"(;{name}|(?<==){name};)", "", value)

    return change


def query_added(request: httpx.Request) -> None:
    request.url = request.url.copy_add_param("instanceId", "hgpostcn-cn-other")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (without("authorization"), 400, "IncompleteSignature"),
        (replaced("authorization", "Bearer abc"), 400, "IncompleteSignature"),
        (
            replaced("authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=,Signature="),
            400,
            "IncompleteSignature",
        ),
        (without("x-acs-action"), 400, "IncompleteSignature"),
        (without("x-acs-version"), 400, "IncompleteSignature"),
        (without("x-acs-date"), 400, "IncompleteSignature"),
        (without("x-acs-signature-nonce"), 400, "IncompleteSignature"),
        (without("x-acs-content-sha256"), 400, "IncompleteSignature"),
        (replaced("x-acs-not-signed", "1"), 400, "IncompleteSignature"),
        (unsigned_header("host"), 400, "IncompleteSignature"),
        (unsigned_header("x-acs-action"), 400, "IncompleteSignature"),
        (replaced("x-acs-signature-nonce", "another"), 400, "SignatureDoesNotMatch"),
        (replaced("host", "hologram.cn-hangzhou.aliyuncs.com"), 400, "SignatureDoesNotMatch"),
        (replaced("x-acs-content-sha256", "0" * 64), 400, "SignatureDoesNotMatch"),
        (query_added, 400, "SignatureDoesNotMatch"),
        (replaced("x-acs-date", "yesterday"), 400, "InvalidTimeStamp.Format"),
    ],
)
def test_a_request_that_was_changed_after_signing_is_refused(
    emulator: Emulator, change: Change, status: int, code: str
) -> None:
    request = signed(emulator)
    change(request)
    assert refused(send(request)) == (status, code)


@pytest.mark.parametrize(
    ("other", "status", "code"),
    [
        ({"method": "POST"}, 404, "InvalidAction.NotFound"),
        ({"path": "/"}, 404, "InvalidAction.NotFound"),
        ({"path": PATH + "/"}, 404, "InvalidAction.NotFound"),
        ({"action": "ListInstances"}, 404, "InvalidAction.NotFound"),
        ({"version": "2014-05-26"}, 400, "InvalidVersion"),
        ({"credentials": Credentials("someone", EMULATOR_ACCESS_KEY_SECRET)}, 404, "InvalidAccessKeyId.NotFound"),
        ({"credentials": Credentials(EMULATOR_ACCESS_KEY_ID, "wrong")}, 400, "SignatureDoesNotMatch"),
        ({"clock": lambda: utc_now() - timedelta(minutes=16)}, 400, "InvalidTimeStamp.Expired"),
        ({"clock": lambda: utc_now() + timedelta(minutes=16)}, 400, "InvalidTimeStamp.Expired"),
    ],
)
def test_a_valid_signature_of_another_request_is_refused(
    emulator: Emulator, other: dict[str, object], status: int, code: str
) -> None:
    assert refused(send(signed(emulator, **other))) == (status, code)  # type: ignore[arg-type]


def test_a_query_that_is_not_utf8_is_refused(emulator: Emulator) -> None:
    request = signed(emulator)
    names = request.headers["authorization"].replace("host;", "host;x-acs-a;")
    headers = [*request.headers.raw, (b"x-acs-a", b"\xff\xfe")]
    request.headers = httpx.Headers([pair for pair in headers if pair[0].lower() != b"authorization"])
    request.headers["authorization"] = names
    assert refused(send(request)) == (400, "SignatureDoesNotMatch")


def test_the_body_is_part_of_the_signature(emulator: Emulator) -> None:
    request = signed(emulator)
    body = httpx.Request("GET", request.url, headers=request.headers, content=b"{}")
    assert body.headers["x-acs-content-sha256"] == EMPTY_PAYLOAD_HASH
    assert refused(send(body)) == (400, "SignatureDoesNotMatch")


def test_a_wrong_payload_hash_is_refused(emulator: Emulator) -> None:
    request = signed(emulator)
    request.headers["x-acs-content-sha256"] = "0" * 64
    headers = headers_to_sign(request.headers)
    text = string_to_sign(canonical_request("GET", PATH, "", headers, EMPTY_PAYLOAD_HASH))
    sign = signature(EMULATOR_ACCESS_KEY_SECRET, text)
    request.headers["authorization"] = authorization(EMULATOR_ACCESS_KEY_ID, headers, sign)
    assert refused(send(request)) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize("minutes", [-15, 15])
def test_the_clock_may_differ_by_15_minutes(minutes: int) -> None:
    with Emulator(clock=Clock()) as emulator:
        listed(send(signed(emulator, clock=Clock(NOON + timedelta(minutes=minutes)))))


def test_the_security_token_is_compared() -> None:
    other = Credentials(EMULATOR_ACCESS_KEY_ID, EMULATOR_ACCESS_KEY_SECRET, "another-token")
    with Emulator(credentials=WITH_TOKEN) as emulator:
        listed(send(signed(emulator, credentials=WITH_TOKEN)))
        assert refused(send(signed(emulator))) == (400, "MissingSecurityToken")
        answer = send(signed(emulator, credentials=other))
    assert refused(answer) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
    assert TOKEN not in answer.text


def test_a_nonce_is_used_once() -> None:
    clock = Clock()
    with Emulator(clock=clock) as emulator:
        wrong = Credentials(EMULATOR_ACCESS_KEY_ID, "wrong")

        def repeated(credentials: Credentials = EMULATOR_CREDENTIALS) -> httpx.Response:
            return send(signed(emulator, credentials=credentials, clock=clock, nonce=lambda: "the-same-nonce"))

        assert refused(repeated(wrong)) == (400, "SignatureDoesNotMatch")
        listed(repeated())
        assert refused(repeated()) == (400, "SignatureNonceUsed")
        clock.now += timedelta(minutes=15, seconds=1)
        listed(repeated())


def test_nonces_are_bounded() -> None:
    nonces, expiry = Nonces(), NOON + timedelta(minutes=15)
    assert all(nonces.use(str(number), expiry, NOON) for number in range(MAX_NONCES + 1))
    assert not nonces.use(str(MAX_NONCES), expiry, NOON)
    assert nonces.use("0", expiry, NOON), "the oldest one makes room"


def test_the_client_corrects_its_clock() -> None:
    with Emulator(clock=lambda: utc_now() + timedelta(hours=5)) as emulator:
        assert len(read(emulator).ids) == 13
        assert emulator.requests == 2


def test_the_client_explains_a_wrong_secret(emulator: Emulator) -> None:
    with pytest.raises(AuthenticationError) as caught:
        read(emulator, secret="wrong-secret")
    assert caught.value.code == "SignatureDoesNotMatch"
    assert emulator.requests == 1
