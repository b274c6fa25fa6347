import type { Channel } from '../channel.ts';

/** What policies ask of one attempt at a call. */
export interface AttemptPlan {
  /** Where it has to go, if that is still there. */
  readonly pinned: Channel | undefined;
  /** Where it should not go, if there is another. */
  readonly avoided: Channel | undefined;
  /** Whether what may have been executed is made again by the policies, and not by the pool. */
  readonly hasRetries: boolean;
  /** Where it should not go either, if there is another. */
  isPassedOver(channel: Channel): boolean;
  /** It is about to be sent there, and then has `leftMs`. @throws IsthmusError `OVERLOADED` */
  admit(channel: Channel, leftMs: number): void;
}
