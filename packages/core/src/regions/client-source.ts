import { IsthmusError, type ServiceRegion } from '@isthmus/schema';
import type { Channel } from '../channel.ts';
import { errorOf } from '../errors.ts';
import type { Instances } from '../instances.ts';
import { RegionAccess } from './access.ts';
import { RegionMemory } from './memory.ts';
import { Listeners, type RegionSource } from './source.ts';

/**
 * A region of the instances that a client is connected to: of the first one that has it, until that one has gone and another one is
 * there. In between, what the lost one left can be read.
 */
export class ClientRegionSource implements RegionSource {
  readonly #region: ServiceRegion;
  readonly #instances: Instances;
  readonly #listeners = new Listeners();
  readonly #forget: () => void;
  #channel: Channel | undefined;
  #access: RegionAccess | undefined;
  /** Why there is none, although there are instances. */
  #error: IsthmusError | undefined;
  #closed = false;

  constructor(region: ServiceRegion, instances: Instances) {
    this.#region = region;
    this.#instances = instances;
    this.#forget = instances.onChange(() => this.#update());
    this.#update();
  }

  access(): RegionAccess {
    if (this.#access !== undefined) return this.#access;
    if (this.#closed) throw new IsthmusError('CLOSED');
    throw this.#error ?? this.#instances.noInstance(false);
  }

  get isLive(): boolean {
    return this.#channel !== undefined;
  }

  get isAwaited(): boolean {
    return this.#access === undefined && this.#error === undefined && !this.#closed;
  }

  get isWritable(): boolean {
    return this.#access === undefined ? this.#region.writers === 'many' : this.#access.memory.isWritable;
  }

  listen(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#access?.memory.close();
    this.#access = undefined;
    this.#channel = undefined;
    this.#listeners.notify();
  }

  #update(): void {
    const { channels, draining } = this.#instances;
    const before = this.#channel;
    if (before !== undefined && (channels.includes(before) || draining.has(before))) return;
    this.#channel = undefined;
    this.#error = undefined;
    for (const channel of channels) {
      if (this.#open(channel)) break;
    }
    if (this.#channel !== before || this.#error !== undefined) this.#listeners.notify();
  }

  /** Takes the region of this instance, if it has it. */
  #open(channel: Channel): boolean {
    try {
      const { wire, native } = channel.region(this.#region);
      const last = this.#access;
      this.#access = new RegionAccess(this.#region, wire, new RegionMemory(native, this.#region.name));
      this.#channel = channel;
      this.#error = undefined;
      last?.memory.close();
      return true;
    } catch (cause) {
      this.#error ??= errorOf(cause);
      return false;
    }
  }
}
