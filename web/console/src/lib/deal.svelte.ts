/** From something that is asked for to a transaction that has landed: built, checked, shown, signed, sent, followed. */
import { tick } from 'svelte';
import { Unexpected } from '../../../common/message';
import { sign, wallet } from '../../../common/wallet.svelte';
import { post, read, Refused, type Schemas } from './api';
import { alsoSigning, check, type Statement, type Wish } from './check';

/** Milliseconds between two questions for what became of a transaction. */
const REST = 1_000;
const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (raw: Uint8Array): string => btoa(String.fromCharCode(...raw));

/** A transaction that the console has built, and what it is about. */
interface Made {
  transaction: string;
  since: number;
  job?: string;
  cluster?: string;
}

export class Deal {
  statement = $state.raw<Statement | null>(null);
  notes = $state.raw<readonly string[]>([]);
  busy = $state('');
  bad = $state('');
  sent = $state.raw<Schemas['Sent'] | null>(null);
  #call: Made | null = null;
  #wish: Wish | null = null;
  #done: (about: string) => void = () => undefined;
  #left = false;

  end(): void {
    this.#left = true;
  }

  /** Has a transaction built, and shows what it does, if that is what was asked for.
   *
   * path: where it is built. words: what is said of it there. wish: what it may do, once it is known. notes: what the
   * console adds, which no byte says. done: told what it was about, once it has landed.
   */
  async ask<C extends Made = Schemas['Call']>(
    path: string,
    words: unknown,
    wish: (call: C) => Wish,
    notes: readonly string[] = [],
    done: (about: string) => void = () => undefined,
  ): Promise<void> {
    if (this.busy) return;
    [this.bad, this.sent, this.statement, this.notes, this.#done] = ['', null, null, notes, done];
    this.busy = 'A transaction is being made…';
    try {
      const call = await post<C>(path, words);
      this.#wish = wish(call);
      this.statement = await check(bytes(call.transaction), this.#wish);
      this.#call = call;
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
    const [call, statement, wish] = [this.#call, this.statement, this.#wish];
    if (call === null || statement === null || wish === null || this.busy) return;
    let signature = '';
    try {
      if (wallet.account?.address !== wish.wallet) throw new Unexpected(`Connect the wallet ${wish.wallet} first.`);
      this.busy = 'The wallet asks for your signature…';
      const given = await sign(bytes(call.transaction), statement.message, alsoSigning(wish));
      signature = given.signature;
      this.busy = 'It is being sent…';
      if (given.signed !== null) await this.#hand(given.signed);
    } catch (error) {
      [this.busy, this.bad] = ['', `${sentence(error)} ${signature ? '' : 'Nothing was sent.'}`];
      if (signature) this.statement = null;
      return;
    }
    this.statement = null;
    await this.#follow(signature, statement.blockhash, call);
  }

  /** Hands a transaction over. No answer is not a refusal: the chain says then what became of it. */
  async #hand(signed: Uint8Array): Promise<void> {
    try {
      await post('/sent', { transaction: text(signed) });
    } catch (error) {
      if (error instanceof Refused && error.status >= 400 && error.status < 500) throw error;
    }
  }

  async #follow(signature: string, blockhash: string, call: Made): Promise<void> {
    this.busy = 'Waiting for the chain…';
    this.sent = { signature, state: 'waiting', why: '' };
    while (this.sent.state === 'waiting' && !this.#left) {
      try {
        this.sent = await read<Schemas['Sent']>(`/sent/${signature}`, { blockhash, since: call.since });
      } catch {
        // It may have landed all the same: it is asked again.
      }
      if (this.sent.state === 'waiting') await new Promise((later) => setTimeout(later, REST));
    }
    this.busy = '';
    if (this.sent.state === 'landed' && !this.#left) this.#done(call.job ?? call.cluster ?? '');
  }
}
