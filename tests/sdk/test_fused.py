"""A GPU's kernels in their own languages, compiled for a processor: the same bits as the specification's.

Metal's calls go to a stand-in that runs the same text; NVIDIA's compiler is the real one, where it is there.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from ionet.prover import BackendError, Challenge, Prover, backend, numpy_backend, residency
from ionet.prover._fused import FusedBackend, GroupDriver, compiled, source
from ionet.prover.residency import Sizes, make_prover

HERE: Final = Path(__file__).parent
RATE: Final[dict[str, Any]] = json.loads((HERE / "proof_vectors.json").read_text())["rate"]
#: Blocks and chains that fill no group, and rounds that are none of eight.
MEMORY: Final = residency.Challenge(bytes(range(32)), Sizes(blocks=301, rounds=13, chains=64, reads=7))


def built(folder: Path, language: str, text: str | None = None) -> ctypes.CDLL:
    """Compiles the text that a GPU would get."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None and not os.environ.get("CI"):
        pytest.skip("there is no compiler of C++ here")
    (folder / "metal_stdlib").write_text("")
    (folder / f"kernels.{language}").write_text(source(language) if text is None else text)
    out = folder / f"{language}.so"
    options = ["-std=c++20", "-O2", "-shared", "-fPIC", "-w", "-x", "c++", "-pthread", f"-I{folder}"]
    names = [f'-DKERNELS="{folder}/kernels.{language}"', *(["-DMETAL"] if language == "metal" else [])]
    subprocess.run([str(compiler), *options, *names, str(HERE / "gpu.h"), "-o", str(out)], check=True)
    return ctypes.CDLL(str(out))


class Host:
    """A device that is this process: addresses are its own."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.held: dict[int, Any] = {}

    def allocate(self, size: int) -> int:
        made = ctypes.create_string_buffer(size)
        self.held[ctypes.addressof(made)] = made
        return ctypes.addressof(made)

    def free(self, address: int) -> None:
        del self.held[address]

    def get(self, address: int, data: NDArray[np.uint32]) -> None:
        ctypes.memmove(data.ctypes.data, address, data.nbytes)

    def run(self, kernel: str, groups: tuple[int, int], threads: int, args: ctypes.Structure) -> None:
        getattr(self.library, f"run_{kernel}")(ctypes.byref(args), *groups, threads)


class Buffer:
    """A buffer of Metal's, as pyobjc shows it."""

    def __init__(self, size: int) -> None:
        self._made = ctypes.create_string_buffer(size)

    def gpuAddress(self) -> int:  # noqa: N802
        return ctypes.addressof(self._made)

    def contents(self) -> Any:
        return SimpleNamespace(as_buffer=lambda size: memoryview(self._made).cast("B")[:size])


class Mac:
    """Metal as pyobjc gives it, with this processor for a GPU."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self.refuses = False

    def MTLCreateSystemDefaultDevice(self) -> Mac:  # noqa: N802
        return self

    def MTLSizeMake(self, *sizes: int) -> tuple[int, ...]:  # noqa: N802
        return sizes

    def newCommandQueue(self) -> Any:  # noqa: N802
        return SimpleNamespace(commandBuffer=self._commands)

    def newLibraryWithSource_options_error_(self, text: str, options: None, error: None) -> Any:  # noqa: N802
        assert text == source("metal")
        return SimpleNamespace(newFunctionWithName_=lambda name: name), None

    def newComputePipelineStateWithFunction_error_(self, function: str, error: None) -> Any:  # noqa: N802
        return function, None

    def newBufferWithLength_options_(self, size: int, options: int) -> Buffer:  # noqa: N802
        assert options == 0, "shared with the processor"
        return Buffer(size)

    def _commands(self) -> Any:
        state = SimpleNamespace(kernel="", data=b"")

        def run(groups: tuple[int, ...], threads: tuple[int, ...]) -> None:
            columns, rows, _ = groups
            getattr(self._library, f"run_{state.kernel}")(state.data, columns, rows, threads[0])

        def takes(data: bytes, length: int, index: int) -> None:
            assert (len(data), index) == (length, 0)
            state.data = data

        encoder = SimpleNamespace(
            setComputePipelineState_=lambda kernel: setattr(state, "kernel", kernel),
            setBytes_length_atIndex_=takes,
            useResource_usage_=lambda buffer, usage: None,
            dispatchThreadgroups_threadsPerThreadgroup_=run,
            endEncoding=lambda: None,
        )
        return SimpleNamespace(
            computeCommandEncoder=lambda: encoder,
            commit=lambda: None,
            waitUntilCompleted=lambda: None,
            status=lambda: 5 if self.refuses else 4,
            error=lambda: "the GPU has hung",
        )


@pytest.fixture(scope="module", params=["cu", "metal"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GroupDriver:
    return Host(built(tmp_path_factory.mktemp(request.param), request.param))


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return built(tmp_path_factory.mktemp("mac"), "metal")


@pytest.fixture
def mac(metal: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> Mac:
    made, module = Mac(metal), ModuleType("Metal")
    module.__spec__ = ModuleSpec("Metal", None)
    vars(module).update(
        {name: getattr(made, name) for name in ("MTLCreateSystemDefaultDevice", "MTLSizeMake")}
    )
    monkeypatch.setitem(sys.modules, "Metal", module)
    return made


def test_the_kernel_of_one_piece_gives_the_vectors_root(host: GroupDriver) -> None:
    challenge = Challenge(bytes.fromhex(RATE["seed"]), RATE["m"], RATE["k"])
    assert Prover(FusedBackend("of one piece", host)).commit(challenge).root.hex() == RATE["root"]


@pytest.mark.parametrize(("m", "k"), [(64, 16), (128, 208), (64, 4_112)])
def test_the_kernel_of_one_piece_gives_numpys_cells(host: GroupDriver, m: int, k: int) -> None:
    challenge = Challenge(bytes(range(32)), m, k)
    made = FusedBackend("of one piece", host).product(challenge)
    assert np.array_equal(made, numpy_backend().product(challenge))


def test_a_kernel_with_a_wrong_bit_is_not_used(tmp_path: Path) -> None:
    wrong = (
        source("cu").replace("(4 * (d) + 3", "(4 * (d) + 2").replace("tile[4 * (d) + 3]", "tile[4 * (d) + 2]")
    )
    assert wrong != source("cu")
    made = FusedBackend("cuda", Host(built(tmp_path, "cu", wrong)))
    with pytest.raises(BackendError, match="the backend cuda is not exact"):
        made.check()


def test_a_macs_gpu_multiplies(mac: Mac) -> None:
    challenge = Challenge(bytes(range(32)), 64, 96)
    assert np.array_equal(backend("metal").product(challenge), numpy_backend().product(challenge))


def test_a_macs_gpu_holds_and_walks_memory(mac: Mac) -> None:
    start, plain = bytes(range(32, 64)), residency.Prover(MEMORY)
    made = make_prover(MEMORY, "metal")
    root = made.commit(start).root
    assert root == plain.commit(start).root
    drawn = residency.draw_chains(MEMORY.sizes, root, bytes(32), 5)
    assert made.open(root, drawn).to_bytes() == plain.open(root, drawn).to_bytes()
    made.close()


def test_a_macs_gpu_that_fails_is_no_prover(mac: Mac) -> None:
    mac.refuses = True
    with pytest.raises(BackendError, match="did not run the kernel make: the GPU has hung"):
        make_prover(MEMORY, "metal")


def test_without_a_mac_or_a_gpu_it_is_said_what_is_missing() -> None:
    with pytest.raises(BackendError, match="pyobjc's Metal is not installed"):
        backend("metal")
    with pytest.raises(BackendError, match=r"compiler is not installed|no driver of an NVIDIA GPU"):
        backend("cuda")


def test_nvidias_compiler_takes_the_kernel() -> None:
    try:
        code = compiled(source("cu"))
    except BackendError as missing:
        if "not installed" in str(missing):
            pytest.skip(str(missing))
        raise
    assert b".visible .entry rate(" in code
    assert b"dp4a.u32.u32" in code


def test_what_nvidias_compiler_refuses_is_said() -> None:
    with pytest.raises(BackendError, match=r"not installed|identifier .rows. is undefined"):
        compiled("int columns = rows;")
