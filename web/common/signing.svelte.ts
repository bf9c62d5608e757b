/** From something that is asked for to a transaction that has landed: built, checked, shown, signed, sent, followed. */
import { tick } from 'svelte';
import { read, Refused, send } from './api';
import { sentence } from './format';
import { Unexpected } from './message';
import { sign, wallet } from './wallet.svelte';

/** Milliseconds between two questions for what became of a transaction. */
const REST = 1_000;
const text = (raw: Uint8Array): string => btoa(String.fromCharCode(...raw));
export const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** What a transaction does, read from its bytes. */
export interface Statement {
  does: readonly string[];
  /** What is signed. */
  message: Uint8Array;
  blockhash: string;
}

/** A transaction that was checked. */
export interface Checked {
  transaction: Uint8Array;
  statement: Statement;
  /** A slot at which its blockhash was known. */
  since: number;
  /** Who signs it, and the keys that sign after that one and have done so. */
  wallet: string;
  also: readonly string[];
}

/** What became of a transaction. */
export interface Sent {
  signature: string;
  state: string;
  why: string;
}

export class Signing {
  /** What is shown, and may be signed. */
  statement = $state.raw<Statement | null>(null);
  notes = $state.raw<readonly string[]>([]);
  busy = $state('');
  bad = $state('');
  sent = $state.raw<Sent | null>(null);
  #checked: Checked | null = null;
  #done: (landed: boolean) => void = () => undefined;
  #left = false;

  end(): void {
    this.#left = true;
  }

  /** Says why nothing is asked for. */
  refuse(why: string): void {
    [this.bad, this.sent, this.statement] = [why, null, null];
  }

  /** Has a transaction built and checked, and shows what it does.
   *
   * make: builds and checks it; throws why it is not signed. notes: what no byte says. done: told that its end is
   * known, and whether it landed.
   */
  async show(make: () => Promise<Checked>, notes: readonly string[], done: (landed: boolean) => void): Promise<void> {
    if (this.busy) return;
    this.refuse('');
    [this.notes, this.#done, this.busy] = [notes, done, 'A transaction is being made…'];
    try {
      this.#checked = await make();
      this.statement = this.#checked.statement;
    } catch (error) {
      this.bad = `${sentence(error)} Nothing was signed.`;
    }
    this.busy = '';
    await tick();
    document.getElementById('review')?.closest('section')?.focus();
  }

  no(): void {
    this.statement = null;
  }

  async yes(): Promise<void> {
    const [it, statement] = [this.#checked, this.statement];
    if (it === null || statement === null || this.busy) return;
    let signature = '';
    try {
      if (wallet.account?.address !== it.wallet) throw new Unexpected(`Connect the wallet ${it.wallet} first.`);
      this.busy = 'The wallet asks for your signature…';
      const given = await sign(it.transaction, statement.message, it.also);
      signature = given.signature;
      this.busy = 'It is being sent…';
      if (given.signed !== null) await hand(given.signed);
    } catch (error) {
      [this.busy, this.bad] = ['', `${sentence(error)} ${signature ? '' : 'Nothing was sent.'}`];
      if (signature) this.statement = null;
      return;
    }
    this.statement = null;
    await this.#follow(signature, statement.blockhash, it.since);
  }

  async #follow(signature: string, blockhash: string, since: number): Promise<void> {
    this.busy = 'Waiting for the chain…';
    this.sent = { signature, state: 'waiting', why: '' };
    while (this.sent.state === 'waiting' && !this.#left) {
      try {
        this.sent = await read<Sent>(`/sent/${signature}`, { blockhash, since });
      } catch {
        // It may have landed all the same: it is asked again.
      }
      if (this.sent.state === 'waiting') await new Promise((later) => setTimeout(later, REST));
    }
    this.busy = '';
    if (!this.#left) this.#done(this.sent.state === 'landed');
  }
}

/** Hands a transaction over. No answer is not a refusal: the chain says then what became of it. */
async function hand(signed: Uint8Array): Promise<void> {
  try {
    await send('/sent', { transaction: text(signed) });
  } catch (error) {
    if (error instanceof Refused && error.status >= 400 && error.status < 500) throw error;
  }
}
