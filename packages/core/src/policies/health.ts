/** How an instance did lately. */
interface Record {
  /** Failures since the last answer. */
  failures: number;
  passedOverUntilMs: number;
}

/**
 * Which instances to pass over for a while. One whose calls fail at once has the fewest in flight, and so would attract all
 * others.
 */
export class Health<Instance extends object> {
  /** Undefined: failures are not counted. */
  readonly #ejectAfter: number | undefined;
  readonly #ejectMs: number;
  readonly #now: () => number;
  readonly #records = new WeakMap<Instance, Record>();

  constructor(
    settings: { readonly ejectAfter: number | undefined; readonly ejectMs: number },
    now: () => number = () => performance.now(),
  ) {
    this.#ejectAfter = settings.ejectAfter;
    this.#ejectMs = settings.ejectMs;
    this.#now = now;
  }

  answered(instance: Instance): void {
    const record = this.#records.get(instance);
    if (record !== undefined) record.failures = 0;
  }

  failed(instance: Instance): void {
    const record = this.#recordOf(instance);
    record.failures += 1;
    if (this.#ejectAfter === undefined || record.failures < this.#ejectAfter) return;
    this.passOver(instance);
    // The first call after that decides.
    record.failures = this.#ejectAfter - 1;
  }

  passOver(instance: Instance): void {
    this.#recordOf(instance).passedOverUntilMs = this.#now() + this.#ejectMs;
  }

  isPassedOver(instance: Instance): boolean {
    const record = this.#records.get(instance);
    return record !== undefined && record.passedOverUntilMs > this.#now();
  }

  #recordOf(instance: Instance): Record {
    let record = this.#records.get(instance);
    if (record === undefined) {
      record = { failures: 0, passedOverUntilMs: Number.NEGATIVE_INFINITY };
      this.#records.set(instance, record);
    }
    return record;
  }
}
