"""The programs for clients of other libraries."""
