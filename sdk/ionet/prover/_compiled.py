"""Code that LLVM makes here for the processor at hand; it comes in a wheel, and no compiler is needed."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ionet.prover._backends import BackendError
from ionet.prover._spec import (
    ENTRIES_PER_WORD,
    GAMMA,
    MIX1,
    MIX2,
    MODULUS,
    Challenge,
    b_columns,
    stream_key,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Makes ``vectors @ B^T`` modulo p of a challenge, int64, shape (vectors, k).
Project = Callable[[Challenge, "NDArray[np.int64]"], "NDArray[np.int64]"]
_BLOCK_ENTRIES: Final = 8 * 1024 * 1024


class Engine:
    """Functions compiled from LLVM's intermediate code; calls of several threads run at once.

    Args:
        code: makes the code, of the words that one instruction takes together: 4, 8 or 16.
        lanes: of these; by default what this processor's vectors hold.

    Raises:
        BackendError: llvmlite is not installed.
    """

    def __init__(self, code: Callable[[int], str], lanes: int | None = None) -> None:
        if importlib.util.find_spec("llvmlite") is None:
            raise BackendError("llvmlite is not installed; install it, or use numpy")
        llvm: Any = importlib.import_module("llvmlite.binding")
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        self.lanes = lanes or (16 if features.get("avx512f") else 8 if features.get("avx2") else 4)
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3
        )
        module = llvm.parse_assembly(code(self.lanes))
        module.verify()
        # The code lives as long as its engine.
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()

    def function(self, name: str, *arguments: Any) -> Any:
        """Returns a function that returns nothing, of ctypes' types."""
        return ctypes.CFUNCTYPE(None, *arguments)(self._engine.get_function_address(name))


def project(challenge: Challenge, vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns ``vectors @ B^T`` modulo p, by numpy."""
    m, k = challenge.m, challenge.k
    total = np.zeros((len(vectors), k), np.int64)
    block = max(1, _BLOCK_ENTRIES // k)
    for start in range(0, m, block):
        lines = np.arange(start, min(start + block, m), dtype=np.uint64)
        # Exact in float64: |entry| <= 8, values < 2**31, at most 2**16 terms stay below 2**50.
        part = vectors[:, start : start + block].astype(np.float64) @ b_columns(challenge, lines).astype(
            np.float64
        )
        total = (total + part.astype(np.int64)) % MODULUS
    return total


def _code(lanes: int) -> str:
    """One vector and 16 rows of B to a step: sums stay in registers, and no entry is ever stored."""
    n, bits = ENTRIES_PER_WORD, 64 * lanes
    wide, half = f"<{n} x i64>", f"<{n} x i32>"
    shifts = ", ".join(f"i64 {4 * j}" for j in range(n))
    how = f'"prefer-vector-width"="{min(bits, 512)}" "min-legal-vector-width"="{min(bits, 512)}"'
    return f"""
define void @project(ptr noalias %out, ptr noalias %vector, i64 %key, i64 %columns, i64 %words) {how} {{
entry:
  br label %test
test:
  %w = phi i64 [0, %entry], [%w.next, %store]
  %more = icmp ult i64 %w, %words
  br i1 %more, label %begin, label %end
begin:
  %w.next = add i64 %w, 1
  %gamma = mul i64 %w.next, {_signed(GAMMA)}
  %z.first = add i64 %gamma, %key
  %stride = mul i64 %words, {_signed(GAMMA)}
  br label %body
body:
  %c = phi i64 [0, %begin], [%c.next, %body]
  %z0 = phi i64 [%z.first, %begin], [%z.next, %body]
  %sum = phi {wide} [zeroinitializer, %begin], [%sum.next, %body]
  %s1 = lshr i64 %z0, 30
  %x1 = xor i64 %z0, %s1
  %z1 = mul i64 %x1, {_signed(MIX1)}
  %s2 = lshr i64 %z1, 27
  %x2 = xor i64 %z1, %s2
  %z2 = mul i64 %x2, {_signed(MIX2)}
  %s3 = lshr i64 %z2, 31
  %z3 = xor i64 %z2, %s3
  %put = insertelement {wide} poison, i64 %z3, i64 0
  %all = shufflevector {wide} %put, {wide} poison, {half} zeroinitializer
  %down = lshr {wide} %all, <{shifts}>
  %low = and {wide} %down, splat (i64 15)
  %entries = sub {wide} %low, splat (i64 8)
  %narrow = trunc {wide} %entries to {half}
  %signed = sext {half} %narrow to {wide}
  %place = getelementptr i32, ptr %vector, i64 %c
  %factor = load i32, ptr %place
  %factor.wide = sext i32 %factor to i64
  %factor.put = insertelement {wide} poison, i64 %factor.wide, i64 0
  %factors = shufflevector {wide} %factor.put, {wide} poison, {half} zeroinitializer
  %terms = mul {wide} %signed, %factors
  %sum.next = add {wide} %sum, %terms
  %z.next = add i64 %z0, %stride
  %c.next = add i64 %c, 1
  %again = icmp ult i64 %c.next, %columns
  br i1 %again, label %body, label %store
store:
  %to = getelementptr {wide}, ptr %out, i64 %w
  store {wide} %sum.next, ptr %to, align 8
  br label %test
end:
  ret void
}}
"""


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


class Projector:
    """`project`, compiled.

    Raises:
        BackendError: llvmlite is not installed, or a bit is not the specification's.
    """

    def __init__(self) -> None:
        self._engine = Engine(_code)
        pointer, wide = ctypes.c_void_p, ctypes.c_uint64
        self._project = self._engine.function("project", pointer, pointer, wide, wide, wide)
        challenge = Challenge(bytes(range(32)), 64, 48)
        vectors = np.arange(128, dtype=np.int64).reshape(2, 64) * (MODULUS // 128)
        vectors[0, :2] = 0, MODULUS - 1
        if not np.array_equal(self(challenge, vectors), project(challenge, vectors)):
            raise BackendError("the compiled verifier does not give the specified bits on this machine")

    def __call__(self, challenge: Challenge, vectors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns ``vectors @ B^T`` modulo p."""
        key, words = stream_key(challenge.seed, b"B"), challenge.k // ENTRIES_PER_WORD
        out = np.empty((len(vectors), challenge.k), np.int64)
        for vector, sums in zip(np.ascontiguousarray(vectors, np.int32), out, strict=True):
            # |entry| <= 8, values < 2**31, at most 2**16 terms: sums stay below 2**50.
            self._project(sums.ctypes.data, vector.ctypes.data, key, challenge.m, words)
        out %= MODULUS
        return out


@cache
def fastest_projection() -> Project:
    """Returns the compiled `project`, or numpy's where there can be none."""
    try:
        return Projector()
    except BackendError:
        return project
