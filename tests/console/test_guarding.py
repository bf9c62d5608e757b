"""Who may do what in a console: sessions, keys, others' jobs and files, names, and what is passed on."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from tests.console.conftest import ORIGIN, Served, served, signed, siws
from tests.console.test_renting import planned
from tests.network.renting import Renting
from tests.programs.market import IO_MINT
from tests.programs.support import HOUR

from ionet import token_account
from ionet.console import Limits
from ionet.console._app import bare
from ionet.console._uploads import check_name
from ionet.explorer._values import BadQuestion
from ionet.service.guard import Rates

OTHER = "http://other.test"


_WORDS = {
    "action": "stop",
    "sha256": "0" * 64,
    "package": "0" * 32,
    "signature": "1" * 64,
    "key": "0" * 16,
    "job": str(Keypair().pubkey()),
    "node": str(Keypair().pubkey()),
}


async def test_nobody_reads_or_rents_without_signing_in(console: Served) -> None:
    """Of each path that the description has, but those that lead to a sign-in and the market."""
    free = {"/status", "/challenge", "/signin", "/signout", "/here", "/offers"}
    tried = 0
    async with console.caller(Keypair()) as caller:
        for path, methods in bare().openapi()["paths"].items():
            if path.removeprefix("/api/v1") in free:
                continue
            place = (
                path.replace("{action}", "stop").replace("{sha256}", "0" * 64).replace("{package}", "0" * 32)
            )
            place = place.replace("{signature}", "1" * 64).replace("{key}", "0" * 16)
            for name in ("{job}", "{node}"):
                place = place.replace(name, str(Keypair().pubkey()))
            for method in methods:
                more: dict[str, Any] = {}
                if method == "post":
                    more = {"json": {}}
                    if path.endswith("/files"):
                        more = {"content": b"x", "headers": {"content-type": "application/octet-stream"}}
                answer = await caller.http.request(method, place, **more)
                assert answer.status_code == 401, (method, path, answer.text)
                tried += 1
    assert tried >= 15


async def test_a_challenge_is_good_once_for_this_site_and_for_who_signs(console: Served) -> None:
    key = Keypair()
    async with console.caller(key) as caller:
        proof = await caller.proof()
        assert (await caller.http.post("/api/v1/signin", json=proof)).status_code == 200
        again = await caller.http.post("/api/v1/signin", json=proof)
        assert again.status_code == 401
        asked = await caller.post("/challenge")
        elsewhere = siws({**asked, "domain": "other.test"}, str(key.pubkey()))
        for message, signer in (
            (elsewhere, key),
            (siws(await caller.post("/challenge"), str(key.pubkey())), Keypair()),
        ):
            said = {
                "message": b64encode(message).decode(),
                "signature": b64encode(bytes(signer.sign_message(message))).decode(),
            }
            assert (await caller.http.post("/api/v1/signin", json=said)).status_code == 401


async def test_a_session_ends_by_signing_out_and_a_kept_cookie_opens_nothing(console: Served) -> None:
    async with console.caller(Keypair()) as caller:
        answer = await caller.http.post("/api/v1/signin", json=await caller.proof())
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        kept = {"cookie": cookie.partition(";")[0]}
        await caller.get("/session")
        await caller.post("/signout")
        caller.http.cookies.clear()
        stolen = await caller.http.get("/api/v1/session", headers=kept)
        assert stolen.status_code == 401


async def test_who_signs_in_again_and_again_is_told_to_wait_and_nobody_else(console: Served) -> None:
    # Three instead of 500, which take seconds.
    console.parts.signins._rates = Rates(1 / 3_600, 3, 100, console.parts.clock)
    async with console.caller(Keypair(), "198.51.100.7") as caller:
        for _ in range(3):
            await caller.sign_in()
        refused = await caller.http.post("/api/v1/signin", json=await caller.proof())
    async with console.caller(Keypair(), "198.51.100.8") as other:
        await other.sign_in()
    assert refused.status_code == 401
    assert "too many have signed in from your address: wait" in refused.json()["error"]["message"]


async def test_a_session_ends_with_its_time(console: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console.caller(Keypair()) as caller:
        await caller.sign_in()
        until = (await caller.get("/session"))["expires"]
        monkeypatch.setattr(console.parts.signins, "_clock", lambda: until)
        assert (await caller.http.get("/api/v1/session")).status_code == 401


async def test_pages_of_other_sites_send_nothing_with_the_cookie(console: Served) -> None:
    async with console.caller(Keypair()) as caller:
        await caller.sign_in()
        for origin in (OTHER, "null", f"{ORIGIN}.other.test"):
            answer = await caller.http.post("/api/v1/packages", json={}, headers={"origin": origin})
            assert answer.status_code == 403, origin
        # A form of another site, which can only say this of its content.
        form = await caller.http.post(
            "/api/v1/packages", content=b"{}", headers={"content-type": "text/plain"}
        )
        assert form.status_code == 415
        del caller.http.headers["origin"]
        assert (await caller.http.post("/api/v1/packages", json={})).status_code == 403


async def test_a_name_that_was_made_to_lead_here_is_told_nothing(console: Served) -> None:
    async with console.caller(Keypair()) as caller:
        await caller.sign_in()
        answer = await caller.http.get("/api/v1/session", headers={"host": "other.test"})
        assert answer.status_code == 421


async def test_a_key_does_what_its_scopes_say_until_it_is_revoked(console: Served) -> None:
    key = Keypair()
    async with console.caller(key) as caller:
        await caller.sign_in()
        wanted = {"label": "nightly", "scopes": ["read"], **await caller.proof()}
        made = await caller.post("/keys", wanted)
        (listed,) = (await caller.get("/keys"))["keys"]
        assert made["key"] not in str(listed)
        async with console.caller(key, authorization=f"Bearer {made['key']}") as program:
            assert (await program.get("/session"))["wallet"] == str(key.pubkey())
            for path in ("/packages", "/calls/book", "/sent", "/keys"):
                answer = await program.http.post(f"/api/v1{path}", json=_right(path))
                assert answer.status_code == 403, path
            async with console.caller(Keypair()) as thief:
                await thief.sign_in()
                theirs = await thief.http.post(f"/api/v1/keys/{made['id']}/revoke", json={})
                assert (theirs.status_code, (await thief.get("/keys"))["keys"]) == (404, [])
            await program.get("/session")
            await caller.post(f"/keys/{made['id']}/revoke")
            assert (await program.http.get("/api/v1/session")).status_code == 401
        database = (console.parts.config.state / "console.db").read_bytes()
        wal = console.parts.config.state / "console.db-wal"
        whole = database + (wal.read_bytes() if wal.exists() else b"")
        assert made["key"].rpartition("_")[2].encode() not in whole


def _right(path: str) -> dict[str, Any]:
    """What could be meant there."""
    known: dict[str, dict[str, Any]] = {
        "/calls/book": {"plan": "0" * 32},
        "/sent": {"transaction": ""},
        "/keys": {"label": "x", "scopes": ["read"], "message": "", "signature": ""},
    }
    return known.get(path, {})


async def test_a_stolen_session_makes_no_key_which_would_outlive_it(console: Served) -> None:
    async with console.caller(Keypair()) as caller:
        proof = await caller.proof()
        await caller.post("/signin", proof)
        old = await caller.http.post("/api/v1/keys", json={"label": "x", "scopes": ["read"], **proof})
        assert old.status_code == 401
        async with console.caller(Keypair()) as thief:
            theirs = await thief.proof()
        answer = await caller.http.post("/api/v1/keys", json={"label": "x", "scopes": ["read"], **theirs})
        assert answer.status_code == 403
        assert (await caller.get("/keys"))["keys"] == []


async def test_who_names_a_wrong_key_is_not_taken_for_the_cookies_owner(console: Served) -> None:
    async with console.caller(Keypair()) as caller:
        await caller.sign_in()
        answer = await caller.http.get("/api/v1/session", headers={"authorization": "Bearer ionet_00_00"})
        assert answer.status_code == 401


async def test_others_packages_plans_and_jobs_are_as_if_they_were_not_there(console: Served) -> None:
    renting = console.renting
    async with console.caller(renting.key) as caller, console.caller(Keypair()) as thief:
        await caller.sign_in()
        await thief.sign_in()
        plan = await planned(caller, console)
        package = (await caller.post("/packages"))["id"]
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
        await caller.land(call)
        job = call["job"]
        missing = str(Keypair().pubkey())
        asked = {"package": package, "node": plan["node"], "seconds": HOUR}
        for method, path, words in (
            ("get", f"/packages/{package}", None),
            ("get", f"/jobs/{job}", None),
            ("get", f"/jobs/{job}/log", None),
            ("get", f"/jobs/{job}/result", None),
            ("get", f"/jobs/{job}/files/{'0' * 64}", None),
            ("post", "/plans", asked),
            ("post", "/calls/book", {"plan": plan["plan"]}),
            ("post", f"/jobs/{job}/calls/cancel", {}),
            ("post", f"/jobs/{job}/calls/stop", {}),
        ):
            more: dict[str, Any] = {} if words is None else {"json": words}
            answer = await thief.http.request(method, f"/api/v1{path}", **more)
            assert answer.status_code == 404, (path, answer.text)
            # The same words as of what there is not.
            if job in path:
                other = await thief.http.request(method, f"/api/v1{path.replace(job, missing)}", **more)
                assert (other.status_code, other.json()) == (404, answer.json()), path
        put = await thief.upload(package, "a.py", b"")
        assert put.status_code == 404
        assert (await thief.get("/jobs"))["jobs"] == []


async def test_nobody_extends_a_job_whose_refund_another_wallet_gets(console: Served) -> None:
    """Somebody has booked it in their name, so that it is among their jobs."""
    renting, market = console.renting, console.renting.site.market
    mallory = market.carol.pubkey()
    job = market.run(2 * HOUR, payer=mallory, source=token_account(mallory, IO_MINT), refund_to=mallory)
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        assert str(job) in [each["job"] for each in (await caller.get("/jobs"))["jobs"]]
        place = f"/api/v1/jobs/{job}/calls"
        answer = await caller.http.post(f"{place}/extend", json={"seconds": HOUR})
        assert answer.status_code == 400
        assert "another wallet gets its refund" in answer.text
        # Ending it moves nothing of theirs.
        assert (await caller.http.post(f"{place}/stop", json={})).status_code == 200


async def test_no_wallet_takes_the_room_for_others_bookings(renting: Renting) -> None:
    async with (
        served(renting, limits=Limits(plans=3, plans_each=2)) as console,
        console.caller(renting.key) as caller,
        console.caller(Keypair()) as greedy,
    ):
        await caller.sign_in()
        await greedy.sign_in()
        plans = [(await planned(greedy, console))["plan"] for _ in range(3)]
        assert (await planned(caller, console))["plan"]
        booked = [await greedy.http.post("/api/v1/calls/book", json={"plan": plan}) for plan in plans]
        # The oldest of its own is gone; the others lack the deposit.
        assert [answer.status_code == 404 for answer in booked] == [True, False, False]


async def test_a_booking_takes_what_was_agreed_to_at_most_also_where_it_has_become_cheaper(
    console: Served,
) -> None:
    async with console.caller(console.renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, console)
        console.renting.site.market.set_price(IO_MINT, 201_000_000)
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
        bytes_ = b64decode(call["transaction"])
        # As it is written in the call: the page signs no other.
        assert int(plan["limit"]["base"]).to_bytes(8, "little") in bytes_


_NAMES = (
    *("../a.py", "/etc/passwd", "a/../../b", "a//b", ".", "..", "a/.", "a\\b", "a\0b", "a\nb", "C:a", ""),
    *("a" * 200, "b/" * 20 + "c", "a\u202eb"),
)


@pytest.mark.parametrize("name", _NAMES)
def test_a_name_that_means_another_place_is_refused(name: str) -> None:
    with pytest.raises(BadQuestion, match="path inside the package"):
        check_name(name)


async def test_uploads_are_bounded_and_keep_no_secret(console: Served) -> None:
    """A file has 1 MiB at most here, a package 5 files and 2 MiB, a wallet 3 packages."""
    async with console.caller(Keypair()) as caller:
        await caller.sign_in()
        package = (await caller.post("/packages"))["id"]
        large = await caller.upload(package, "large", b"x" * ((1 << 20) + 1))
        assert large.status_code == 413
        keypair = await caller.upload(package, "notes.txt", str(list(bytes(Keypair()))).encode())
        assert keypair.status_code == 400
        assert "looks like a secret" in keypair.text
        assert (await caller.upload(package, ".env", b"A=1")).status_code == 400
        assert (await caller.upload(package, "a", b"x")).status_code == 200
        assert (await caller.upload(package, "a/b", b"x")).status_code == 400
        for name in "bcde":
            assert (await caller.upload(package, name, b"x")).status_code == 200
        assert (await caller.upload(package, "f", b"x")).status_code == 507
        # What replaces a file of its name takes no more room.
        assert (await caller.upload(package, "a", b"y")).status_code == 200
        place, html = f"/api/v1/packages/{package}/files?name=g", {"content-type": "text/html"}
        text = await caller.http.post(place, content=b"x", headers=html)
        assert text.status_code == 415
        for _ in range(2):
            await caller.post("/packages")
        full = await caller.http.post("/api/v1/packages", json={})
        assert full.status_code == 507
        folder = console.parts.config.state / "uploads" / package
        # Named by nothing that the renter says.
        assert len(list(folder.iterdir())) == 5
        assert all(len(file.name) == 32 for file in folder.iterdir())


async def test_only_calls_of_this_wallet_to_these_programs_are_passed_on(console: Served) -> None:
    key, thief = console.renting.key, Keypair().pubkey()
    async with console.caller(key) as caller:
        await caller.sign_in()
        gift = transfer(TransferParams(from_pubkey=key.pubkey(), to_pubkey=thief, lamports=1))
        latest = (await console.parts.client.request("getLatestBlockhash"))["value"]["blockhash"]
        message = MessageV0.try_compile(key.pubkey(), [gift], [], Hash.from_string(latest))
        raw = b64encode(bytes(VersionedTransaction(message, [key]))).decode()
        answer = await caller.http.post("/api/v1/sent", json={"transaction": raw})
        assert answer.status_code == 400
        assert "only transactions that call" in answer.text


async def test_a_booking_replayed_books_nothing_again(console: Served) -> None:
    async with console.caller(console.renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, console)
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
        text = signed(caller.key, call["transaction"])
        before = console.renting.site.money().renter
        first = await caller.post("/sent", {"transaction": text})
        paid = console.renting.site.money().renter
        again = await caller.post("/sent", {"transaction": text})
        assert again == first
        assert paid < before
        assert console.renting.site.money().renter == paid
        # The transaction has one signature to fill in, the wallet's, and pays from its account only.
        bare_one = VersionedTransaction.from_bytes(b64decode(call["transaction"]))
        assert bare_one.message.header.num_required_signatures == 1


_LEADING = (
    *("//other.test", "/\\other.test", "/api/v1/jobs/", "/rent//other.test"),
    *("/?next=http://other.test", "/api/v1/signin?next=//other.test"),
)


async def test_there_is_no_way_to_be_led_elsewhere(console: Served) -> None:
    """No answer is a redirect, whatever the path."""
    async with console.caller(Keypair()) as caller:
        for path in _LEADING:
            answer = await caller.http.get(path)
            assert answer.status_code not in range(300, 400), path
            assert "location" not in answer.headers
