"""Patch a copy of Rust's library/ so that std builds for target_os = "solana".

usage: overlay.py LIBRARY_DIR

Programs have no threads, no files, no randomness and no writable globals. Everything that needs one of these
is mapped to what std already has for systems without it, memory routines become the runtime's system calls,
and 128-bit arithmetic uses LLVM's calling convention. Each edit fails by name when the source has moved.
"""

import re
import sys
from pathlib import Path

ALLOC = """\
use crate::alloc::{GlobalAlloc, Layout, System};

// A program brings its own global allocator; the system has none.
#[stable(feature = "alloc_system_type", since = "1.28.0")]
unsafe impl GlobalAlloc for System {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        crate::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
"""

MEMORY = """\
use core::ffi::{c_char, c_int};

unsafe extern "C" {
    fn sol_memmove_(dest: *mut u8, src: *const u8, n: u64);
    fn sol_memset_(dest: *mut u8, c: u8, n: u64);
    fn sol_memcmp_(s1: *const u8, s2: *const u8, n: u64, result: *mut i32);
}

pub unsafe fn copy_forward(dest: *mut u8, src: *const u8, n: usize) {
    // The runtime's memcpy refuses overlap, and memmove calls this for every forward copy.
    sol_memmove_(dest, src, n as u64)
}

pub unsafe fn copy_backward(dest: *mut u8, src: *const u8, n: usize) {
    sol_memmove_(dest, src, n as u64)
}

pub unsafe fn set_bytes(s: *mut u8, c: u8, n: usize) {
    sol_memset_(s, c, n as u64)
}

/// Discriminators and public keys are compared by words: that takes 3 to 12 units, a call of the runtime 25.
#[inline(always)]
pub unsafe fn compare_bytes(s1: *const u8, s2: *const u8, n: usize) -> c_int {
    match n {
        8 => compare_words::<1>(s1.cast(), s2.cast()),
        32 => compare_words::<4>(s1.cast(), s2.cast()),
        _ => {
            let mut result = 0;
            sol_memcmp_(s1, s2, n as u64, &mut result);
            result
        }
    }
}

#[inline(always)]
unsafe fn compare_words<const N: usize>(s1: *const u64, s2: *const u64) -> c_int {
    for i in 0..N {
        let (a, b) = (s1.add(i).read_unaligned(), s2.add(i).read_unaligned());
        if a != b {
            return if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 };
        }
    }
    0
}

pub unsafe fn c_string_length(mut s: *const c_char) -> usize {
    let mut n = 0;
    while *s != 0 {
        n += 1;
        s = s.add(1);
    }
    n
}
"""

# There is no per-thread cell to draw hash keys from: they are fixed.
RANDOM_STATE = """\
    #[cfg(target_os = "solana")]
    pub fn new() -> RandomState {
        RandomState { k0: 0x736f6c616e61, k1: 0x72616e646f6d }
    }

    #[inline]
    #[allow(deprecated)]
    #[must_use]
    #[stable(feature = "hashmap_build_hasher", since = "1.7.0")]
    #[cfg(not(target_os = "solana"))]
    pub fn new() -> RandomState {
"""


def replace(file: Path, old: str, new: str, *, count: int = 1) -> None:
    """Replace `old` by `new` in a file, the first `count` times (-1: every time)."""
    text = file.read_text()
    if old not in text:
        sys.exit(
            f"overlay.py: {file} no longer contains {old!r}. This Rust release moved what the patch edits; "
            "adapt scripts/toolchain/overlay.py to it."
        )
    file.write_text(text.replace(old, new, count))


def add_solana_arm(file: Path, arm: str) -> None:
    """Add an arm for this system to a file's `cfg_select!`, before the one of the zkvm."""
    replace(
        file,
        '    target_os = "zkvm" => {',
        f'    target_os = "solana" => {{\n{arm}\n    }}\n    target_os = "zkvm" => {{',
    )


def add_solana_os(file: Path, *, count: int = 1) -> None:
    """Add this system to the lists of systems that the zkvm is in."""
    replace(file, 'target_os = "zkvm",', 'target_os = "zkvm",\n        target_os = "solana",', count=count)


def patch(library: Path) -> None:
    """Patch the copy of library/ in place."""
    std = library / "std"
    builtins = library / "compiler-builtins/compiler-builtins/src"

    zkvm = '|| target_os == "zkvm"'
    replace(std / "build.rs", zkvm, zkvm + '\n        || target_os == "solana"')
    x86 = '    target_arch = "x86",\n'
    replace(std / "src/sys/alloc/mod.rs", x86, x86 + '    target_arch = "bpf",\n')
    add_solana_arm(std / "src/sys/alloc/mod.rs", "        mod solana;")
    (std / "src/sys/alloc/solana.rs").write_text(ALLOC)
    add_solana_os(std / "src/sys/io/error/mod.rs")
    add_solana_arm(
        std / "src/sys/random/mod.rs",
        "        pub fn fill_bytes(b: &mut [u8]) {\n            b.fill(0)\n        }",
    )
    add_solana_os(std / "src/sys/thread_local/mod.rs", count=-1)
    replace(std / "src/hash/random.rs", "    pub fn new() -> RandomState {\n", RANDOM_STATE)

    # LLVM returns 128-bit integers in registers; rustc's C ABI for this target returns them through memory.
    signature = re.compile(r'extern "C" fn (__(?:multi3|udivti3|umodti3)|\$signed_fn)\(')
    for name in ("int/mul.rs", "int/udiv.rs", "int/sdiv.rs"):
        file = builtins / name
        text, edits = signature.subn(r'extern "unadjusted" fn \1(', file.read_text())
        if not edits:
            sys.exit(f"overlay.py: {file} has no 128-bit functions; adapt scripts/toolchain/overlay.py.")
        file.write_text(text)

    replace(
        builtins / "mem/mod.rs",
        "mod impls;",
        '#[cfg_attr(target_os = "solana", path = "solana.rs")]\nmod impls;',
    )
    (builtins / "mem/solana.rs").write_text(MEMORY)
    # Where the length is a constant, all but one of its cases goes.
    memcmp = 'pub unsafe extern "C" fn memcmp('
    replace(builtins / "mem/mod.rs", memcmp, f"#[inline(always)]\n    {memcmp}")


if __name__ == "__main__":
    patch(Path(sys.argv[1]))
