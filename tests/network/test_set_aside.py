"""What is set aside for a cluster's own end, at addresses that anybody can foretell."""

from __future__ import annotations

from pathlib import Path

from solders.system_program import TransferParams, transfer
from tests.network.renting import opened

from ionet.chain.nonces import NONCE_SIZE
from ionet.cloud.ending import endings, nonce_for, take_back


async def test_lamports_of_strangers_keep_nobody_from_setting_aside_and_taking_back_a_clusters_ends(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as renting:
        client, stranger = renting.client, renting.client.as_(renting.site.market.attesters[0])
        async with await renting.book(renting.script()) as run:
            place, gift = nonce_for(client.address, run.job), await client.rent(0)
            sent = TransferParams(from_pubkey=stranger.address, to_pubkey=place, lamports=gift)
            await stranger.call(transfer(sent)).send()
            # There is nothing of theirs yet.
            assert not await take_back(client, [run.job])
            assert len(await endings(client, [run.job])) == 2
            # What came of the stranger is theirs as well.
            assert (await take_back(client, [run.job])).base == gift + await client.rent(NONCE_SIZE)
            assert await client.account(place) is None
