"""`ionet whoami`: what is left of a session."""

from __future__ import annotations

from ionet import AccountNotFound, JobState, token_account
from ionet.chain.signers import GENESIS
from ionet.cli.failures import NOT_FOUND, UserError
from ionet.cli.login import kept
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import session
from ionet.token.currency import unit_of

app = Commands()


@app.command()
def whoami() -> None:
    """Show the session key of this machine, its wallet, and what is left of limit and time."""
    io = session()
    login = kept.load()
    if login is None:
        raise UserError("nobody is logged in here: `ionet login`", NOT_FOUND)
    network = GENESIS.get(login.genesis, "custom")
    if str(io.reader.request("getGenesisHash")) != login.genesis:
        raise UserError(f"the session is for another network than --url names: {network}, {login.genesis}")
    key = login.key.pubkey()
    unit = unit_of(io.reader.jobs.get_currency(login.mint))
    client = io.client_of(login)
    try:
        purse = client.token_account(token_account(login.wallet, login.mint))
        left = purse.delegated_amount if purse.delegate == key else 0
    except AccountNotFound:
        left = 0
    now, jobs = client.time(), client.jobs.find_jobs(renter=key)
    running = sum(job.account.state != JobState.ENDED for job in jobs)
    over = now >= login.until
    sol, spendable = client.balance(key), unit.from_base(client.jobs.spendable(login.mint))
    if not left:
        state = "may spend nothing: not signed for yet, used up, revoked, or another key has its place"
    elif over:
        state = "has ended, and may still spend what is left: ionet logout"
    else:
        state = "rents"
    io.screen.facts(
        [
            ("Key", key),
            ("Rents for", login.wallet),
            ("State", state),
            ("Left", f"{unit.from_base(left)} of {unit.from_base(login.limit)}"),
            ("The wallet has", None if spendable.base == left else f"less: {spendable}"),
            ("Until", when(login.until)),
            ("SOL", sol),
            ("Jobs", f"{running} booked or running, {len(jobs) - running} ended and not closed"),
        ],
        data={
            "key": key,
            "wallet": login.wallet,
            "network": network,
            "limit": unit.from_base(login.limit),
            "left": unit.from_base(left),
            "spendable": spendable,
            "until": login.until,
            "ended": over,
            "sol": sol,
            "jobs": [job.address for job in jobs],
        },
    )
