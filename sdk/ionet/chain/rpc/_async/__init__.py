"""Transports; the blocking twins are generated from these."""
