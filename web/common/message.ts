/** A transaction, read from its bytes. Whatever is not exactly as one signer's plain transaction is refused. */
import { getAddressDecoder } from '@solana/addresses';

const PACKET = 1_232;
const KEY = 32;
const SIGNATURE = 64;
const HIDDEN = 'The transaction takes accounts from a lookup table, so that one cannot see them.';
const addresses = getAddressDecoder();

/** Why bytes are not signed, in a sentence. */
export class Unexpected extends Error {}

export interface Called {
  program: string;
  accounts: readonly string[];
  data: Uint8Array;
}

export interface Read {
  /** What is signed. */
  message: Uint8Array;
  signature: Uint8Array;
  /** Who pays the fee, and signs first. */
  payer: string;
  blockhash: string;
  instructions: readonly Called[];
}

class Bytes {
  #at = 0;

  constructor(readonly all: Uint8Array) {}

  get at(): number {
    return this.#at;
  }

  take(size: number): Uint8Array {
    const part = this.all.subarray(this.#at, this.#at + size);
    if (part.length !== size) throw new Unexpected('The transaction is cut off.');
    this.#at += size;
    return part;
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** A length: seven bits a byte, in as few bytes as it takes. */
  length(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if ((byte === 0 && shift) || value > 0xffff) break;
        return value;
      }
    }
    throw new Unexpected('A length in the transaction is not written as it should be.');
  }

  key(): string {
    return addresses.decode(this.take(KEY));
  }

  end(): void {
    if (this.#at !== this.all.length) throw new Unexpected('Bytes follow the end of the transaction.');
  }
}

const OTHERS = 'The transaction wants other signatures than that of your wallet';

/** Reads a transaction that one wallet pays and signs.
 *
 * also: keys that sign after it, in this order.
 *
 * Throws `Unexpected`: it is something else.
 */
export function read(transaction: Uint8Array, also: readonly string[] = []): Read {
  const many = 1 + also.length;
  if (transaction.length > PACKET) throw new Unexpected('The transaction is larger than a packet.');
  const from = new Bytes(transaction);
  const signatures = from.length();
  if (signatures !== many) throw new Unexpected(`${OTHERS}.`);
  const signature = from.take(SIGNATURE);
  from.take(SIGNATURE * also.length);
  const start = from.at;
  let first = from.byte();
  const versioned = first >= 0x80;
  if (versioned) {
    if (first !== 0x80) throw new Unexpected('The transaction is of a version that these pages do not know.');
    first = from.byte();
  }
  const [signing, readOnlySigning, readOnly] = [first, from.byte(), from.byte()];
  if (signing !== many || readOnlySigning > also.length) throw new Unexpected(`${OTHERS}.`);
  const keys = Array.from({ length: from.length() }, () => from.key());
  if (new Set(keys).size !== keys.length) throw new Unexpected('An account stands twice in the transaction.');
  if (also.some((key, index) => keys[1 + index] !== key)) throw new Unexpected(`${OTHERS} and that of ${also.join(', ')}.`);
  if (signing + readOnly > keys.length) throw new Unexpected('The accounts of the transaction do not add up.');
  const blockhash = from.key();
  const used = new Set([0]);
  const named = (index: number): string => {
    const key = keys[index];
    if (key === undefined) throw new Unexpected(versioned ? HIDDEN : 'The transaction uses an account that it does not name.');
    used.add(index);
    return key;
  };
  const instructions = Array.from({ length: from.length() }, () => {
    const program = named(from.byte());
    const accounts = Array.from(from.take(from.length()), named);
    return { program, accounts, data: from.take(from.length()) };
  });
  if (versioned && from.length() !== 0) throw new Unexpected(HIDDEN);
  from.end();
  if (used.size !== keys.length) throw new Unexpected('The transaction names accounts that nothing in it uses.');
  return { message: transaction.subarray(start), signature, payer: keys[0] ?? '', blockhash, instructions };
}

export const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);
