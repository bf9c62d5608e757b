/** What renters and owners of nodes ask for, as transactions that the console builds and this browser checks. */
import { bytes, Signing } from '../../../common/signing.svelte';
import { post, type Schemas } from './api';
import { alsoSigning, check, type Wish } from './check';

/** A transaction that the console has built, and what it is about. */
interface Made {
  transaction: string;
  since: number;
  job?: string;
  cluster?: string;
}

export class Deal extends Signing {
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
    let about = '';
    await this.show(
      async () => {
        const call = await post<C>(path, words);
        const wanted = wish(call);
        const transaction = bytes(call.transaction);
        const statement = await check(transaction, wanted);
        about = call.job ?? call.cluster ?? '';
        return { transaction, statement, since: call.since, wallet: wanted.wallet, also: alsoSigning(wanted) };
      },
      notes,
      (landed) => landed && done(about),
    );
  }
}
