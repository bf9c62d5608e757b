# Generated from chain/rpc/_async/__init__.py by scripts/codegen; do not edit.
"""Transports; the blocking twins are generated from these."""
