"""Forms that several rooms share: canonical JSON, Merkle trees, times in words."""
