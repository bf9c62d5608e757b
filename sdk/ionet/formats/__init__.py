"""Formats that several folders share: canonical JSON, Merkle trees, times in words."""
