// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getAuctionOpenedEventDecoder,
  type AuctionOpenedEvent,
  getAuctionStartedEventDecoder,
  type AuctionStartedEvent,
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getFeesBurnedEventDecoder,
  type FeesBurnedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getIoCreditedEventDecoder,
  type IoCreditedEvent,
  getIoSoldEventDecoder,
  type IoSoldEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getPayoutClosedEventDecoder,
  type PayoutClosedEvent,
  getPayoutOpenedEventDecoder,
  type PayoutOpenedEvent,
  getPayoutStartedEventDecoder,
  type PayoutStartedEvent,
  getPayoutWithdrawnEventDecoder,
  type PayoutWithdrawnEvent,
  getVaultOpenedEventDecoder,
  type VaultOpenedEvent,
} from './types/index.js';

/** An event of the buyback program. */
export type ProgramEvent =
  | { name: 'AuctionOpened'; data: AuctionOpenedEvent }
  | { name: 'AuctionStarted'; data: AuctionStartedEvent }
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'FeesBurned'; data: FeesBurnedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'IoCredited'; data: IoCreditedEvent }
  | { name: 'IoSold'; data: IoSoldEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'PayoutClosed'; data: PayoutClosedEvent }
  | { name: 'PayoutOpened'; data: PayoutOpenedEvent }
  | { name: 'PayoutStarted'; data: PayoutStartedEvent }
  | { name: 'PayoutWithdrawn'; data: PayoutWithdrawnEvent }
  | { name: 'VaultOpened'; data: VaultOpenedEvent };

export const PROGRAM = 'ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['AuctionOpened', [25, 230, 140, 215, 100, 193, 14, 70], getAuctionOpenedEventDecoder()],
  ['AuctionStarted', [126, 97, 193, 56, 72, 162, 162, 64], getAuctionStartedEventDecoder()],
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['FeesBurned', [156, 235, 149, 7, 62, 121, 205, 23], getFeesBurnedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['IoCredited', [230, 50, 28, 79, 116, 124, 66, 126], getIoCreditedEventDecoder()],
  ['IoSold', [114, 125, 198, 153, 86, 237, 201, 95], getIoSoldEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['PayoutClosed', [52, 222, 25, 200, 5, 186, 97, 164], getPayoutClosedEventDecoder()],
  ['PayoutOpened', [117, 33, 108, 202, 213, 51, 140, 229], getPayoutOpenedEventDecoder()],
  ['PayoutStarted', [115, 108, 22, 154, 17, 195, 77, 58], getPayoutStartedEventDecoder()],
  ['PayoutWithdrawn', [97, 61, 38, 210, 215, 27, 247, 115], getPayoutWithdrawnEventDecoder()],
  ['VaultOpened', [198, 250, 195, 25, 26, 107, 197, 16], getVaultOpenedEventDecoder()],
];
