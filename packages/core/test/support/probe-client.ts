/** A client of the service `probe` with an instance of its own. */
import { type Client, type ConnectOptions, connect, IsthmusError } from '@isthmus/core';
import type { Instance } from '../../../../test/support/instance.ts';
import { probe } from '../../../../test/support/probe.schema.ts';
import { startProbe } from '../../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';

export type ProbeClient = Client<typeof probe>;

/** What a test of one instance needs; ended in the right order when disposed. */
export class ProbeBridge implements AsyncDisposable {
  readonly client: ProbeClient;
  readonly instance: Instance;
  readonly folder: TemporaryFolder;

  private constructor(folder: TemporaryFolder, instance: Instance, client: ProbeClient) {
    this.folder = folder;
    this.instance = instance;
    this.client = client;
  }

  static async start(options: Partial<ConnectOptions> = {}, ...args: readonly string[]): Promise<ProbeBridge> {
    const folder = new TemporaryFolder();
    const instance = await startProbe(folder.join('a.sock'), ...args);
    const client = await connect(probe, { path: instance.socket, connectTimeoutMs: 60_000, ...options });
    return new ProbeBridge(folder, instance, client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.$close();
    await this.instance[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

/** For assert.rejects and assert.throws: an IsthmusError of this code, with a detail that matches. */
export function failsWith(code: string, detail: RegExp = /(?:)/): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof IsthmusError)) throw error;
    if (error.code !== code || !detail.test(error.detail)) throw error;
    return true;
  };
}

/** The outcome of a call as text: `ok`, or the error's code. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error instanceof IsthmusError ? error.code : String(error)),
  );
}
