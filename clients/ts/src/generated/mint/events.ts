// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getEmittedEventDecoder,
  type EmittedEvent,
  getGenesisMintedEventDecoder,
  type GenesisMintedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getPolicySetEventDecoder,
  type PolicySetEvent,
  getReserveBurnedEventDecoder,
  type ReserveBurnedEvent,
} from './types/index.js';

/** An event of the mint program. */
export type ProgramEvent =
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'Emitted'; data: EmittedEvent }
  | { name: 'GenesisMinted'; data: GenesisMintedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'PolicySet'; data: PolicySetEvent }
  | { name: 'ReserveBurned'; data: ReserveBurnedEvent };

export const PROGRAM = 'iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['Emitted', [227, 185, 220, 253, 141, 96, 73, 178], getEmittedEventDecoder()],
  ['GenesisMinted', [128, 76, 96, 126, 180, 149, 231, 231], getGenesisMintedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['PolicySet', [126, 246, 69, 48, 9, 240, 226, 52], getPolicySetEventDecoder()],
  ['ReserveBurned', [49, 205, 80, 159, 196, 15, 235, 18], getReserveBurnedEventDecoder()],
];
