// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getAirdropClaimedEventDecoder,
  type AirdropClaimedEvent,
  getAirdropCreatedEventDecoder,
  type AirdropCreatedEvent,
  getAirdropReclaimedEventDecoder,
  type AirdropReclaimedEvent,
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getBeneficiaryAcceptedEventDecoder,
  type BeneficiaryAcceptedEvent,
  getBeneficiaryProposedEventDecoder,
  type BeneficiaryProposedEvent,
  getClaimsClosedEventDecoder,
  type ClaimsClosedEvent,
  getClaimsOpenedEventDecoder,
  type ClaimsOpenedEvent,
  getGrantCreatedEventDecoder,
  type GrantCreatedEvent,
  getGrantRevokedEventDecoder,
  type GrantRevokedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getReleasedEventDecoder,
  type ReleasedEvent,
} from './types/index.js';

/** An event of the distributor program. */
export type ProgramEvent =
  | { name: 'AirdropClaimed'; data: AirdropClaimedEvent }
  | { name: 'AirdropCreated'; data: AirdropCreatedEvent }
  | { name: 'AirdropReclaimed'; data: AirdropReclaimedEvent }
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'BeneficiaryAccepted'; data: BeneficiaryAcceptedEvent }
  | { name: 'BeneficiaryProposed'; data: BeneficiaryProposedEvent }
  | { name: 'ClaimsClosed'; data: ClaimsClosedEvent }
  | { name: 'ClaimsOpened'; data: ClaimsOpenedEvent }
  | { name: 'GrantCreated'; data: GrantCreatedEvent }
  | { name: 'GrantRevoked'; data: GrantRevokedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'Released'; data: ReleasedEvent };

export const PROGRAM = 'ioD6AuCTSDUE4Ujet18uvMf7hEtqjEZRVuXHu3qV5Qs';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['AirdropClaimed', [125, 251, 195, 183, 202, 126, 89, 68], getAirdropClaimedEventDecoder()],
  ['AirdropCreated', [190, 219, 101, 33, 208, 187, 149, 96], getAirdropCreatedEventDecoder()],
  ['AirdropReclaimed', [228, 115, 186, 253, 93, 45, 194, 57], getAirdropReclaimedEventDecoder()],
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['BeneficiaryAccepted', [158, 5, 68, 212, 152, 83, 44, 250], getBeneficiaryAcceptedEventDecoder()],
  ['BeneficiaryProposed', [147, 35, 97, 194, 170, 22, 236, 5], getBeneficiaryProposedEventDecoder()],
  ['ClaimsClosed', [218, 185, 246, 42, 164, 178, 89, 108], getClaimsClosedEventDecoder()],
  ['ClaimsOpened', [126, 92, 24, 148, 242, 66, 8, 28], getClaimsOpenedEventDecoder()],
  ['GrantCreated', [162, 254, 131, 56, 65, 214, 85, 6], getGrantCreatedEventDecoder()],
  ['GrantRevoked', [192, 60, 253, 12, 110, 158, 200, 30], getGrantRevokedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['Released', [232, 229, 255, 136, 101, 189, 15, 220], getReleasedEventDecoder()],
];
