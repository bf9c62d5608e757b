"""The client; its blocking twin is generated from this by scripts/codegen."""
