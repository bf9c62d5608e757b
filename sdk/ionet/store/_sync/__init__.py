# Generated from store/_async/__init__.py by scripts/codegen; do not edit.
"""Clients of stores; the blocking twins are generated from these."""
