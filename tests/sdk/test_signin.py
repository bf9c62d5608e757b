"""Sign-In With Solana: what is taken, and what is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from solders.keypair import Keypair

from ionet.service.signin import SignInConfig, SignInRefused, SignIns, _UsedUp

START = 1_800_000_000
WALLET = Keypair()
#: Where a browser is, for whoever counts.
WHERE = "192.0.2.7"
CONFIG = SignInConfig("https://console.test:8443", "devnet", "Signing in moves nothing.")


@dataclass(slots=True)
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> SignIns:
    return SignIns(CONFIG, clock)


def written(asked: dict[str, str], address: Any = None) -> bytes:
    """The text as a wallet writes it, by the standard's grammar."""
    lines = [
        f"{asked['domain']} wants you to sign in with your Solana account:",
        str(address or WALLET.pubkey()),
        "",
        asked["statement"],
        "",
        f"URI: {asked['uri']}",
        f"Version: {asked['version']}",
        f"Chain ID: {asked['chainId']}",
        f"Nonce: {asked['nonce']}",
        f"Issued At: {asked['issuedAt']}",
        f"Expiration Time: {asked['expirationTime']}",
    ]
    return "\n".join(lines).encode()


def signed(message: bytes, key: Keypair = WALLET) -> tuple[bytes, bytes]:
    return message, bytes(key.sign_message(message))


def cookie(header: str) -> dict[str, str]:
    return {"cookie": header.partition(";")[0]}


def test_who_signs_a_challenge_has_a_session_until_it_ends(service: SignIns, clock: Clock) -> None:
    session, header = service.sign_in(WHERE, *signed(written(service.challenge())))
    assert (session.address, session.expires) == (WALLET.pubkey(), START + 12 * 3_600)
    assert service.session(cookie(header)) == session
    assert service.session({"cookie": f"other=1; {header.partition(';')[0]}; more=2"}) == session
    clock.now = session.expires
    assert service.session(cookie(header)) is None


def test_the_challenge_is_what_the_standard_asks_for(service: SignIns) -> None:
    asked = service.challenge()
    assert asked["domain"] == "console.test:8443"
    assert (asked["uri"], asked["chainId"], asked["version"]) == ("https://console.test:8443", "devnet", "1")
    # 2027-01-15 08:00:00 UTC, and five minutes later.
    assert (asked["issuedAt"], asked["expirationTime"]) == (
        "2027-01-15T08:00:00.000Z",
        "2027-01-15T08:05:00.000Z",
    )
    assert re.fullmatch(r"[A-Za-z0-9]{8,}", asked["nonce"])
    assert service.challenge()["nonce"] != asked["nonce"]


def test_the_cookie_is_kept_from_scripts_and_other_sites(service: SignIns) -> None:
    _, header = service.sign_in(WHERE, *signed(written(service.challenge())))
    name, *attributes = header.split("; ")
    assert name.startswith("__Host-ionet=")
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict", "Secure"]
    near = SignIns(SignInConfig("http://127.0.0.1:8480", "localnet", "Signing in moves nothing."))
    _, header = near.sign_in(WHERE, *signed(written(near.challenge())))
    assert header.startswith("ionet=")
    assert header.endswith("HttpOnly; SameSite=Strict")


def test_a_challenge_is_answered_once(service: SignIns) -> None:
    answer = signed(written(service.challenge()))
    service.sign_in(WHERE, *answer)
    with pytest.raises(SignInRefused, match="answered before"):
        service.sign_in(WHERE, *answer)


def test_a_challenge_that_was_answered_wrongly_is_used_up(service: SignIns) -> None:
    asked = service.challenge()
    with pytest.raises(SignInRefused, match="not that of"):
        service.sign_in(WHERE, *signed(written(asked), Keypair()))
    with pytest.raises(SignInRefused, match="answered before"):
        service.sign_in(WHERE, *signed(written(asked)))


def test_a_challenge_can_be_answered_for_five_minutes(service: SignIns, clock: Clock) -> None:
    first, second = service.challenge(), service.challenge()
    clock.now = START + 300
    service.sign_in(WHERE, *signed(written(first)))
    clock.now = START + 301
    with pytest.raises(SignInRefused, match="expired"):
        service.sign_in(WHERE, *signed(written(second)))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("domain", "evil.test"),
        ("statement", "Signing this gives everything away."),
        ("uri", "https://evil.test"),
        ("version", "2"),
        ("chainId", "mainnet"),
        ("issuedAt", "2027-01-15T08:00:01.000Z"),
        ("expirationTime", "2037-01-15T08:05:00.000Z"),
    ],
)
def test_a_text_of_another_place_or_time_is_refused(service: SignIns, name: str, other: str) -> None:
    asked = service.challenge()
    with pytest.raises(SignInRefused, match=f"another {name}"):
        service.sign_in(WHERE, *signed(written({**asked, name: other})))


def test_a_nonce_of_another_service_is_refused(service: SignIns) -> None:
    foreign = SignIns(CONFIG).challenge()
    with pytest.raises(SignInRefused, match="not issued here"):
        service.sign_in(WHERE, *signed(written(foreign)))


def test_the_address_in_the_text_is_the_key_that_signed(service: SignIns) -> None:
    with pytest.raises(SignInRefused, match="not that of"):
        service.sign_in(WHERE, *signed(written(service.challenge(), Keypair().pubkey())))
    message, signature = signed(written(service.challenge()))
    with pytest.raises(SignInRefused, match="not that of"):
        service.sign_in(WHERE, message, signature[:63])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"\nResources:\n- https://evil.test",
        lambda text: text + b"\nNot Before: 2027-01-15T08:00:00.000Z",
        lambda text: text + b"\nVersion: 1",
        lambda text: text + b"\n",
        lambda text: text.replace(b"\nVersion: 1", b""),
        lambda text: text.replace(b"Signing in", b"Sign\xc3\xadng in"),
        lambda text: text.replace(b"\n\nSigning", b"\nSigning"),
        lambda text: text.replace(str(WALLET.pubkey()).encode(), b"nobody"),
        lambda text: b"",
        lambda text: b"\xff\xfe",
        lambda text: b"x" * 100_000,
        lambda text: text.partition(b"\n")[0],
    ],
)
def test_a_text_that_says_more_less_or_otherwise_is_refused(service: SignIns, change: Any) -> None:
    with pytest.raises(SignInRefused):
        service.sign_in(WHERE, *signed(change(written(service.challenge()))))


@pytest.mark.parametrize(
    "header", ["", "ionet=x", "__Host-ionet=", "__Host-ionet=x", "=;=;\x00", "a" * 9_000]
)
def test_a_cookie_that_stands_for_nothing_is_no_session(service: SignIns, header: str) -> None:
    service.sign_in(WHERE, *signed(written(service.challenge())))
    assert service.session({"cookie": header}) is None
    assert service.session({}) is None


def test_who_signs_out_has_no_session_any_more(service: SignIns) -> None:
    _, first = service.sign_in(WHERE, *signed(written(service.challenge())))
    other, second = service.sign_in(WHERE, *signed(written(service.challenge())))
    assert "Max-Age=0" in service.sign_out(cookie(first))
    assert service.session(cookie(first)) is None
    assert service.session(cookie(second)) == other


def test_who_asks_for_many_pushes_out_nobody_elses_challenge_or_session(service: SignIns) -> None:
    asked = service.challenge()
    _, early = service.sign_in(WHERE, *signed(written(service.challenge())))
    for _ in range(12_000):
        service.challenge()
    _, header = service.sign_in(WHERE, *signed(written(asked)))
    for number in range(256):
        key = Keypair.from_seed(bytes([number]) * 32)
        service.sign_in(WHERE, *signed(written(service.challenge(), key.pubkey()), key))
    assert service.session(cookie(header)) is not None
    assert service.session(cookie(early)) is not None


def test_what_was_used_up_is_never_forgotten_too_early(clock: Clock) -> None:
    """What has expired makes room; until then the room is used up."""
    service = SignIns(SignInConfig(CONFIG.origin, CONFIG.chain, CONFIG.statement, most=2), clock)
    asked = [service.challenge() for _ in range(3)]
    headers = [service.sign_in(WHERE, *signed(written(each)))[1] for each in asked[:2]]
    with pytest.raises(SignInRefused, match="too many have signed in"):
        service.sign_in(WHERE, *signed(written(asked[2])))
    for header in headers:
        service.sign_out(cookie(header))
    clock.now += CONFIG.patience + 1
    # Two sessions are ended, and kept: a third one is short, and ends as well.
    third, header = service.sign_in(WHERE, *signed(written(service.challenge())))
    assert third.expires == clock.now + CONFIG.patience
    service.sign_out(cookie(header))
    assert [service.session(cookie(each)) for each in (*headers, header)] == [None, None, None]
    clock.now += CONFIG.lasts
    assert (
        service.sign_in(WHERE, *signed(written(service.challenge())))[0].expires == clock.now + CONFIG.lasts
    )


def test_a_flood_of_real_sign_ins_locks_out_nobody_but_who_sends_it(clock: Clock) -> None:
    """By the hour, and with as many wallets as there are: in and out again, as fast as they are taken."""
    service = SignIns(SignInConfig(CONFIG.origin, CONFIG.chain, CONFIG.statement, each=50, most=120), clock)

    told: list[str] = []

    def flooded(source: str) -> int:
        """How many times somebody got in, before they were told to wait."""
        for count in range(200):
            try:
                _, header = service.sign_in(source, *signed(written(service.challenge())))
            except SignInRefused as bad:
                told.append(str(bad))
                return count
            service.sign_out(cookie(header))
        return 200

    assert flooded("198.51.100.1") == 50
    early, header = service.sign_in("203.0.113.1", *signed(written(service.challenge())))
    assert early.expires == clock.now + CONFIG.lasts
    clock.now += CONFIG.patience + 1
    # Two more places, and no more sessions are long: what begins now is short, and nobody is refused.
    assert flooded("198.51.100.2") == 50
    assert flooded("198.51.100.3") == 50
    late, _ = service.sign_in("203.0.113.2", *signed(written(service.challenge())))
    assert late.expires == clock.now + CONFIG.patience
    assert service.session(cookie(header)) == early
    # In half the time of a session half of them come back.
    clock.now += CONFIG.lasts // 2
    assert flooded("198.51.100.1") in (25, 26)
    assert all(re.fullmatch(r"too many have signed in from your address: wait \d+ s", each) for each in told)


def test_a_clock_that_is_set_back_locks_nobody_out(service: SignIns, clock: Clock) -> None:
    service.sign_in(WHERE, *signed(written(service.challenge())))
    clock.now -= 30 * 86_400
    session, _ = service.sign_in(WHERE, *signed(written(service.challenge())))
    assert session.expires == clock.now + CONFIG.lasts


def test_what_is_full_is_looked_through_anew_only_once_something_has_expired() -> None:
    """A million of them take a quarter of a second, in which nobody else is served."""
    used = _UsedUp(2)
    assert all(used.add(text, until, 0) for text, until in (("early", 100), ("late", 200)))
    assert used.full(1)
    looked = used._until
    assert used.full(2)
    assert used.full(100)
    assert used._until is looked
    assert not used.full(101)
    assert ("early" in used, "late" in used) == (False, True)
    # What comes later and ends sooner makes room sooner.
    assert used.add("short", 150, 101)
    assert used.full(150)
    assert not used.full(151)


def test_a_cookie_is_not_made_elsewhere_or_changed(service: SignIns, clock: Clock) -> None:
    session, header = service.sign_in(WHERE, *signed(written(service.challenge())))
    later = header.replace(str(session.expires), str(session.expires + 1))
    other = header.replace(str(session.address), str(Keypair().pubkey()))
    assert later != header != other
    assert [service.session(cookie(each)) for each in (later, other)] == [None, None]
    assert SignIns(CONFIG, clock).session(cookie(header)) is None, "another process"
