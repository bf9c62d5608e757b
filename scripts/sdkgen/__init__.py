"""What scripts/codegen is made of: the IDLs, the Python written from them, the blocking twins."""
