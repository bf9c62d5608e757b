"""Solana and nothing else: RPC, sending, codecs, events, fees, signers, an embedded network."""
