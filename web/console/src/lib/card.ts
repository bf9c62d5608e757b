/** Cards: they are given at a page of another host, which is opened only if it is the one that is named here. */
import type { Schemas } from './api';

/** Whether an address is an encrypted page of a host, and of no other. */
export function isPageOf(text: string, host: string): boolean {
  let at: URL;
  try {
    at = new URL(text);
  } catch {
    return false;
  }
  return host !== '' && at.protocol === 'https:' && at.host === host.toLowerCase() && !at.username && !at.password;
}

/** Leaves for the page where the card is given. */
export function leaveFor(page: string, host: string): void {
  if (!isPageOf(page, host)) throw new Error(`The payment leads to a page that is none of ${host}. Do not pay there.`);
  location.assign(page);
}

/** Where a payment stands, in words. */
export function words(payment: Schemas['CardPayment']): string {
  switch (payment.state) {
    case 'opened':
      return 'Its page is being made.';
    case 'awaiting':
      return 'It waits for your card.';
    case 'authorised':
    case 'booking':
      return payment.extends ? 'Your bank holds the amount. The time is being booked.' : 'Your bank holds the amount. The node is being booked.';
    case 'booked':
      return 'It is booked. Your card is being charged.';
    case 'running':
      return 'It is booked, and your card is charged. What is not used goes back to your card.';
    case 'unpaid':
      return 'Your card could not be charged after all, so the job is ended.';
    case 'cancelling':
      return 'It is being cancelled. Your card pays nothing.';
    case 'cancelled':
      return 'It was cancelled. Your card paid nothing.';
    default:
      return 'It is over.';
  }
}

/** An account of a payment's books, as its customer knows it. */
export function place(account: string): string {
  switch (account) {
    case 'card':
    case 'refunded':
      return 'your card';
    case 'held':
      return 'held for you';
    case 'booked':
      return "the job's escrow";
    case 'fee':
      return 'the fee for the card';
    case 'loss':
    case 'forgiven':
      return 'the operator';
    default:
      return account;
  }
}
