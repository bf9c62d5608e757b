"""Formats that several rooms share: canonical JSON, Merkle trees, CSV tables, times in words."""
