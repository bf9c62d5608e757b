"""`ionet logout`: ends what a session key may spend, and deletes the key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer
from solders.system_program import TransferParams, transfer

from ionet import SOL, AccountNotFound, FeePolicy, IonetError, TransactionUnknown, token_account
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.login import kept
from ionet.cli.options import Commands
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet import Client
    from ionet.cli.login.kept import Login

app = Commands()

#: Lamports that one signature costs.
_FEE: Final = 5_000
#: Compute units for a transfer of SOL: 150 for it, and as much for each instruction on fees.
_UNITS: Final = 1_000


@app.command()
def logout(
    currency: Annotated[
        str | None,
        typer.Option(
            "--currency", metavar="NAME", help="With -k, where no session is: the currency that was allowed."
        ),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete the key though it has jobs: their rent is lost.")
    ] = False,
) -> None:
    """End what the session key may spend, send its SOL to the wallet, and delete it.

    The key gives its allowance up itself. Where it cannot, as the wallet holds too little, or the key is
    lost, the wallet revokes it: -k WALLET, or its address with --sign-only. The key stays here while it has
    jobs that are not closed, to end them and to get their rent back.
    """
    io = session()
    login = kept.load()
    if io.keypair_given:
        _revoke(io, login, currency)
        return
    if login is None:
        raise UserError("nobody is logged in here; to revoke a session from elsewhere give the wallet by -k")
    io.check_several("ending a session")
    if str(io.reader.request("getGenesisHash")) != login.genesis:
        raise UserError("the session is for another network than --url names", REFUSED)
    if io.dry_run:
        io.screen.show({"dry_run": True, "key": login.key.pubkey()}, "Dry run: nothing was ended")
        return
    io.confirm("end the session")
    client = io.client_of(login)
    gave_up = _give_up(io, client, login)
    jobs = client.jobs.find_jobs(renter=login.key.pubkey())
    stays = bool(jobs) and not forget
    returned = SOL(0) if stays else _return(client)
    deleted = not stays and _delete()
    lines = [f"The session key {login.key.pubkey()} may spend nothing any more"]
    if stays:
        lines.append(
            f"It stays here, as {len(jobs)} of its jobs are not closed, and their rent comes back to it: end"
            " them by `ionet job stop`, pay them by `ionet job crank`, and log out again; or --forget"
        )
    elif deleted:
        lines.append(f"It is deleted; {returned} went to the wallet")
    else:
        lines.append(f"{returned} went to the wallet; take {kept.VARIABLE} away where it is set")
    data = {"key": login.key.pubkey(), "gave_up": gave_up, "returned": returned, "deleted": deleted}
    io.screen.show({**data, "jobs": [job.address for job in jobs]}, *lines)


def _revoke(io: Session, login: Login | None, currency: str | None) -> None:
    """Has the wallet end the allowance."""
    if login is None and currency is None:
        raise UserError(
            "nobody is logged in here; of a login elsewhere, say by --currency what its session key may spend"
        )
    if currency is not None:
        mint = io.reader.jobs.get_currency(currency).mint
    else:
        assert login is not None
        mint = login.mint
    sent = io.send(io.client.jobs.revoke_session_key(mint), "end what a session key may spend")
    again = login is not None and login.wallet == io.signer.pubkey()
    lines = ["No session key may spend from the wallet any more"]
    if again:
        lines.append("The key is still here: ionet logout")
    io.done(sent, *lines)


def _give_up(io: Session, client: Client, login: Login) -> bool:
    """Ends the allowance by the key itself; False if it has none."""
    try:
        purse = client.token_account(token_account(login.wallet, login.mint))
    except AccountNotFound:
        return False
    if purse.delegate != login.key.pubkey() or not purse.delegated_amount:
        return False
    try:
        io.landed(client.jobs.give_up_session(login.mint).send().signature)
    except TransactionUnknown:
        raise
    except IonetError as bad:
        raise UserError(
            f"the session key may still spend ({bad}); have the wallet end it: ionet logout -k {login.wallet}"
            " --sign-only",
            REFUSED,
        ) from None
    return True


def _return(client: Client) -> SOL:
    """Sends all SOL of the key to its wallet; what does not pay its own fee stays."""
    left = client.balance(client.address).base - _FEE
    if left <= 0:
        return SOL(0)
    to = TransferParams(from_pubkey=client.address, to_pubkey=client.wallet, lamports=left)
    # Exactly one fee, without any for priority: else a rest would stay, or it would not land. It is not
    # simulated first, which would count a fee for priority.
    client.call(transfer(to)).send(fees=FeePolicy(price=0, compute_limit=_UNITS))
    return SOL.from_base(left)


def _delete() -> bool:
    """Deletes the file, if the session is from there."""
    if os.environ.get(kept.VARIABLE, "").strip():
        return False
    kept.place().unlink()
    return True
