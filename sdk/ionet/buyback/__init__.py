"""Fee vaults, auctions that buy IO, payouts."""
