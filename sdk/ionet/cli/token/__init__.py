"""`ionet grant`, `airdrop`, `genesis` and `supply`."""
