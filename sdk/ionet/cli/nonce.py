"""`ionet nonce`: nonce accounts, with which a transaction can be signed over days."""

from __future__ import annotations

from typing import Annotated

import typer
from solders.pubkey import Pubkey

from ionet import SOL, AmountError
from ionet.chain import nonces
from ionet.chain.nonces import NONCE_SIZE, read_nonce
from ionet.cli.arguments import address
from ionet.cli.failures import REFUSED, UserError
from ionet.cli.options import Commands
from ionet.cli.session import session

app = Commands("Nonce accounts: with --nonce, signatures may take days.")

#: Bytes of a seed of an address.
_NAME_BYTES = 32

NonceAccount = Annotated[
    Pubkey, typer.Argument(metavar="ACCOUNT", parser=address, help="The nonce account's address.")
]


def _name(text: str) -> str:
    if not 0 < len(text.encode()) <= _NAME_BYTES:
        raise typer.BadParameter(f"a name has 1 to {_NAME_BYTES} bytes, not {len(text.encode())}")
    return text


@app.command()
def create(
    name: Annotated[
        str, typer.Option("--name", parser=_name, help="Its address follows from this and the signer's.")
    ] = "nonce",
    authority: Annotated[
        Pubkey | None,
        typer.Option(
            "--authority", metavar="ADDRESS", parser=address, help="Who may use it; default: the signer."
        ),
    ] = None,
) -> None:
    """Create a nonce account, for its rent; transactions use it with --nonce, one at a time."""
    io = session()
    me = io.client.address
    account, owner = nonces.named_nonce(me, name), authority or me
    # Without data it is only what somebody has sent there.
    if (there := io.reader.account(account)) is not None and there.data:
        raise UserError(f"{account} exists already; create another with --name", REFUSED)
    rent = io.reader.rent(NONCE_SIZE)
    call = io.client.call(*nonces.create(me, name, owner, rent))
    sent = io.send(call, f"create a nonce account for {SOL.from_base(rent)}")
    io.done(
        sent,
        f"Created nonce account {account}, used by {owner}",
        f"Next: ionet COMMAND --sign-only --nonce {account}",
        account=account,
        authority=owner,
    )


@app.command()
def show(account: NonceAccount) -> None:
    """Show a nonce account: its nonce, who may use it, and what it holds."""
    io = session()
    raw = io.reader.account(account)
    nonce = read_nonce(account, raw)
    holds = SOL.from_base(raw.lamports if raw is not None else 0)
    io.screen.facts(
        [("Account", account), ("Nonce", nonce.value), ("Used by", nonce.authority), ("Holds", holds)],
        data={
            "account": account,
            "nonce": str(nonce.value),
            "authority": nonce.authority,
            "holds": holds,
        },
    )


@app.command()
def advance(account: NonceAccount) -> None:
    """Change the nonce: transactions signed with the old one can no longer land."""
    io = session()
    read_nonce(account, io.reader.account(account))
    call = io.client.call(nonces.advance(account, io.client.address))
    sent = io.send(call, f"advance the nonce of {account}")
    value = read_nonce(account, io.reader.account(account)).value
    io.done(sent, f"The nonce of {account} is now {value}", account=account, nonce=str(value))


@app.command()
def withdraw(
    account: NonceAccount,
    amount: Annotated[
        str | None, typer.Argument(metavar="[AMOUNT]", help="How much SOL; default: all, which closes it.")
    ] = None,
    to: Annotated[
        Pubkey | None,
        typer.Option("--to", metavar="ADDRESS", parser=address, help="Who gets it; default: the signer."),
    ] = None,
) -> None:
    """Take SOL out of a nonce account; all of it closes the account."""
    io = session()
    raw = io.reader.account(account)
    read_nonce(account, raw)
    held = raw.lamports if raw is not None else 0
    try:
        taken = held if amount is None else SOL(amount).base
    except AmountError as bad:
        raise UserError(str(bad)) from None
    remaining = held - taken
    rent = io.reader.rent(NONCE_SIZE)
    if taken <= 0 or (remaining and remaining < rent):
        raise UserError(
            f"{account} holds {SOL.from_base(held)}: take all of it, or leave its rent, {SOL.from_base(rent)}"
        )
    recipient = to or io.client.address
    call = io.client.call(nonces.withdraw(account, io.client.address, recipient, taken))
    sent = io.send(call, f"take {SOL.from_base(taken)} out of {account}")
    closed = "" if remaining else " and closed it"
    io.done(
        sent,
        f"Took {SOL.from_base(taken)} out of {account}{closed}",
        account=account,
        amount=SOL.from_base(taken),
        to=recipient,
    )
