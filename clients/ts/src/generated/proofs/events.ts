// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getAttestersSetEventDecoder,
  type AttestersSetEvent,
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getChallengeDecidedEventDecoder,
  type ChallengeDecidedEvent,
  getChallengeLiftedEventDecoder,
  type ChallengeLiftedEvent,
  getChallengeMadeEventDecoder,
  type ChallengeMadeEvent,
  getComputeCommittedEventDecoder,
  type ComputeCommittedEvent,
  getCorrectionEndorsedEventDecoder,
  type CorrectionEndorsedEvent,
  getHourClosedEventDecoder,
  type HourClosedEvent,
  getHourDrawnEventDecoder,
  type HourDrawnEvent,
  getHourTickedEventDecoder,
  type HourTickedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getReportApprovedEventDecoder,
  type ReportApprovedEvent,
  getReportFinalizedEventDecoder,
  type ReportFinalizedEvent,
  getReportMadeEventDecoder,
  type ReportMadeEvent,
  getReportRenewedEventDecoder,
  type ReportRenewedEvent,
  getReportVoidedEventDecoder,
  type ReportVoidedEvent,
  getVerdictShownEventDecoder,
  type VerdictShownEvent,
} from './types/index.js';

/** An event of the proofs program. */
export type ProgramEvent =
  | { name: 'AttestersSet'; data: AttestersSetEvent }
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'ChallengeDecided'; data: ChallengeDecidedEvent }
  | { name: 'ChallengeLifted'; data: ChallengeLiftedEvent }
  | { name: 'ChallengeMade'; data: ChallengeMadeEvent }
  | { name: 'ComputeCommitted'; data: ComputeCommittedEvent }
  | { name: 'CorrectionEndorsed'; data: CorrectionEndorsedEvent }
  | { name: 'HourClosed'; data: HourClosedEvent }
  | { name: 'HourDrawn'; data: HourDrawnEvent }
  | { name: 'HourTicked'; data: HourTickedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'ReportApproved'; data: ReportApprovedEvent }
  | { name: 'ReportFinalized'; data: ReportFinalizedEvent }
  | { name: 'ReportMade'; data: ReportMadeEvent }
  | { name: 'ReportRenewed'; data: ReportRenewedEvent }
  | { name: 'ReportVoided'; data: ReportVoidedEvent }
  | { name: 'VerdictShown'; data: VerdictShownEvent };

export const PROGRAM = 'ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['AttestersSet', [19, 4, 4, 155, 179, 168, 104, 28], getAttestersSetEventDecoder()],
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['ChallengeDecided', [153, 220, 226, 68, 233, 0, 129, 234], getChallengeDecidedEventDecoder()],
  ['ChallengeLifted', [2, 160, 107, 57, 24, 209, 80, 233], getChallengeLiftedEventDecoder()],
  ['ChallengeMade', [3, 175, 68, 251, 44, 67, 180, 252], getChallengeMadeEventDecoder()],
  ['ComputeCommitted', [24, 13, 79, 232, 25, 35, 168, 108], getComputeCommittedEventDecoder()],
  ['CorrectionEndorsed', [103, 219, 39, 54, 79, 101, 241, 0], getCorrectionEndorsedEventDecoder()],
  ['HourClosed', [133, 74, 240, 115, 117, 107, 150, 27], getHourClosedEventDecoder()],
  ['HourDrawn', [170, 219, 76, 118, 6, 0, 191, 23], getHourDrawnEventDecoder()],
  ['HourTicked', [209, 17, 79, 115, 205, 19, 247, 217], getHourTickedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['ReportApproved', [32, 4, 21, 162, 140, 198, 16, 42], getReportApprovedEventDecoder()],
  ['ReportFinalized', [208, 201, 65, 106, 128, 116, 59, 22], getReportFinalizedEventDecoder()],
  ['ReportMade', [128, 6, 77, 71, 105, 48, 20, 102], getReportMadeEventDecoder()],
  ['ReportRenewed', [255, 138, 45, 38, 179, 74, 233, 168], getReportRenewedEventDecoder()],
  ['ReportVoided', [59, 156, 213, 101, 183, 181, 232, 222], getReportVoidedEventDecoder()],
  ['VerdictShown', [69, 131, 195, 145, 90, 233, 185, 151], getVerdictShownEventDecoder()],
];
