"""Coroutines; the blocking twins are generated from these by scripts/codegen."""
