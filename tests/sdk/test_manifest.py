"""Job manifests: one document, one byte string, one hash; and the store they are fetched from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionet.formats import canonical
from ionet.store.manifest import (
    Command,
    FileStore,
    Function,
    Input,
    Manifest,
    ManifestError,
    NotStored,
    Resources,
    RuntimeEnv,
    StoreError,
)

FUNCTION = Function("package.module:main", {"b": 1, "a": ["x", None, True]})


def test_the_canonical_bytes_are_sorted_compact_and_complete() -> None:
    assert Manifest(entrypoint=FUNCTION).to_bytes() == (
        b'{"entrypoint":{"arguments":{"a":["x",null,true],"b":1},"function":"package.module:main"},'
        b'"inputs":[],"max_duration":3600,"nodes":1,'
        b'"resources":{"gpus":0},'
        b'"runtime_env":{"env_vars":{},"pip":[],"working_dir":null},"version":1}'
    )


def test_the_hash_is_the_sha256_of_the_bytes() -> None:
    manifest = Manifest(entrypoint=FUNCTION)
    assert manifest.hash == hashlib.sha256(manifest.to_bytes()).digest()


def test_the_order_in_which_a_document_was_written_does_not_change_its_hash() -> None:
    one = Manifest.from_dict({"entrypoint": {"function": "a:b", "arguments": {"x": 1, "y": 2}}, "nodes": 2})
    two = Manifest.from_dict({"nodes": 2, "entrypoint": {"arguments": {"y": 2, "x": 1}, "function": "a:b"}})
    assert one.hash == two.hash


def test_inputs_are_sorted_by_name() -> None:
    one, two = Input("b", "00" * 32, 1), Input("a", "11" * 32, 2)
    assert Manifest(FUNCTION, inputs=(one, two)) == Manifest(FUNCTION, inputs=(two, one))


def test_bytes_read_back_are_the_same_manifest() -> None:
    manifest = Manifest(
        entrypoint=Command(("python", "train.py", "--größe", "1")),
        resources=Resources(2, 1, 1 << 30),
        nodes=3,
        max_duration=60,
        runtime_env=RuntimeEnv({"A": "b"}, ("numpy==2.4.6",), "ab" * 32),
        inputs=(Input("data/train.bin", "00" * 32, 5),),
    )
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


@pytest.mark.parametrize(
    "data",
    [
        b'{"version":1, "entrypoint":{"function":"a:b","arguments":{}}}',
        b'{"entrypoint":{"arguments":{},"function":"a:b"},"version":1}',
        b"[]",
        b"\xff",
        b'{"a":1.5}',
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[" * 100_000,
        b'{"a":9007199254740992}',
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_bytes(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entrypoint": {"function": "no_colon"}}, "not of the form package.module:function"),
        ({"entrypoint": {"function": "a:b", "command": ["x"]}}, "unknown field 'function'"),
        ({"entrypoint": {}}, "entrypoint: the field 'function' is missing"),
        ({"entrypoint": {"command": []}}, "one or more non-empty strings"),
        ({"entrypoint": {"function": "a:b", "arguments": {"x": 0.5}}}, "0.5 is a float"),
        ({"colour": "red"}, "unknown field 'colour'; known are entrypoint"),
        ({"nodes": 0}, "nodes: 0 is outside 1..256"),
        ({"nodes": True}, "nodes: True is not an integer"),
        ({"max_duration": 10**9}, "max_duration: 1000000000 is outside"),
        ({"resources": {"cpus": "2"}}, "resources.cpus: '2' is not an integer"),
        ({"resources": {"gpus": 9}}, "resources.gpus: 9 is outside 0..8"),
        ({"resources": {"internet": 1}}, "resources.internet: 1 is not true or false"),
        ({"resources": {"internet_mbps": 5}}, "resources.internet_mbps: only with internet = true"),
        ({"resources": {"internet": True, "internet_mbps": 0}}, "internet_mbps: 0 is outside 1..1048576"),
        ({"resources": {"internet": True, "internet_mbps": True}}, "internet_mbps: True is not an integer"),
        ({"resources": {"cpus": 0}}, "resources.cpus: 0 is outside 1..1024"),
        ({"resources": {"cpus": 1.0}}, "resources.cpus: 1.0 is not an integer"),
        ({"resources": {"cpus": None}}, "resources.cpus: None is not an integer; leave it out"),
        ({"resources": {"memory": 1 << 60}}, "resources.memory: 1152921504606846976 is outside"),
        ({"resources": {"memory": -(1 << 30)}}, "resources.memory: -1073741824 is outside"),
        ({"resources": {"memory": "4GB"}}, "resources.memory: '4GB' is no size: write 512MiB, 4GiB"),
        ({"resources": {"memory": "1e9"}}, "resources.memory: '1e9' is no size"),
        ({"resources": {"disk": "99MiB"}}, "resources.disk: 103809024 is outside 268435456..70368744177664"),
        ({"resources": {"disk": "999999TiB"}}, "resources.disk: 1099510528264372224 is outside"),
        ({"resources": {"disk": True}}, "resources.disk: True is not an integer"),
        ({"resources": {"processes": 0}}, "resources.processes: 0 is outside 1..1048576"),
        ({"resources": {"processes": 1 << 53}}, "resources.processes: 9007199254740992 is outside"),
        ({"resources": {"processes": "many"}}, "resources.processes: 'many' is not an integer"),
        ({"resources": {"swap": 1}}, "resources: unknown field 'swap'; known are gpus, internet, cpus"),
        (
            {
                "resources": {"disk": "1GiB"},
                "inputs": [{"name": "x", "sha256": "00" * 32, "size": 1 << 30}],
            },
            "resources.disk: 1 GiB do not hold the 1 GiB of inputs",
        ),
        ({"sealed": "yes"}, "sealed: 'yes' is not true or false"),
        ({"nodes": 2, "on_loss": "wait"}, "on_loss: 'wait' is not end or continue"),
        ({"nodes": 2, "on_loss": ["end"]}, "is not end or continue"),
        ({"runtime_env": {"pip": ["numpy"]}}, "'numpy' is not pinned; write it as name==version"),
        ({"runtime_env": {"pip": ["--index-url=x==1"]}}, "is not pinned"),
        ({"runtime_env": {"env_vars": {"RAY_AUTH_MODE": "off"}}}, "reserved for the host of the job"),
        ({"runtime_env": {"env_vars": {"LD_PRELOAD": "x.so"}}}, "reserved for the host of the job"),
        ({"runtime_env": {"env_vars": {"A": 1}}}, "env_vars.A: expected a string"),
        ({"runtime_env": {"working_dir": "."}}, "not a sha256"),
        ({"inputs": [{"name": "../x", "sha256": "00" * 32, "size": 1}]}, "not a relative path"),
        ({"inputs": [{"name": "/x", "sha256": "00" * 32, "size": 1}]}, "not a relative path"),
        ({"inputs": [{"name": "a//b", "sha256": "00" * 32, "size": 1}]}, "write 'a/b'"),
        ({"inputs": [{"name": "x", "sha256": "00", "size": 1}]}, "64 lower-case hex digits"),
        ({"inputs": [{"name": "x", "sha256": "00" * 32, "size": -1}]}, "size: -1 is outside"),
        ({"inputs": [{"name": "x", "sha256": "00" * 32, "size": 1}] * 2}, "'x' appears twice"),
        (
            {"inputs": [{"name": name, "sha256": "00" * 32, "size": 1} for name in ("x", "x/y/z")]},
            "'x' is a file, and 'x/y/z' lies below it",
        ),
        ({"version": 2}, "version: 2 is not supported"),
    ],
)
def test_an_error_names_the_field_and_what_would_be_right(change: dict[str, Any], message: str) -> None:
    document = {"entrypoint": {"function": "a:b"}, **change}
    with pytest.raises(ManifestError) as caught:
        Manifest.from_dict(document)
    assert message in str(caught.value)


def test_a_manifest_without_internet_has_the_bytes_that_it_had_before_there_was_the_field() -> None:
    plain = Manifest(FUNCTION)
    assert b"internet" not in plain.to_bytes()
    assert Manifest.from_dict({**plain.to_dict(), "resources": {"internet": False}}) == plain
    asking = Manifest(FUNCTION, resources=Resources(internet=True))
    assert asking.hash != plain.hash
    assert Manifest.from_bytes(asking.to_bytes()) == asking
    assert b"mbps" not in asking.to_bytes()
    limited = Manifest(FUNCTION, resources=Resources(internet=True, internet_mbps=5))
    assert b'"internet":true,"internet_mbps":5}' in limited.to_bytes()
    assert Manifest.from_bytes(limited.to_bytes()) == limited
    spelled = plain.to_bytes().replace(b'"gpus":0', b'"gpus":0,"internet":false')
    with pytest.raises(ManifestError, match=r"hash the output of Manifest\.to_bytes"):
        Manifest.from_bytes(spelled)


def test_a_manifest_from_before_what_it_asks_for_could_be_left_out_has_the_hash_that_it_had() -> None:
    before = Manifest(FUNCTION).to_bytes().replace(b'{"gpus":0}', b'{"cpus":1,"gpus":0,"memory":268435456}')
    read = Manifest.from_bytes(before)
    assert read.hash == hashlib.sha256(before).digest()
    assert (read.resources.cpus, read.resources.memory) == (1, 256 << 20)


def test_what_a_manifest_asks_for_is_in_its_bytes_and_sizes_may_be_in_words() -> None:
    written = {"cpus": 2, "disk": "20GiB", "memory": "1.5GiB", "processes": 200}
    manifest = Manifest.from_dict({"entrypoint": {"function": "a:b"}, "resources": written})
    assert manifest.resources == Resources(2, 0, 3 << 29, processes=200, disk=20 << 30)
    assert (
        b'"resources":{"cpus":2,"disk":21474836480,"gpus":0,"memory":1610612736,"processes":200}'
    ) in manifest.to_bytes()
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    words = manifest.to_bytes().replace(b"21474836480", b'"20GiB"')
    with pytest.raises(ManifestError, match=r"hash the output of Manifest\.to_bytes"):
        Manifest.from_bytes(words)


def test_a_manifest_that_seals_nothing_has_the_bytes_that_it_had_before_there_was_the_field() -> None:
    plain, sealing = Manifest(FUNCTION), Manifest(FUNCTION, sealed=True)
    assert b"sealed" not in plain.to_bytes()
    assert Manifest.from_dict({**plain.to_dict(), "sealed": False}) == plain
    assert Manifest.from_bytes(sealing.to_bytes()) == sealing
    assert sealing.hash != plain.hash


def test_a_manifest_that_ends_with_a_lost_node_has_the_bytes_that_it_had_before_there_was_the_field() -> None:
    plain, going_on = Manifest(FUNCTION, nodes=2), Manifest(FUNCTION, nodes=2, on_loss="continue")
    assert plain.on_loss == "end"
    assert b"on_loss" not in plain.to_bytes()
    assert Manifest.from_dict({**plain.to_dict(), "on_loss": "end"}) == plain
    assert Manifest.from_bytes(going_on.to_bytes()) == going_on
    assert going_on.hash != plain.hash


def test_a_manifest_that_names_no_image_has_the_bytes_that_it_had_before_there_was_the_field() -> None:
    plain, naming = Manifest(FUNCTION), Manifest(FUNCTION, image=f"sha256:{'1a' * 32}")
    assert b"image" not in plain.to_bytes()
    assert Manifest.from_bytes(naming.to_bytes()) == naming
    assert naming.hash != plain.hash


@pytest.mark.parametrize("image", ["base", "sha256:12", f"sha256:{'A' * 64}", f"docker:{'a' * 64}", 3])
def test_an_image_is_named_by_its_digest_and_no_other_way(image: object) -> None:
    with pytest.raises(ManifestError, match=r"image: .* names no image; write sha256:"):
        Manifest.from_dict({"entrypoint": {"function": "a:b"}, "image": image})


def test_a_manifest_that_is_too_large_is_refused() -> None:
    with pytest.raises(ManifestError, match="pass large data as inputs"):
        Manifest(Function("a:b", {"text": "x" * 300_000}))


def test_a_toml_file_and_a_json_file_give_the_same_manifest(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text('nodes = 2\n[entrypoint]\nfunction = "a:b"\narguments = { n = 3 }\n')
    (tmp_path / "job.json").write_text(
        '{"entrypoint": {"function": "a:b", "arguments": {"n": 3}}, "nodes": 2}'
    )
    assert Manifest.load(tmp_path / "job.toml") == Manifest.load(tmp_path / "job.json")


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text('{"entrypoint": {"function": "a:b"}, "nodes": 1.0}')
    with pytest.raises(ManifestError, match=r"job\.json: 1\.0 is not an integer"):
        Manifest.load(tmp_path / "job.json")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(min_codepoint=32, max_codepoint=126)), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_canonical_bytes_are_a_fixed_point(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data  # type: ignore[arg-type]


@given(_JSON)
def test_canonical_bytes_are_json_that_any_parser_reads(value: Any) -> None:
    assert json.loads(canonical.encode(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.5}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":Infinity}',
        b'{"a":1} ',
        b'{"a\x7f":1}',
        '{"ä":1}'.encode(),
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b"[" * 130 + b"]" * 130,
    ],
)
def test_bytes_are_decoded_only_if_they_are_the_one_form_of_their_value(data: bytes) -> None:
    with pytest.raises(canonical.CanonicalError):
        canonical.decode(data)


@pytest.mark.parametrize(
    "value", [{1: 2}, {"ä": 1}, {"a\n": 1}, 2**53, 0.5, b"x", {1, 2}, "\ud800", object()]
)
def test_values_without_a_canonical_form_are_refused(value: Any) -> None:
    with pytest.raises(canonical.CanonicalError):
        canonical.encode(value)


def test_control_characters_are_escaped_as_in_rfc_8785() -> None:
    assert canonical.encode('\b\t\n\f\r"\\\x01\x7f/é€') == '"\\b\\t\\n\\f\\r\\"\\\\\\u0001\x7f/é€"'.encode()


def test_the_store_gives_back_what_was_put_in(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest = store.put(b"content")
    assert digest == hashlib.sha256(b"content").digest()
    assert store.get(digest) == b"content"
    assert digest in store
    assert FileStore(tmp_path).get(store.put(b"content")) == b"content"


def test_the_store_refuses_content_that_does_not_match_its_hash(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest = store.put(b"content")
    store.path(digest).write_bytes(b"changed")
    with pytest.raises(StoreError, match="holds content with sha256"):
        store.get(digest)


def test_a_manifest_is_fetched_by_its_hash_and_refused_when_it_does_not_match(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    manifest = Manifest(FUNCTION)
    digest = store.put_manifest(manifest)
    assert store.get_manifest(digest) == manifest
    store.path(digest).write_bytes(Manifest(FUNCTION, nodes=2).to_bytes())
    with pytest.raises(StoreError):
        store.get_manifest(digest)


def test_what_is_not_in_the_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotStored, match="no object 0000"):
        FileStore(tmp_path).get(bytes(32))
    with pytest.raises(StoreError, match="32 bytes, got 3"):
        FileStore(tmp_path).get(b"abc")


def test_a_name_stands_for_its_first_content_for_good(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    one, two = store.put(b"1"), store.put(b"2")
    assert store.resolve("a/b") is None
    store.link("a/b", one)
    store.link("a/b", one)
    with pytest.raises(StoreError, match="already names"):
        store.link("a/b", two)
    assert store.resolve("a/b") == one
    store.link("a/c", two)
    assert list(store.names("a")) == ["a/b", "a/c"]


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../../b", ".hidden"])
def test_names_stay_inside_the_store(tmp_path: Path, name: str) -> None:
    store = FileStore(tmp_path / "store")
    with pytest.raises(StoreError, match="not a relative name"):
        store.link(name, store.put(b""))
