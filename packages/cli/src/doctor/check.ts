/** One check of `isthmus doctor`, and what it comes to. */

/**
 * `missing`: Isthmus cannot work. `warn`: it works, and not everything, or not well. `hint`: it works, and could be faster: of use to
 * whoever counts microseconds, and to nobody else.
 */
export type Status = 'ok' | 'hint' | 'warn' | 'missing';

export interface CheckResult {
  readonly name: string;
  readonly status: Status;
  /** What was found. */
  readonly found: string;
  /** What to do, unless all is well. */
  readonly advice?: string;
}

export type Check = () => Promise<CheckResult>;
