/** The one port that all workers of a bridge listen on, and nobody else. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { listenError } from '../front.ts';

/** One worker's share. */
export interface PortLease {
  /** The port to listen on; 0: a free one. */
  readonly port: number;
  /** It listens now, on this port. */
  opened(port: number): void;
  /** It does not, or no longer. */
  end(): void;
}

/**
 * To share a port is to let all processes of the same user share it, a second bridge too. So whoever is first, while no other worker listens,
 * finds out whether anybody does; and of a port 0 all get the one that the first was given.
 */
export class SharedPort {
  readonly #host: string;
  #port: number;
  #listening = 0;
  /** Resolves once the one who is first listens, or has given up. */
  #first: PromiseWithResolvers<void> | undefined;

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.#host = host;
    this.#port = port;
  }

  /**
   * A share for one more worker, which has to end it.
   *
   * @throws IsthmusError SYSTEM when somebody else listens on the port, or nobody can.
   */
  async lease(): Promise<PortLease> {
    while (this.#listening === 0 && this.#first !== undefined) await this.#first.promise;
    if (this.#listening > 0) return this.#share(undefined);
    const first = Promise.withResolvers<void>();
    this.#first = first;
    const share = this.#share(first);
    try {
      if (this.#port !== 0) await this.#checkFree();
    } catch (error) {
      share.end();
      throw error;
    }
    return share;
  }

  #share(first: PromiseWithResolvers<void> | undefined): PortLease {
    let state: 'new' | 'open' | 'ended' = 'new';
    const nobodyWaits = () => {
      if (first === undefined || this.#first !== first) return;
      this.#first = undefined;
      first.resolve();
    };
    return {
      port: this.#port,
      opened: (port) => {
        if (state !== 'new') return;
        state = 'open';
        this.#port = port;
        this.#listening += 1;
        nobodyWaits();
      },
      end: () => {
        if (state === 'open') this.#listening -= 1;
        state = 'ended';
        nobodyWaits();
      },
    };
  }

  /** By listening for a moment without sharing. */
  async #checkFree(): Promise<void> {
    const probe = createServer();
    try {
      probe.listen({ host: this.#host, port: this.#port, exclusive: true });
      await once(probe, 'listening');
    } catch (cause) {
      throw listenError(cause, this.#host, this.#port);
    }
    const closed = once(probe, 'close');
    probe.close();
    await closed;
  }
}
