// The events of a transaction, by the two ways in which the programs emit them.

import { type Address, type Decoder, getBase58Encoder, getBase64Encoder } from '@solana/kit';

import * as buyback from './generated/buyback/index.js';
import * as distributor from './generated/distributor/index.js';
import * as governance from './generated/governance/index.js';
import * as jobs from './generated/jobs/index.js';
import * as mint from './generated/mint/index.js';
import * as proofs from './generated/proofs/index.js';
import * as staking from './generated/staking/index.js';

const PROGRAMS = { buyback, distributor, governance, jobs, mint, proofs, staking };

/** An event, with the program that emitted it. */
export type Event =
  | ({ program: 'buyback' } & buyback.ProgramEvent)
  | ({ program: 'distributor' } & distributor.ProgramEvent)
  | ({ program: 'governance' } & governance.ProgramEvent)
  | ({ program: 'jobs' } & jobs.ProgramEvent)
  | ({ program: 'mint' } & mint.ProgramEvent)
  | ({ program: 'proofs' } & proofs.ProgramEvent)
  | ({ program: 'staking' } & staking.ProgramEvent);

/** What `getTransaction` answers with `encoding: 'json'`, as far as it matters here. */
export type Answer = {
  meta: {
    innerInstructions?: readonly { instructions: readonly { programIdIndex: number; data: string }[] }[] | null;
    loadedAddresses?: { readonly: readonly Address[]; writable: readonly Address[] };
    logMessages?: readonly string[] | null;
  } | null;
  transaction: { message: { accountKeys: readonly Address[] } };
};

/** `sha256("anchor:event")`, first eight bytes, reversed: how a call of a program by itself begins. */
const SELF_CALL = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];
const DATA = 'Program data: ';
const INVOKED = /^Program (\w+) invoke \[(\d+)\]$/;
const ENDED = /^Program (\w+) (?:success|failed: .*)$/;

/**
 * The events of a transaction: first those of logs, then those of calls of a program by itself.
 *
 * A program's own words in the log are no events: a line counts only for the program that runs when it is written.
 */
export function eventsOf(answer: Answer): Event[] {
  return [...fromLogs(answer.meta?.logMessages ?? []), ...fromCalls(answer)];
}

function* fromLogs(lines: readonly string[]): Generator<Event> {
  const running: string[] = [];
  for (const line of lines) {
    const invoked = INVOKED.exec(line);
    if (invoked) {
      running.push(invoked[1]!);
    } else if (ENDED.test(line)) {
      running.pop();
    } else if (line.startsWith(DATA)) {
      const event = decoded(running.at(-1), new Uint8Array(getBase64Encoder().encode(line.slice(DATA.length))));
      if (event) yield event;
    }
  }
}

function* fromCalls(answer: Answer): Generator<Event> {
  const { writable = [], readonly = [] } = answer.meta?.loadedAddresses ?? {};
  const keys = [...answer.transaction.message.accountKeys, ...writable, ...readonly];
  for (const inner of answer.meta?.innerInstructions ?? []) {
    for (const call of inner.instructions) {
      const data = new Uint8Array(getBase58Encoder().encode(call.data));
      if (!SELF_CALL.every((byte, at) => data[at] === byte)) continue;
      const event = decoded(keys[call.programIdIndex], data.subarray(SELF_CALL.length));
      if (event) yield event;
    }
  }
}

function decoded(address: string | undefined, data: Uint8Array): Event | undefined {
  for (const [program, { EVENTS, PROGRAM }] of Object.entries(PROGRAMS)) {
    if (PROGRAM !== address) continue;
    for (const [name, discriminator, decoder] of EVENTS) {
      if (discriminator.every((byte, at) => data[at] === byte)) {
        const body = (decoder as Decoder<object>).decode(data, discriminator.length);
        return { program, name, data: body } as Event;
      }
    }
  }
  return undefined;
}
