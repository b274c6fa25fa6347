/** Below this many taken ones, moving those that are left is not worth it. */
const fewTaken = 32;

/** First in, first out: an array whose beginning is only given up now and then. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #taken = 0;

  get size(): number {
    return this.#items.length - this.#taken;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Undefined: it is empty. */
  shift(): Item | undefined {
    const items = this.#items;
    if (this.#taken === items.length) return undefined;
    const item = items[this.#taken];
    items[this.#taken++] = undefined;
    if (this.#taken === items.length) {
      items.length = 0;
      this.#taken = 0;
    } else if (this.#taken >= fewTaken && this.#taken * 2 >= items.length) {
      this.#items = items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#taken = 0;
  }
}
