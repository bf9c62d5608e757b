"""Writes the reference pages of docs/, for scripts/docs."""
