"""The programs for other libraries' clients."""
