const forever = 2 ** 31 - 1;

/** Keeps the process alive while it is held. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;

  hold(): void {
    if (this.#timer === undefined) this.#timer = setInterval(() => {}, forever);
    else this.#timer.ref();
  }

  /** It may be held again. */
  rest(): void {
    this.#timer?.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
