// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getBondBurnedEventDecoder,
  type BondBurnedEvent,
  getBondReturnedEventDecoder,
  type BondReturnedEvent,
  getCancelledEventDecoder,
  type CancelledEvent,
  getExecutedEventDecoder,
  type ExecutedEvent,
  getGuardianSetEventDecoder,
  type GuardianSetEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getNodeVoteClosedEventDecoder,
  type NodeVoteClosedEvent,
  getOutflowOpenedEventDecoder,
  type OutflowOpenedEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getProposedEventDecoder,
  type ProposedEvent,
  getTransactionAddedEventDecoder,
  type TransactionAddedEvent,
  getTransactionClosedEventDecoder,
  type TransactionClosedEvent,
  getVoteClosedEventDecoder,
  type VoteClosedEvent,
  getVotedEventDecoder,
  type VotedEvent,
  getVotingBeganEventDecoder,
  type VotingBeganEvent,
  getVotingEndedEventDecoder,
  type VotingEndedEvent,
} from './types/index.js';

/** An event of the governance program. */
export type ProgramEvent =
  | { name: 'BondBurned'; data: BondBurnedEvent }
  | { name: 'BondReturned'; data: BondReturnedEvent }
  | { name: 'Cancelled'; data: CancelledEvent }
  | { name: 'Executed'; data: ExecutedEvent }
  | { name: 'GuardianSet'; data: GuardianSetEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'NodeVoteClosed'; data: NodeVoteClosedEvent }
  | { name: 'OutflowOpened'; data: OutflowOpenedEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'Proposed'; data: ProposedEvent }
  | { name: 'TransactionAdded'; data: TransactionAddedEvent }
  | { name: 'TransactionClosed'; data: TransactionClosedEvent }
  | { name: 'VoteClosed'; data: VoteClosedEvent }
  | { name: 'Voted'; data: VotedEvent }
  | { name: 'VotingBegan'; data: VotingBeganEvent }
  | { name: 'VotingEnded'; data: VotingEndedEvent };

export const PROGRAM = 'iogC7NKioP1989xDJ7kgkT1H4vizYuy5UduYNquSX7E';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['BondBurned', [141, 35, 247, 125, 204, 198, 51, 197], getBondBurnedEventDecoder()],
  ['BondReturned', [41, 85, 150, 247, 210, 150, 160, 118], getBondReturnedEventDecoder()],
  ['Cancelled', [136, 23, 42, 65, 143, 233, 234, 46], getCancelledEventDecoder()],
  ['Executed', [8, 232, 139, 132, 197, 45, 29, 164], getExecutedEventDecoder()],
  ['GuardianSet', [159, 49, 155, 156, 176, 88, 29, 190], getGuardianSetEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['NodeVoteClosed', [53, 52, 140, 156, 67, 58, 221, 1], getNodeVoteClosedEventDecoder()],
  ['OutflowOpened', [190, 38, 91, 172, 201, 166, 206, 206], getOutflowOpenedEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['Proposed', [216, 37, 138, 141, 130, 208, 180, 153], getProposedEventDecoder()],
  ['TransactionAdded', [105, 82, 255, 63, 184, 224, 54, 114], getTransactionAddedEventDecoder()],
  ['TransactionClosed', [124, 24, 172, 130, 209, 129, 62, 176], getTransactionClosedEventDecoder()],
  ['VoteClosed', [240, 167, 131, 105, 168, 87, 29, 174], getVoteClosedEventDecoder()],
  ['Voted', [189, 74, 101, 127, 109, 214, 95, 130], getVotedEventDecoder()],
  ['VotingBegan', [31, 201, 156, 201, 173, 112, 242, 179], getVotingBeganEventDecoder()],
  ['VotingEnded', [61, 252, 138, 220, 79, 194, 144, 174], getVotingEndedEventDecoder()],
];
