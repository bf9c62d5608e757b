# Generated from chain/_async/__init__.py by scripts/codegen; do not edit.
"""The client; its blocking twin is generated from this by scripts/codegen."""
