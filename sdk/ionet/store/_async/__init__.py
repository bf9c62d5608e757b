"""Clients of stores; the blocking twins are generated from these."""
