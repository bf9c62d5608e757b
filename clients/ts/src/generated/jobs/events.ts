// Written by generate.mjs; do not edit.

import type { Decoder } from '@solana/kit';

import {
  getAttestedEventDecoder,
  type AttestedEvent,
  getAuthorityAcceptedEventDecoder,
  type AuthorityAcceptedEvent,
  getAuthorityProposedEventDecoder,
  type AuthorityProposedEvent,
  getBookedEventDecoder,
  type BookedEvent,
  getClusterClosedEventDecoder,
  type ClusterClosedEvent,
  getClusterGrownEventDecoder,
  type ClusterGrownEvent,
  getClusterOpenedEventDecoder,
  type ClusterOpenedEvent,
  getCurrencySetEventDecoder,
  type CurrencySetEvent,
  getDelegateSetEventDecoder,
  type DelegateSetEvent,
  getDisputeClosedEventDecoder,
  type DisputeClosedEvent,
  getDisputeMadeEventDecoder,
  type DisputeMadeEvent,
  getDisputeResolvedEventDecoder,
  type DisputeResolvedEvent,
  getEndedEventDecoder,
  type EndedEvent,
  getExtendedEventDecoder,
  type ExtendedEvent,
  getInitializedEventDecoder,
  type InitializedEvent,
  getJobClosedEventDecoder,
  type JobClosedEvent,
  getManifestConfirmedEventDecoder,
  type ManifestConfirmedEvent,
  getNodeLostEventDecoder,
  type NodeLostEvent,
  getOfferSetEventDecoder,
  type OfferSetEvent,
  getPaidEventDecoder,
  type PaidEvent,
  getParamsSetEventDecoder,
  type ParamsSetEvent,
  getPausedSetEventDecoder,
  type PausedSetEvent,
  getStartedEventDecoder,
  type StartedEvent,
  getStoppedEventDecoder,
  type StoppedEvent,
  getTimeLostEventDecoder,
  type TimeLostEvent,
} from './types/index.js';

/** An event of the jobs program. */
export type ProgramEvent =
  | { name: 'Attested'; data: AttestedEvent }
  | { name: 'AuthorityAccepted'; data: AuthorityAcceptedEvent }
  | { name: 'AuthorityProposed'; data: AuthorityProposedEvent }
  | { name: 'Booked'; data: BookedEvent }
  | { name: 'ClusterClosed'; data: ClusterClosedEvent }
  | { name: 'ClusterGrown'; data: ClusterGrownEvent }
  | { name: 'ClusterOpened'; data: ClusterOpenedEvent }
  | { name: 'CurrencySet'; data: CurrencySetEvent }
  | { name: 'DelegateSet'; data: DelegateSetEvent }
  | { name: 'DisputeClosed'; data: DisputeClosedEvent }
  | { name: 'DisputeMade'; data: DisputeMadeEvent }
  | { name: 'DisputeResolved'; data: DisputeResolvedEvent }
  | { name: 'Ended'; data: EndedEvent }
  | { name: 'Extended'; data: ExtendedEvent }
  | { name: 'Initialized'; data: InitializedEvent }
  | { name: 'JobClosed'; data: JobClosedEvent }
  | { name: 'ManifestConfirmed'; data: ManifestConfirmedEvent }
  | { name: 'NodeLost'; data: NodeLostEvent }
  | { name: 'OfferSet'; data: OfferSetEvent }
  | { name: 'Paid'; data: PaidEvent }
  | { name: 'ParamsSet'; data: ParamsSetEvent }
  | { name: 'PausedSet'; data: PausedSetEvent }
  | { name: 'Started'; data: StartedEvent }
  | { name: 'Stopped'; data: StoppedEvent }
  | { name: 'TimeLost'; data: TimeLostEvent };

export const PROGRAM = 'ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA';

/** Name, discriminator and decoder of each event. */
export const EVENTS: readonly (readonly [ProgramEvent['name'], readonly number[], Decoder<object>])[] = [
  ['Attested', [184, 102, 113, 199, 220, 197, 96, 50], getAttestedEventDecoder()],
  ['AuthorityAccepted', [166, 192, 219, 188, 41, 209, 195, 26], getAuthorityAcceptedEventDecoder()],
  ['AuthorityProposed', [244, 117, 94, 112, 53, 151, 35, 89], getAuthorityProposedEventDecoder()],
  ['Booked', [203, 145, 71, 218, 227, 124, 149, 158], getBookedEventDecoder()],
  ['ClusterClosed', [94, 250, 137, 92, 61, 46, 109, 170], getClusterClosedEventDecoder()],
  ['ClusterGrown', [244, 16, 165, 55, 254, 160, 0, 33], getClusterGrownEventDecoder()],
  ['ClusterOpened', [28, 67, 234, 225, 207, 143, 46, 139], getClusterOpenedEventDecoder()],
  ['CurrencySet', [105, 173, 22, 161, 11, 223, 186, 234], getCurrencySetEventDecoder()],
  ['DelegateSet', [103, 126, 239, 131, 201, 31, 212, 253], getDelegateSetEventDecoder()],
  ['DisputeClosed', [171, 46, 157, 35, 78, 224, 13, 173], getDisputeClosedEventDecoder()],
  ['DisputeMade', [215, 59, 231, 65, 183, 197, 156, 10], getDisputeMadeEventDecoder()],
  ['DisputeResolved', [121, 64, 249, 153, 139, 128, 236, 187], getDisputeResolvedEventDecoder()],
  ['Ended', [70, 123, 150, 214, 156, 9, 45, 197], getEndedEventDecoder()],
  ['Extended', [5, 76, 91, 44, 187, 214, 114, 165], getExtendedEventDecoder()],
  ['Initialized', [208, 213, 115, 98, 115, 82, 201, 209], getInitializedEventDecoder()],
  ['JobClosed', [123, 63, 243, 153, 174, 212, 2, 55], getJobClosedEventDecoder()],
  ['ManifestConfirmed', [143, 105, 173, 46, 137, 74, 135, 209], getManifestConfirmedEventDecoder()],
  ['NodeLost', [158, 161, 127, 74, 196, 91, 255, 135], getNodeLostEventDecoder()],
  ['OfferSet', [178, 51, 213, 35, 109, 56, 35, 242], getOfferSetEventDecoder()],
  ['Paid', [240, 193, 17, 238, 238, 210, 129, 235], getPaidEventDecoder()],
  ['ParamsSet', [57, 111, 33, 252, 120, 76, 98, 245], getParamsSetEventDecoder()],
  ['PausedSet', [171, 125, 127, 156, 233, 81, 68, 66], getPausedSetEventDecoder()],
  ['Started', [56, 221, 130, 183, 11, 167, 161, 254], getStartedEventDecoder()],
  ['Stopped', [64, 27, 33, 164, 35, 81, 231, 109], getStoppedEventDecoder()],
  ['TimeLost', [183, 195, 104, 62, 13, 180, 219, 224], getTimeLostEventDecoder()],
];
