"""The JSON-RPC methods of the local network, with the parameters, results and errors of a real node."""

# ruff: noqa: N802

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from solders.account import Account as RawAccount
from solders.hash import Hash, ParseHashError
from solders.message import from_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from ionet.chain.base58 import b58decode, b58encode
from ionet.chain.errors import DecodeError, RpcError, describe
from ionet.chain.fees import fee_of
from ionet.chain.records import growing
from ionet.chain.rpc.embedded import _API_VERSION, BLOCKHASH_AGE, SLOTS_PER_EPOCH, EmbeddedChain
from ionet.chain.rpc.errors import lands
from ionet.chain.rpc.parameters import check_slot, checked, refusing
from ionet.chain.rpc.parameters import invalid as _invalid
from ionet.chain.rpc.parsed import TOKEN_PROGRAMS, is_mint, is_token_account, parsed_account
from ionet.chain.rpc.types import InnerGroup, Json, Simulation, TransactionRecord, ui_amount
from ionet.chain.transactions import PACKET_SIZE, writable

#: Letters of an address, and of a packet, in base 58 at most.
_KEY_TEXT: Final = 44
_PACKET_TEXT: Final = 1_683
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
PREFLIGHT_FAILURE: Final = -32002
UNSUPPORTED_VERSION: Final = -32015
UNKNOWN_TRANSACTION: Final = -32020
#: The most data that an account can have.
_LARGEST: Final = 10 << 20
#: Account data beyond this is not sent as base58.
_BASE58_LIMIT: Final = 128

_MEMO_PROGRAMS: Final = (
    "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
    "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
)

Config = Mapping[str, Any]
_METHODS: dict[str, Callable[..., Json]] = {}


def answer(network: EmbeddedChain, method: str, params: Sequence[Any]) -> Json:
    """Calls a method; raises `RpcError` as a node would."""
    function = _METHODS.get(method)
    if function is None:
        raise RpcError(METHOD_NOT_FOUND, "Method not found", method=method)
    try:
        values = checked(function, params)
        with network._lock, refusing():
            check_slot(network.clock.slot, values)
            return function(network, *values)
    except RpcError as bad:
        bad.method = method
        raise


def _method(function: Callable[..., Json]) -> Callable[..., Json]:
    _METHODS[function.__name__] = function
    return function


# --- parameters and values --------------------------------------------------------------------


def _key(text: Any) -> Pubkey:
    if not isinstance(text, str):
        raise _invalid(f"Invalid params: invalid type: {type(text).__name__}, expected a string.")
    try:
        return Pubkey.from_string(text)
    except ValueError:
        try:
            wrong = len(text) > _KEY_TEXT or len(b58decode(text)) != 32
            reason = "WrongSize" if wrong else "Invalid"
        except ValueError:
            reason = "Invalid"
        raise _invalid(f"Invalid param: {reason}") from None


def _signature(text: Any) -> str:
    try:
        return str(Signature.from_string(text))
    except (ValueError, TypeError):
        raise _invalid("Invalid param: WrongSize") from None


def _config(value: Any) -> Config:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid(f"Invalid params: invalid type: {type(value).__name__}, expected a map.")
    return value


def _raw(text: Any, encoding: str) -> bytes:
    if not isinstance(text, str):
        raise _invalid("Invalid params: expected a string.")
    try:
        if encoding == "base64":
            return b64decode(text, validate=True)
        if encoding == "base58":
            # Decoding takes the square of the length.
            if len(text) > _PACKET_TEXT:
                raise _invalid(
                    f"base58 encoded data too large: {len(text)} bytes (max: {_PACKET_TEXT} bytes)"
                )
            return b58decode(text)
    except (binascii.Error, ValueError) as bad:
        raise _invalid(f"invalid {encoding} encoding: {bad}") from None
    raise _invalid(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")


def _transaction(text: Any, config: Config) -> VersionedTransaction:
    raw = _raw(text, config.get("encoding") or "base58")
    if len(raw) > PACKET_SIZE:
        raise _invalid(
            f"decoded solana_transaction::versioned::VersionedTransaction too large: {len(raw)} bytes "
            f"(max: {PACKET_SIZE} bytes)"
        )
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        transaction.sanitize()
    except Exception as bad:  # solders raises several kinds here
        raise _invalid(
            f"failed to deserialize solana_transaction::versioned::VersionedTransaction: {bad}"
        ) from None
    return transaction


def _context(network: EmbeddedChain, value: Json) -> Json:
    return {"context": {"slot": network.clock.slot, "apiVersion": _API_VERSION}, "value": value}


def _sliced(data: bytes, config: Config) -> bytes:
    part = config.get("dataSlice")
    return data[part["offset"] : part["offset"] + part["length"]] if part else data


def _compressed(data: bytes) -> bytes:
    from zstandard import ZstdCompressor

    return ZstdCompressor().compress(data)


def _account(account: RawAccount | None, config: Config) -> Json:
    if account is None:
        return None
    encoding = config.get("encoding") or "binary"
    whole = bytes(account.data)
    data = _sliced(whole, config)
    shown: Json
    match encoding:
        case "base64" | "jsonParsed":
            shown = [b64encode(data).decode(), "base64"]
        case "base58" | "binary":
            if len(data) > _BASE58_LIMIT:
                raise RpcError(
                    INVALID_REQUEST,
                    "Encoded binary (base 58) data should be less than 128 bytes, "
                    "please use Base64 encoding.",
                )
            shown = b58encode(data) if encoding == "binary" else [b58encode(data), "base58"]
        case "base64+zstd":
            shown = [b64encode(_compressed(data)).decode(), "base64+zstd"]
        case _:
            raise _invalid(f"Invalid params: unknown variant `{encoding}`.")
    return {
        "lamports": account.lamports,
        "data": shown,
        "owner": str(account.owner),
        "executable": account.executable,
        "rentEpoch": (1 << 64) - 1,
        "space": len(whole),
    }


def _shown(network: EmbeddedChain, account: RawAccount | None, config: Config) -> Json:
    """An account as it is asked for, parsed where nodes know how."""
    shown = _account(account, config)
    if account is not None and config.get("encoding") == "jsonParsed":
        parsed = parsed_account(account.owner, bytes(account.data), network._decimals)
        shown["data"] = shown["data"] if parsed is None else parsed
    return shown


# --- the node ---------------------------------------------------------------------------------


@_method
def getHealth(network: EmbeddedChain) -> Json:
    return "ok"


@_method
def getVersion(network: EmbeddedChain) -> Json:
    return {"solana-core": _API_VERSION, "feature-set": 0}


@_method
def getGenesisHash(network: EmbeddedChain) -> Json:
    return b58encode(b"ionet local network".ljust(32, b"\0"))


@_method
def getSlot(network: EmbeddedChain, config: Config | None = None) -> Json:
    return network.clock.slot


@_method
def getBlockHeight(network: EmbeddedChain, config: Config | None = None) -> Json:
    return network.block_height


@_method
def getBlockTime(network: EmbeddedChain, slot: int) -> Json:
    if slot > network.clock.slot:
        raise RpcError(-32004, f"Block not available for slot {slot}")
    known = [record.time for record in network._history.values() if record.slot == slot]
    return known[0] if known else network.clock.now()


@_method
def getEpochInfo(network: EmbeddedChain, config: Config | None = None) -> Json:
    slot = network.clock.slot
    return {
        "absoluteSlot": slot,
        "blockHeight": network.block_height,
        "epoch": slot // SLOTS_PER_EPOCH,
        "slotIndex": slot % SLOTS_PER_EPOCH,
        "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": len(network._history),
    }


@_method
def getTransactionCount(network: EmbeddedChain, config: Config | None = None) -> Json:
    return len(network._history)


@_method
def getLatestBlockhash(network: EmbeddedChain, config: Config | None = None) -> Json:
    return _context(
        network,
        {
            "blockhash": str(network.latest_blockhash),
            "lastValidBlockHeight": network.block_height + BLOCKHASH_AGE,
        },
    )


@_method
def isBlockhashValid(network: EmbeddedChain, blockhash: str, config: Config | None = None) -> Json:
    try:
        wanted = Hash.from_string(blockhash)
    except ParseHashError:
        raise _invalid("Invalid param: WrongSize") from None
    return _context(network, network.is_valid(wanted))


@_method
def getMinimumBalanceForRentExemption(
    network: EmbeddedChain, size: int, config: Config | None = None
) -> Json:
    if size > _LARGEST:
        raise RpcError(INVALID_REQUEST, "Invalid request")
    return network.rent(size)


@_method
def getRecentPrioritizationFees(network: EmbeddedChain, accounts: Sequence[str] | None = None) -> Json:
    addresses = accounts or ()
    if len(addresses) > 128:
        raise _invalid(f"Too many inputs provided; max 128, received {len(addresses)}")
    for address in addresses:
        _key(address)
    return [{"slot": network.clock.slot, "prioritizationFee": 0}]


@_method
def getFeeForMessage(network: EmbeddedChain, message: str, config: Config | None = None) -> Json:
    try:
        parsed = from_bytes_versioned(_raw(message, "base64"))
    except Exception as bad:  # solders raises several kinds here
        raise _invalid(f"failed to deserialize message: {bad}") from None
    if not network.is_valid(parsed.recent_blockhash):
        return _context(network, None)
    return _context(network, fee_of(parsed))


# --- accounts ---------------------------------------------------------------------------------


@_method
def getBalance(network: EmbeddedChain, address: str, config: Config | None = None) -> Json:
    account = network.account(_key(address))
    return _context(network, 0 if account is None else account.lamports)


@_method
def getAccountInfo(network: EmbeddedChain, address: str, config: Config | None = None) -> Json:
    return _context(network, _shown(network, network.account(_key(address)), _config(config)))


@_method
def getMultipleAccounts(
    network: EmbeddedChain, addresses: Sequence[str], config: Config | None = None
) -> Json:
    if len(addresses) > 100:
        raise _invalid(f"Too many inputs provided; max 100, received {len(addresses)}")
    chosen = {"encoding": "base64", **_config(config)}
    return _context(
        network, [_shown(network, network.account(_key(address)), chosen) for address in addresses]
    )


@_method
def getProgramAccounts(network: EmbeddedChain, program: str, config: Config | None = None) -> Json:
    chosen = _config(config)
    accounts = program_accounts(network, _key(program), chosen.get("filters") or [])
    with growing():
        listed = [
            {"pubkey": str(key), "account": _shown(network, account, chosen)} for key, account in accounts
        ]
    return _context(network, listed) if chosen.get("withContext") else listed


def program_accounts(
    network: EmbeddedChain, program_id: Pubkey, filters: Sequence[Any]
) -> list[tuple[Pubkey, RawAccount]]:
    """Returns the program's accounts that pass all filters; raises `RpcError` if a node would refuse one."""
    if len(filters) > 4:
        raise _invalid("Too many filters provided; max 4")
    tests = [_filter(condition) for condition in filters]
    passing = []
    for address, account in network.owned(program_id):
        data = account.data
        if account.lamports and all(test(data) for test in tests):
            passing.append((address, account))
    return passing


def _filter(condition: Any) -> Callable[[bytes], bool]:
    match condition:
        case {"dataSize": int(size)} if size >= 0:
            return lambda data: len(data) == size
        case {"memcmp": {"offset": int(offset), "bytes": content, **more}} if offset >= 0:
            expected = (
                _raw(content, str(more.get("encoding") or "base58"))
                if isinstance(content, str)
                else bytes(cast("list[int]", content))
            )
            if len(expected) > 128:
                raise _invalid("Invalid param: memcmp data is larger than 128 bytes")
            end = offset + len(expected)
            return lambda data: data[offset:end] == expected
        case "tokenAccountState":
            return is_token_account
    raise _invalid(f"Invalid params: unknown filter {condition!r}")


def _token_data(network: EmbeddedChain, address: str, is_kind: Callable[[bytes], bool], noun: str) -> bytes:
    account = network.account(_key(address))
    if account is None:
        raise _invalid("Invalid param: could not find account")
    if account.owner not in TOKEN_PROGRAMS or not is_kind(bytes(account.data)):
        raise _invalid(f"Invalid param: not a Token {noun}")
    return bytes(account.data)


@_method
def getTokenAccountBalance(network: EmbeddedChain, address: str, config: Config | None = None) -> Json:
    data = _token_data(network, address, is_token_account, "account")
    return _context(
        network, ui_amount(int.from_bytes(data[64:72], "little"), network._decimals(Pubkey(data[:32])))
    )


@_method
def getTokenSupply(network: EmbeddedChain, mint: str, config: Config | None = None) -> Json:
    data = _token_data(network, mint, is_mint, "mint")
    return _context(network, ui_amount(int.from_bytes(data[36:44], "little"), data[44]))


@_method
def getTokenAccountsByOwner(
    network: EmbeddedChain, owner: str, which: Config, config: Config | None = None
) -> Json:
    wanted, chosen = bytes(_key(owner)), _config(config)
    match which:
        case {"mint": str(address), **more} if not more:
            mint: bytes | None = bytes(_key(address))
            if network.account(_key(address)) is None:
                raise _invalid("Invalid param: could not find mint")
            _token_data(network, address, is_mint, "mint")
            programs: Sequence[Pubkey] = TOKEN_PROGRAMS
        case {"programId": str(address), **more} if not more:
            mint, programs = None, [_key(address)]
            if programs[0] not in TOKEN_PROGRAMS:
                raise _invalid("Invalid param: unrecognized Token program id")
        case _:
            raise _invalid("Invalid params: expected `mint` or `programId`.")
    listed = []
    for program_id in programs:
        for key, account in network.owned(program_id):
            data = account.data
            if is_token_account(data) and data[32:64] == wanted and mint in (None, data[:32]):
                listed.append({"pubkey": str(key), "account": _shown(network, account, chosen)})
    return _context(network, listed)


# --- transactions -----------------------------------------------------------------------------


@_method
def requestAirdrop(network: EmbeddedChain, address: str, lamports: int, config: Config | None = None) -> Json:
    return network.airdrop(_key(address), lamports)


def _simulation(
    network: EmbeddedChain, transaction: VersionedTransaction, simulation: Simulation, config: Config
) -> Json:
    message = transaction.message
    keys = [str(key) for part in (message.account_keys, *network._loaded(message)) for key in part]
    inner = _named_groups(simulation.inner, keys) if config.get("innerInstructions") else None
    requested = config.get("accounts")
    accounts = None
    if requested is not None:
        encoding = {"encoding": requested.get("encoding") or "base64"}
        if encoding["encoding"] in ("base58", "binary"):
            raise _invalid("base58 encoding not supported")
        most = len(keys)
        if len(requested["addresses"]) > most:
            raise _invalid(f"Too many accounts provided; max {most}")
        after, failed = simulation.accounts, simulation.error is not None
        accounts = [
            None if failed else _account(after.get(key) or network.account(key), encoding)
            for key in map(_key, requested["addresses"])
        ]
    return {
        "err": simulation.error,
        "logs": simulation.logs,
        "accounts": accounts,
        "unitsConsumed": simulation.compute_units,
        "returnData": simulation.return_data,
        "innerInstructions": inner,
        "replacementBlockhash": None,
        "loadedAccountsDataSize": sum(len(a.data) for a in simulation.accounts.values()),
        "fee": fee_of(message) if lands(simulation.error) else None,
        "loadedAddresses": None,
        "preBalances": None,
        "postBalances": None,
        "preTokenBalances": None,
        "postTokenBalances": None,
    }


@_method
def simulateTransaction(network: EmbeddedChain, transaction: str, config: Config | None = None) -> Json:
    chosen = _config(config)
    parsed = _transaction(transaction, chosen)
    replace = bool(chosen.get("replaceRecentBlockhash"))
    verify = bool(chosen.get("sigVerify"))
    if replace and verify:
        raise _invalid("sigVerify may not be used with replaceRecentBlockhash")
    simulation = network.simulate(parsed, verify=verify, check_blockhash=not replace)
    value = _simulation(network, parsed, simulation, chosen)
    writable, readonly = network._loaded(parsed.message)
    value["loadedAddresses"] = {
        "writable": [str(key) for key in writable],
        "readonly": [str(key) for key in readonly],
    }
    if simulation.error != "SignatureFailure":
        keys = [*parsed.message.account_keys, *writable, *readonly]
        before, tokens_before = network._balances(keys)
        after, tokens_after = network._balances(keys, simulation.accounts)
        value |= {
            "preBalances": before,
            "postBalances": after,
            "preTokenBalances": [held.json() for held in tokens_before],
            "postTokenBalances": [held.json() for held in tokens_after],
        }
    if replace:
        value["replacementBlockhash"] = getLatestBlockhash(network)["value"]
    return _context(network, value)


@_method
def sendTransaction(network: EmbeddedChain, transaction: str, config: Config | None = None) -> Json:
    chosen = _config(config)
    parsed = _transaction(transaction, chosen)
    signature = str(parsed.signatures[0])
    if not chosen.get("skipPreflight"):
        simulation = network.simulate(parsed, verify=True, check_blockhash=True)
        if simulation.error is not None:
            raise RpcError(
                PREFLIGHT_FAILURE,
                f"Transaction simulation failed: {describe(simulation.error)}",
                _simulation(network, parsed, simulation, {}),
            )
    # What is not signed by everybody is taken, and never lands.
    if network.transaction(signature) is None and all(parsed.verify_with_results()):
        network.submit(parsed)
    return signature


def _status(record: TransactionRecord) -> Json:
    return {"Ok": None} if record.error is None else {"Err": record.error}


@_method
def getSignatureStatuses(
    network: EmbeddedChain, signatures: Sequence[str], config: Config | None = None
) -> Json:
    if len(signatures) > 256:
        raise _invalid(f"Too many inputs provided; max 256, received {len(signatures)}")
    records = [network.transaction(_signature(signature)) for signature in signatures]
    return _context(
        network,
        [
            None
            if record is None
            else {
                "slot": record.slot,
                "confirmations": None,
                "err": record.error,
                "status": _status(record),
                "confirmationStatus": "finalized",
            }
            for record in records
        ],
    )


def _check_confirmed(config: Config) -> None:
    if config.get("commitment") == "processed":
        raise _invalid("Method does not support commitment below `confirmed`")


def _memo(record: TransactionRecord) -> str | None:
    """Its memos with their lengths, as nodes join them."""
    message = record.transaction.message
    memos = [
        bytes(instruction.data).decode(errors="replace")
        for instruction in message.instructions
        if str(message.account_keys[instruction.program_id_index]) in _MEMO_PROGRAMS
    ]
    return "; ".join(f"[{len(memo.encode())}] {memo}" for memo in memos) or None


@_method
def getSignaturesForAddress(network: EmbeddedChain, address: str, config: Config | None = None) -> Json:
    chosen = _config(config)
    limit = 1000 if chosen.get("limit") is None else chosen["limit"]
    if not 1 <= limit <= 1000:
        raise _invalid("Invalid limit; max 1000")
    records = network._by_address.get(str(_key(address)), [])[::-1]
    signatures = [record.signature for record in records]
    _check_confirmed(chosen)
    before, until = (_signature(text) if (text := chosen.get(name)) else None for name in ("before", "until"))
    for signature in (before, until):
        if signature is not None and network.transaction(signature) is None:
            raise RpcError(UNKNOWN_TRANSACTION, f"Transaction {signature} not found")
    if before is not None:
        start = signatures.index(before) + 1 if before in signatures else len(records)
        records, signatures = records[start:], signatures[start:]
    if until is not None and until in signatures:
        records = records[: signatures.index(until)]
    return [
        {
            "signature": record.signature,
            "slot": record.slot,
            "err": record.error,
            "memo": _memo(record),
            "blockTime": record.time,
            "confirmationStatus": "finalized",
            "transactionIndex": 0,
        }
        for record in records[:limit]
    ]


@_method
def getTransaction(network: EmbeddedChain, signature: str, config: Any = None) -> Json:
    chosen = {"encoding": config} if isinstance(config, str) else _config(config)
    _check_confirmed(chosen)
    encoding = chosen.get("encoding") or "json"
    record = network.transaction(_signature(signature))
    if record is None:
        return None
    version = record.transaction.version()
    allowed = chosen.get("maxSupportedTransactionVersion")
    if version == 0 and allowed is None:
        raise RpcError(
            UNSUPPORTED_VERSION,
            "Transaction version (0) is not supported by the requesting client. "
            "Please try the request again with the following configuration parameter: "
            '"maxSupportedTransactionVersion": 0',
        )
    shown: dict[str, Json] = {
        "slot": record.slot,
        "blockTime": record.time,
        "transactionIndex": 0,
        "transaction": _encoded(record, encoding),
        "meta": {
            "err": record.error,
            "status": _status(record),
            "fee": record.fee,
            "preBalances": record.before,
            "postBalances": record.after,
            "preTokenBalances": record.tokens_before,
            "postTokenBalances": record.tokens_after,
            "innerInstructions": _named_groups(record.inner, record.keys)
            if encoding == "jsonParsed"
            else _inner_json(record.inner),
            "logMessages": record.logs,
            "rewards": [],
            "loadedAddresses": {"writable": record.loaded[0], "readonly": record.loaded[1]},
            "computeUnitsConsumed": record.compute_units,
        },
    }
    if encoding == "jsonParsed":
        # The keys say where they come from.
        del shown["meta"]["loadedAddresses"]
    if record.return_data:
        shown["meta"]["returnData"] = record.return_data
    if allowed is not None:
        shown["version"] = 0 if version == 0 else "legacy"
    return shown


def _encoded(record: TransactionRecord, encoding: str) -> Json:
    raw = bytes(record.transaction)
    match encoding:
        case "base64":
            return [b64encode(raw).decode(), "base64"]
        case "base58":
            return [b58encode(raw), "base58"]
        case "binary":
            return b58encode(raw)
        case "json" | "jsonParsed":
            message = _message_json(record.transaction.message)
            return {
                "signatures": [str(signature) for signature in record.transaction.signatures],
                "message": message if encoding == "json" else _parsed_message(record, message),
            }
    raise _invalid(f"Invalid params: unknown variant `{encoding}`.")


def _parsed_message(record: TransactionRecord, message: Json) -> Json:
    """A message with its accounts named; all instructions as nodes show those of unknown programs."""
    del message["header"]
    compiled, own = record.transaction.message, len(record.transaction.message.account_keys)
    changing = writable(compiled)
    changing += [index < len(record.loaded[0]) for index in range(len(record.keys) - own)]
    return message | {
        "accountKeys": [
            {
                "pubkey": key,
                "signer": index < compiled.header.num_required_signatures,
                "source": "transaction" if index < own else "lookupTable",
                "writable": changing[index],
            }
            for index, key in enumerate(record.keys)
        ],
        "instructions": [_named(instruction, record.keys) for instruction in message["instructions"]],
    }


def _named(instruction: Json, keys: Sequence[str]) -> Json:
    """An instruction with addresses in the place of their numbers."""
    return {
        "programId": keys[instruction["programIdIndex"]],
        "accounts": [keys[index] for index in instruction["accounts"]],
        "data": instruction["data"],
        "stackHeight": instruction["stackHeight"],
    }


def _message_json(message: Any) -> Json:
    header = message.header
    shown = {
        "accountKeys": [str(key) for key in message.account_keys],
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": instruction.program_id_index,
                "accounts": list(instruction.accounts),
                "data": b58encode(bytes(instruction.data)),
                "stackHeight": 1,
            }
            for instruction in message.instructions
        ],
    }
    if hasattr(message, "address_table_lookups"):
        tables: Sequence[Any] = message.address_table_lookups
        shown["addressTableLookups"] = [
            {
                "accountKey": str(lookup.account_key),
                "writableIndexes": list(bytes(lookup.writable_indexes)),
                "readonlyIndexes": list(bytes(lookup.readonly_indexes)),
            }
            for lookup in tables
        ]
    return shown


def _named_groups(groups: Sequence[InnerGroup], keys: Sequence[str]) -> Json:
    return [
        {**group, "instructions": [_named(instruction, keys) for instruction in group["instructions"]]}
        for group in _inner_json(groups)
    ]


def _inner_json(groups: Sequence[InnerGroup]) -> Json:
    return [
        {
            "index": outer,
            "instructions": [
                {
                    "programIdIndex": program,
                    "accounts": list(accounts),
                    "data": b58encode(bytes(data)),
                    "stackHeight": height,
                }
                for program, accounts, data, height in calls
            ],
        }
        for outer, calls in groups
    ]


# --- what test networks offer besides: the names and parameters of surfpool -------------------


@_method
def surfnet_setAccount(network: EmbeddedChain, address: str, update: Config) -> Json:
    key = _key(address)
    account = network.account(key)
    try:
        data = bytes.fromhex(update["data"]) if update.get("data") is not None else None
    except ValueError as bad:
        raise _invalid(f"Invalid hex data provided: {bad}") from None
    old = bytes(account.data) if account else b""
    owner = update.get("owner")
    network.set_account(
        key,
        lamports=update.get("lamports", account.lamports if account else None),
        data=old if data is None else data,
        owner=_key(owner) if owner else account.owner if account else Pubkey.default(),
        executable=bool(update.get("executable", account.executable if account else False)),
    )
    return _context(network, None)


@_method
def surfnet_timeTravel(network: EmbeddedChain, target: Config) -> Json:
    match target:
        case {"absoluteTimestamp": int(milliseconds)}:
            if milliseconds // 1000 < network.clock.now():
                raise _invalid("Cannot travel to past timestamp")
            network.clock.set(milliseconds // 1000)
        case {"absoluteSlot": int(slot)}:
            if slot < network.clock.slot:
                raise _invalid("Cannot travel to past slot")
            network.clock.advance(0, slots=slot - network.clock.slot)
        case {"absoluteEpoch": int(epoch)}:
            if epoch * SLOTS_PER_EPOCH < network.clock.slot:
                raise _invalid("Cannot travel to past epoch")
            network.clock.advance(0, slots=epoch * SLOTS_PER_EPOCH - network.clock.slot)
        case _:
            raise _invalid(
                f"Invalid params: expected absoluteTimestamp, absoluteSlot or absoluteEpoch, got {target!r}"
            )
    return getEpochInfo(network)


@_method
def surfnet_setProgramAuthority(network: EmbeddedChain, program: str, authority: str | None = None) -> Json:
    from ionet.chain.errors import ConfigError

    try:
        network.set_program_authority(_key(program), _key(authority) if authority else None)
    except (ConfigError, DecodeError) as bad:
        raise _invalid(str(bad)) from None
    return _context(network, None)
