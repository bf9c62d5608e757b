# Generated from administration/_async/__init__.py by scripts/codegen; do not edit.
"""Coroutines; the blocking twins are generated from these by scripts/codegen."""
