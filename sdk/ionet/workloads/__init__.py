"""What runs inside a job: the context of a function entrypoint, and the workloads of this package."""

from ionet.workloads._context import Context, Mapper

__all__ = ["Context", "Mapper"]
