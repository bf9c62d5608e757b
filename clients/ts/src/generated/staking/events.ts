// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getActivatedEventDecoder,
  type ActivatedEvent,
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getChangesSettledEventDecoder,
  type ChangesSettledEvent,
  getClaimedEventDecoder,
  type ClaimedEvent,
  getClassSetEventDecoder,
  type ClassSetEvent,
  getCommissionSetEventDecoder,
  type CommissionSetEvent,
  getCompoundedEventDecoder,
  type CompoundedEvent,
  getCreditedEventDecoder,
  type CreditedEvent,
  getCreditFrozenEventDecoder,
  type CreditFrozenEvent,
  getDeviceEvictedEventDecoder,
  type DeviceEvictedEvent,
  getDeviceRegisteredEventDecoder,
  type DeviceRegisteredEvent,
  getDeviceReleasedEventDecoder,
  type DeviceReleasedEvent,
  getForfeitedEventDecoder,
  type ForfeitedEvent,
  getIdentityApprovedEventDecoder,
  type IdentityApprovedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getLowerApprovedEventDecoder,
  type LowerApprovedEvent,
  getNetworkJoinedEventDecoder,
  type NetworkJoinedEvent,
  getNetworkRegisteredEventDecoder,
  type NetworkRegisteredEvent,
  getNodeDisprovedEventDecoder,
  type NodeDisprovedEvent,
  getNodeLoweredEventDecoder,
  type NodeLoweredEvent,
  getNodeRegisteredEventDecoder,
  type NodeRegisteredEvent,
  getNodeRetiredEventDecoder,
  type NodeRetiredEvent,
  getOwnerExpelledEventDecoder,
  type OwnerExpelledEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getPositionSettledEventDecoder,
  type PositionSettledEvent,
  getProofRecordedEventDecoder,
  type ProofRecordedEvent,
  getReferenceSetEventDecoder,
  type ReferenceSetEvent,
  getSlashAppealedEventDecoder,
  type SlashAppealedEvent,
  getSlashCancelledEventDecoder,
  type SlashCancelledEvent,
  getSlashClosedEventDecoder,
  type SlashClosedEvent,
  getSlashedEventDecoder,
  type SlashedEvent,
  getSlashProposedEventDecoder,
  type SlashProposedEvent,
  getSlashResolvedEventDecoder,
  type SlashResolvedEvent,
  getSlashSetApartEventDecoder,
  type SlashSetApartEvent,
  getStakedEventDecoder,
  type StakedEvent,
  getUnitsSetEventDecoder,
  type UnitsSetEvent,
  getUnstakedEventDecoder,
  type UnstakedEvent,
  getWithdrawnEventDecoder,
  type WithdrawnEvent,
} from './types/index.js';

/** An event of the staking program. */
export type ProgramEvent =
  | { name: 'Activated'; data: ActivatedEvent }
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'ChangesSettled'; data: ChangesSettledEvent }
  | { name: 'Claimed'; data: ClaimedEvent }
  | { name: 'ClassSet'; data: ClassSetEvent }
  | { name: 'CommissionSet'; data: CommissionSetEvent }
  | { name: 'Compounded'; data: CompoundedEvent }
  | { name: 'Credited'; data: CreditedEvent }
  | { name: 'CreditFrozen'; data: CreditFrozenEvent }
  | { name: 'DeviceEvicted'; data: DeviceEvictedEvent }
  | { name: 'DeviceRegistered'; data: DeviceRegisteredEvent }
  | { name: 'DeviceReleased'; data: DeviceReleasedEvent }
  | { name: 'Forfeited'; data: ForfeitedEvent }
  | { name: 'IdentityApproved'; data: IdentityApprovedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'LowerApproved'; data: LowerApprovedEvent }
  | { name: 'NetworkJoined'; data: NetworkJoinedEvent }
  | { name: 'NetworkRegistered'; data: NetworkRegisteredEvent }
  | { name: 'NodeDisproved'; data: NodeDisprovedEvent }
  | { name: 'NodeLowered'; data: NodeLoweredEvent }
  | { name: 'NodeRegistered'; data: NodeRegisteredEvent }
  | { name: 'NodeRetired'; data: NodeRetiredEvent }
  | { name: 'OwnerExpelled'; data: OwnerExpelledEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'PositionSettled'; data: PositionSettledEvent }
  | { name: 'ProofRecorded'; data: ProofRecordedEvent }
  | { name: 'ReferenceSet'; data: ReferenceSetEvent }
  | { name: 'SlashAppealed'; data: SlashAppealedEvent }
  | { name: 'SlashCancelled'; data: SlashCancelledEvent }
  | { name: 'SlashClosed'; data: SlashClosedEvent }
  | { name: 'Slashed'; data: SlashedEvent }
  | { name: 'SlashProposed'; data: SlashProposedEvent }
  | { name: 'SlashResolved'; data: SlashResolvedEvent }
  | { name: 'SlashSetApart'; data: SlashSetApartEvent }
  | { name: 'Staked'; data: StakedEvent }
  | { name: 'UnitsSet'; data: UnitsSetEvent }
  | { name: 'Unstaked'; data: UnstakedEvent }
  | { name: 'Withdrawn'; data: WithdrawnEvent };

export const PROGRAM = 'ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['Activated', [140, 38, 35, 97, 110, 193, 239, 71], getActivatedEventDecoder()],
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['ChangesSettled', [171, 109, 27, 203, 58, 117, 210, 51], getChangesSettledEventDecoder()],
  ['Claimed', [217, 192, 123, 72, 108, 150, 248, 33], getClaimedEventDecoder()],
  ['ClassSet', [150, 198, 209, 176, 36, 134, 193, 241], getClassSetEventDecoder()],
  ['CommissionSet', [23, 131, 103, 187, 216, 56, 85, 150], getCommissionSetEventDecoder()],
  ['Compounded', [187, 212, 188, 187, 183, 29, 107, 152], getCompoundedEventDecoder()],
  ['Credited', [142, 248, 247, 7, 241, 250, 230, 55], getCreditedEventDecoder()],
  ['CreditFrozen', [29, 11, 80, 39, 238, 235, 93, 148], getCreditFrozenEventDecoder()],
  ['DeviceEvicted', [170, 223, 13, 56, 66, 88, 168, 85], getDeviceEvictedEventDecoder()],
  ['DeviceRegistered', [221, 90, 2, 153, 72, 98, 71, 181], getDeviceRegisteredEventDecoder()],
  ['DeviceReleased', [61, 101, 38, 18, 241, 39, 203, 44], getDeviceReleasedEventDecoder()],
  ['Forfeited', [80, 140, 117, 204, 15, 230, 158, 241], getForfeitedEventDecoder()],
  ['IdentityApproved', [2, 67, 90, 164, 69, 77, 17, 235], getIdentityApprovedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['LowerApproved', [56, 117, 163, 72, 86, 157, 62, 23], getLowerApprovedEventDecoder()],
  ['NetworkJoined', [186, 51, 89, 141, 142, 223, 202, 183], getNetworkJoinedEventDecoder()],
  ['NetworkRegistered', [21, 151, 225, 218, 107, 192, 137, 122], getNetworkRegisteredEventDecoder()],
  ['NodeDisproved', [164, 38, 158, 221, 153, 205, 64, 50], getNodeDisprovedEventDecoder()],
  ['NodeLowered', [71, 195, 234, 105, 227, 75, 35, 133], getNodeLoweredEventDecoder()],
  ['NodeRegistered', [15, 57, 183, 59, 93, 55, 157, 195], getNodeRegisteredEventDecoder()],
  ['NodeRetired', [228, 96, 156, 84, 220, 240, 232, 14], getNodeRetiredEventDecoder()],
  ['OwnerExpelled', [172, 191, 190, 179, 198, 140, 82, 152], getOwnerExpelledEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['PositionSettled', [75, 100, 92, 189, 245, 116, 252, 221], getPositionSettledEventDecoder()],
  ['ProofRecorded', [55, 159, 128, 127, 158, 254, 93, 145], getProofRecordedEventDecoder()],
  ['ReferenceSet', [17, 174, 109, 230, 77, 133, 27, 156], getReferenceSetEventDecoder()],
  ['SlashAppealed', [95, 61, 211, 128, 117, 80, 87, 101], getSlashAppealedEventDecoder()],
  ['SlashCancelled', [30, 217, 21, 135, 62, 236, 194, 221], getSlashCancelledEventDecoder()],
  ['SlashClosed', [81, 214, 3, 34, 246, 220, 83, 180], getSlashClosedEventDecoder()],
  ['Slashed', [98, 59, 249, 154, 233, 53, 98, 194], getSlashedEventDecoder()],
  ['SlashProposed', [158, 90, 179, 8, 227, 190, 15, 231], getSlashProposedEventDecoder()],
  ['SlashResolved', [214, 212, 138, 216, 122, 72, 104, 79], getSlashResolvedEventDecoder()],
  ['SlashSetApart', [121, 105, 37, 105, 187, 145, 110, 243], getSlashSetApartEventDecoder()],
  ['Staked', [11, 146, 45, 205, 230, 58, 213, 240], getStakedEventDecoder()],
  ['UnitsSet', [187, 44, 206, 173, 71, 208, 149, 130], getUnitsSetEventDecoder()],
  ['Unstaked', [27, 179, 156, 215, 47, 71, 195, 7], getUnstakedEventDecoder()],
  ['Withdrawn', [20, 89, 223, 198, 194, 124, 219, 13], getWithdrawnEventDecoder()],
];
