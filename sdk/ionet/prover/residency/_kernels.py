"""The compiled parts of a prover, written as LLVM's intermediate code from the specification's own steps.

One generator serves every machine: ``lanes`` blocks or chains go through each instruction together, as many
as a processor's vectors hold, and one at a time in a GPU's thread. There are two functions a width:

- ``make_L(out, first, numbers, count, rounds)``: blocks ``numbers[0..count)`` into ``out`` (count x 32
  words); ``first`` has the 16 words before the number. count is a multiple of L.
- ``walk_1(memory, states, count, blocks, reads, told)`` advances states (count x 32) by all reads, in place;
  ``told`` is null, or takes the addresses (count x reads).
- ``walk_L(memory, states, groups, blocks, reads)``: the same of groups of L chains whose states are
  (groups x 32 x L). A group's next blocks are fetched while the other groups are advanced: so what counts is
  how many reads a second there are, and not how long one takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ionet.prover.residency._spec import READ_ROUNDS

_WORDS: Final = 32
#: Rounds after which b, c and d have been turned back to where they were: no value has to be moved.
_CYCLE: Final = 8
_COLUMNS: Final = range(8)


class _Function:
    """Lines of one function; every value gets a new name."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.type = "i32" if lanes == 1 else f"<{lanes} x i32>"
        self.lines: list[str] = []
        self._count = 0

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def value(self, text: str) -> str:
        self._count += 1
        self.line(f"%v{self._count} = {text}")
        return f"%v{self._count}"

    def at(self, base: str, index: str, of: str = "i32") -> str:
        return self.value(f"getelementptr {of}, ptr {base}, i64 {index}")

    def splat(self, scalar: str) -> str:
        if self.lanes == 1:
            return scalar
        put = self.value(f"insertelement {self.type} poison, i32 {scalar}, i64 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.value(f"shufflevector {self.type} {put}, {self.type} poison, {zeros}")

    def constant(self, number: int) -> str:
        return str(number) if self.lanes == 1 else f"splat (i32 {number})"

    def lane(self, vector: str, lane: int) -> str:
        return vector if self.lanes == 1 else self.value(f"extractelement {self.type} {vector}, i64 {lane}")

    # -- the specification's steps

    def rounds(self, state: Sequence[str], count: int) -> list[str]:
        """``count`` rounds: turning a row is a matter of names."""
        x, kind = list(state), self.type
        for _ in range(count):
            for j in _COLUMNS:
                a, b, c, d = x[j], x[j + 8], x[j + 16], x[j + 24]
                for up, down in ((16, 12), (8, 7)):
                    a = self.value(f"add {kind} {a}, {b}")
                    d = self.turned(self.value(f"xor {kind} {d}, {a}"), up)
                    c = self.value(f"add {kind} {c}, {d}")
                    b = self.turned(self.value(f"xor {kind} {b}, {c}"), down)
                x[j], x[j + 8], x[j + 16], x[j + 24] = a, b, c, d
            x = [*x[:8], *x[9:16], x[8], *x[18:24], *x[16:18], *x[28:], *x[24:28]]
        return x

    def turned(self, word: str, left: int) -> str:
        kind, by = self.type, self.constant(left)
        name = _turn(self.lanes)
        return self.value(f"call {kind} @{name}({kind} {word}, {kind} {word}, {kind} {by})")

    def loop(self, name: str, before: str, state: Sequence[str], times: str, rounds: int) -> list[str]:
        """``times`` (i32) repetitions of ``rounds`` rounds; ``before`` is the block that leads here."""
        kind = self.type
        self.line(f"br label %{name}.test")
        self.label(f"{name}.test")
        self.line(f"%{name}.n = phi i32 [0, %{before}], [%{name}.next, %{name}.body]")
        held = [f"%{name}.x{w}" for w in range(_WORDS)]
        at = len(self.lines)
        self.line(f"%{name}.more = icmp ult i32 %{name}.n, {times}")
        self.line(f"br i1 %{name}.more, label %{name}.body, label %{name}.done")
        self.label(f"{name}.body")
        after = self.rounds(held, rounds)
        self.line(f"%{name}.next = add i32 %{name}.n, 1")
        self.line(f"br label %{name}.test")
        self.label(f"{name}.done")
        self.lines[at:at] = [
            f"  {held[w]} = phi {kind} [{state[w]}, %{before}], [{after[w]}, %{name}.body]"
            for w in range(_WORDS)
        ]
        return held

    def words(self, memory: str, addresses: Sequence[str]) -> list[str]:
        """The 32 words of a block for each lane, by word."""
        if self.lanes == 1:
            base = self.at(memory, addresses[0], "[32 x i32]")
            out = []
            for part in range(_WORDS // 4):
                four = self.value(f"load <4 x i32>, ptr {self.at(base, str(part), '<4 x i32>')}, align 16")
                out += [self.value(f"extractelement <4 x i32> {four}, i64 {n}") for n in range(4)]
            return out
        bases = [self.at(memory, address, "[32 x i32]") for address in addresses]
        out = []
        for part in range(_WORDS // self.lanes):
            rows = [
                self.value(f"load {self.type}, ptr {self.at(base, str(part), self.type)}, align 16")
                for base in bases
            ]
            out += self.transposed(rows)
        return out

    def transposed(self, rows: list[str]) -> list[str]:
        """Lanes and words changed places, in as many steps as the number of lanes has binary digits."""
        n, kind = self.lanes, self.type
        far = n // 2
        while far:
            low = ", ".join(f"i32 {c if not c & far else n + c - far}" for c in range(n))
            high = ", ".join(f"i32 {c + far if not c & far else n + c}" for c in range(n))
            for r in range(n):
                if not r & far:
                    pair = f"{kind} {rows[r]}, {kind} {rows[r + far]}"
                    rows[r], rows[r + far] = (
                        self.value(f"shufflevector {pair}, <{n} x i32> <{mask}>") for mask in (low, high)
                    )
            far //= 2
        return rows

    def addresses(self, word: str) -> list[str]:
        """Where each lane reads next, as i64."""
        out = []
        for lane in range(self.lanes):
            wide = self.value(f"zext i32 {self.lane(word, lane)} to i64")
            out.append(self.value(f"lshr i64 {self.value(f'mul i64 {wide}, %blocks')}, 32"))
        return out

    def read(self, state: Sequence[str], block: Sequence[str]) -> list[str]:
        """A read: the block comes in, the number of the read (``%s``) too, then the rounds."""
        kind = self.type
        mixed = [self.value(f"xor {kind} {x}, {y}") for x, y in zip(state, block, strict=True)]
        mixed[0] = self.value(f"add {kind} {mixed[0]}, {self.splat('%s')}")
        return self.rounds(mixed, READ_ROUNDS)


def _turn(lanes: int) -> str:
    return f"llvm.fshl.{'i32' if lanes == 1 else f'v{lanes}i32'}"


def _make(lanes: int) -> str:
    f = _Function(lanes)
    kind = f.type
    f.label("entry")
    f.line("%eights = lshr i32 %rounds, 3")
    f.line("%ones = and i32 %rounds, 7")
    f.line("br label %test")
    f.label("test")
    f.line("%i = phi i64 [0, %entry], [%next, %rest.done]")
    f.line("%more = icmp ult i64 %i, %count")
    f.line("br i1 %more, label %body, label %end")
    f.label("body")
    state = [f.splat(f.value(f"load i32, ptr {f.at('%first', str(w))}")) for w in range(16)]
    number = f.value(f"load {kind}, ptr {f.at('%numbers', '%i')}, align 4")
    state += [number] * 8 + [f.constant(j) for j in _COLUMNS]
    state = f.loop("most", "body", state, "%eights", _CYCLE)
    state = f.loop("rest", "most.done", state, "%ones", 1)
    base = f.at("%out", "%i", "[32 x i32]")
    for part in range(_WORDS // lanes):
        rows = f.transposed(state[part * lanes : (part + 1) * lanes]) if lanes > 1 else [state[part]]
        for lane, row in enumerate(rows):
            f.line(f"store {kind} {row}, ptr {f.at(base, str(lane * _WORDS // lanes + part), kind)}, align 4")
    f.line(f"%next = add i64 %i, {lanes}")
    f.line("br label %test")
    f.label("end")
    f.line("ret void")
    arguments = "ptr noalias %out, ptr noalias %first, ptr noalias %numbers, i64 %count, i32 %rounds"
    return _define(f"make_{lanes}", arguments, f)


def _walk_each() -> str:
    f = _Function(1)
    f.label("entry")
    f.line("%tell = icmp ne ptr %told, null")
    f.line("br label %test")
    f.label("test")
    f.line("%i = phi i64 [0, %entry], [%next, %done]")
    f.line("%more = icmp ult i64 %i, %count")
    f.line("br i1 %more, label %begin, label %end")
    f.label("begin")
    base = f.at("%states", "%i", "[32 x i32]")
    first = [f.value(f"load i32, ptr {f.at(base, str(w))}") for w in range(_WORDS)]
    f.line("%wide = zext i32 %reads to i64")
    f.line(f"%line = getelementptr i32, ptr %told, i64 {f.value('mul i64 %i, %wide')}")
    f.line("br label %head")
    f.label("head")
    f.line("%s = phi i32 [0, %begin], [%after, %read]")
    held, at = [f"%x{w}" for w in range(_WORDS)], len(f.lines)
    f.line("%again = icmp ult i32 %s, %reads")
    f.line("br i1 %again, label %look, label %done")
    f.label("look")
    address = f.addresses(held[0])[0]
    f.line("br i1 %tell, label %say, label %read")
    f.label("say")
    narrow, place = f.value(f"trunc i64 {address} to i32"), f.at("%line", f.value("zext i32 %s to i64"))
    f.line(f"store i32 {narrow}, ptr {place}")
    f.line("br label %read")
    f.label("read")
    after = f.read(held, f.words("%memory", [address]))
    f.line("%after = add i32 %s, 1")
    f.line("br label %head")
    f.label("done")
    for w in range(_WORDS):
        f.line(f"store i32 {held[w]}, ptr {f.at(base, str(w))}")
    f.line("%next = add i64 %i, 1")
    f.line("br label %test")
    f.label("end")
    f.line("ret void")
    f.lines[at:at] = [
        f"  {held[w]} = phi i32 [{first[w]}, %begin], [{after[w]}, %read]" for w in range(_WORDS)
    ]
    arguments = "ptr noalias %memory, ptr noalias %states, i64 %count, i64 %blocks, i32 %reads, ptr %told"
    return _define("walk_1", arguments, f)


def _walk_together(lanes: int) -> str:
    f = _Function(lanes)
    kind = f.type
    f.label("entry")
    f.line("br label %head")
    f.label("head")
    f.line("%s = phi i32 [0, %entry], [%after, %last]")
    f.line("%again = icmp ult i32 %s, %reads")
    f.line("br i1 %again, label %test, label %end")
    f.label("test")
    f.line("%g = phi i64 [0, %head], [%next, %body]")
    f.line("%more = icmp ult i64 %g, %groups")
    f.line("br i1 %more, label %body, label %last")
    f.label("body")
    base = f.at("%states", "%g", f"[32 x {kind}]")
    places = [f.at(base, str(w), kind) for w in range(_WORDS)]
    state = [f.value(f"load {kind}, ptr {place}, align 4") for place in places]
    state = f.read(state, f.words("%memory", f.addresses(state[0])))
    for word, place in zip(state, places, strict=True):
        f.line(f"store {kind} {word}, ptr {place}, align 4")
    for address in f.addresses(state[0]):
        block = f.at("%memory", address, "[32 x i32]")
        for place in (block, f.at(block, "16")):
            f.line(f"call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 3, i32 1)")
    f.line("%next = add i64 %g, 1")
    f.line("br label %test")
    f.label("last")
    f.line("%after = add i32 %s, 1")
    f.line("br label %head")
    f.label("end")
    f.line("ret void")
    arguments = "ptr noalias %memory, ptr noalias %states, i64 %groups, i64 %blocks, i32 %reads"
    return _define(f"walk_{lanes}", arguments, f)


def _define(name: str, arguments: str, f: _Function) -> str:
    bits = 32 * f.lanes
    wide = (
        f'"prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}"' if f.lanes > 1 else "alwaysinline"
    )
    return f"define void @{name}({arguments}) nounwind {wide} {{\n" + "\n".join(f.lines) + "\n}\n"


def processor_code(lanes: int) -> str:
    """Returns the code for a processor whose vectors hold ``lanes`` words: 4, 8 or 16."""
    return "\n".join(
        [
            *(f"declare {kind} @{_turn(n)}({kind}, {kind}, {kind})" for n, kind in _kinds(lanes)),
            "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n",
            _make(1),
            _walk_each(),
            _make(lanes),
            _walk_together(lanes),
        ]
    )


def _kinds(*lanes: int) -> list[tuple[int, str]]:
    return [(n, "i32" if n == 1 else f"<{n} x i32>") for n in (1, *lanes)]


#: A GPU's thread is one block's or one chain's. The functions are those of one lane, put into the kernels.
_THREADS: Final = """
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

define i64 @thread() alwaysinline {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %c = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %wide = zext i32 %n to i64
  %group = zext i32 %c to i64
  %before = mul i64 %group, %wide
  %own = zext i32 %t to i64
  %i = add i64 %before, %own
  ret i64 %i
}

define ptx_kernel void @make(ptr %out, ptr %first, ptr %numbers, i64 %count, i32 %rounds) {
  %i = call i64 @thread()
  %in = icmp ult i64 %i, %count
  br i1 %in, label %do, label %end
do:
  %to = getelementptr [32 x i32], ptr %out, i64 %i
  %number = getelementptr i32, ptr %numbers, i64 %i
  call void @make_1(ptr %to, ptr %first, ptr %number, i64 1, i32 %rounds)
  br label %end
end:
  ret void
}

define ptx_kernel void @walk(ptr %memory, ptr %states, i64 %count, i64 %blocks, i32 %reads, ptr %told) {
  %i = call i64 @thread()
  %in = icmp ult i64 %i, %count
  br i1 %in, label %do, label %end
do:
  %state = getelementptr [32 x i32], ptr %states, i64 %i
  %wide = zext i32 %reads to i64
  %off = mul i64 %i, %wide
  %line = getelementptr i32, ptr %told, i64 %off
  %tell = icmp ne ptr %told, null
  %to = select i1 %tell, ptr %line, ptr null
  call void @walk_1(ptr %memory, ptr %state, i64 1, i64 %blocks, i32 %reads, ptr %to)
  br label %end
end:
  ret void
}
"""


def gpu_code() -> str:
    """Returns the code of the kernels ``make`` and ``walk`` for NVIDIA's GPUs, one thread for each."""
    turn = _turn(1)
    return f"declare i32 @{turn}(i32, i32, i32)\n{_make(1)}{_walk_each()}{_THREADS}"
