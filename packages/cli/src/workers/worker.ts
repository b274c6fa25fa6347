/** A worker: one more gateway on the bridge's port, with connections of its own to every instance. */
import { join } from 'node:path';
import { exposureWarnings, type Gateway } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { aborted } from '../aborted.ts';
import { CleanUps } from '../clean-ups.ts';
import {
  awaitInstances,
  type ConnectedService,
  connectServices,
  type ExpectedInstances,
  listen,
  openFront,
} from '../front.ts';
import { createLog, type Log } from '../log.ts';
import { catchSignals } from '../signals.ts';
import { settingsOf } from '../start-settings.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { FromWorker, ToWorker, WorkerCounts, WorkerJob } from './messages.ts';
import { RemoteCounter } from './remote-counter.ts';

interface Front {
  readonly gateway: Gateway;
  readonly connected: readonly ConnectedService[];
}

export class Worker {
  readonly #send: (message: FromWorker) => Promise<void>;
  readonly #counter: RemoteCounter;
  readonly #stop = new AbortController();
  readonly #port = Promise.withResolvers<number>();
  readonly #ended = Promise.withResolvers<number>();
  #isServing = false;
  #front: Front | undefined;

  /** @param send To the bridge; resolves once the message is on its way, or nobody listens any more. */
  constructor(send: (message: FromWorker) => Promise<void>) {
    this.#send = send;
    this.#counter = new RemoteCounter((counts) => void send({ type: 'count', counts }));
  }

  /** Resolves with the exit code when nothing is left. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'serve':
        this.#isServing = true;
        this.#ended.resolve(this.#serve(message.job));
        break;
      case 'listen':
        this.#port.resolve(message.port);
        break;
      case 'counted':
        this.#counter.answer(message.states);
        break;
      case 'report':
        void this.#report(message.id);
        break;
      case 'stop':
        this.#stop.abort();
        if (!this.#isServing) this.#ended.resolve(0);
        break;
    }
  }

  /** Until it is told to stop, or a signal arrives. */
  async #serve(job: WorkerJob): Promise<number> {
    using signals = catchSignals();
    const stop = AbortSignal.any([this.#stop.signal, signals.signal]);
    const cleanUps = new CleanUps();
    let log: Log | undefined;
    try {
      const settings = await settingsOf(job.request);
      log = createLog(settings.log.level, job.number);
      // The bridge has logged the warnings; what it would have refused must not begin here either.
      exposureWarnings(settings);
      if (fingerprintOf(settings) !== job.fingerprint) {
        log.logger.warn(
          'the configuration has changed since the bridge was started; this worker serves what it says now',
        );
      }
      stop.throwIfAborted();
      const connected = await connectServices(
        settings.services,
        ({ origin, name }) => (origin.kind === 'path' ? origin.path : join(job.runtimeFolder, name)),
        { log, cleanUps },
      );
      const context = { log, stop };
      await Promise.all(connected.map((one) => awaitInstances(one, expectedOf(one, job), context)));
      const gateway = await openFront(settings, connected, { log, cleanUps, rateCounter: this.#counter });
      this.#front = { gateway, connected };
      await this.#send({ type: 'ready' });
      const port = await Promise.race([this.#port.promise, aborted(stop)]);
      if (port === undefined) return 0;
      await this.#send({ type: 'listening', url: await listen(gateway, settings.http, { port, shared: true }) });
      await aborted(stop);
    } catch (error) {
      if (stop.aborted) return 0;
      const { code, detail } =
        error instanceof IsthmusError ? error : new IsthmusError('INTERNAL', { detail: String(error), cause: error });
      if (code === 'INTERNAL') log?.logger.error({ err: error }, 'worker failed');
      await this.#send({ type: 'failed', code, detail });
      return 1;
    } finally {
      if (log !== undefined) await cleanUps.run(log.logger);
      log?.flush();
    }
    return 0;
  }

  async #report(id: number): Promise<void> {
    if (this.#front === undefined) return;
    const { gateway, connected } = this.#front;
    const instances = connected.flatMap(({ service, client }) =>
      client.$instances.map(({ path: socket, inFlight, draining }) => ({
        service: service.name,
        ...{ socket, inFlight, draining },
      })),
    );
    const counts: WorkerCounts = { ...(await gateway.counts()), instances };
    await this.#send({ type: 'report', id, counts });
  }
}

/** Those that the bridge is connected to should be there at once. */
function expectedOf({ service: { name, client } }: ConnectedService, { instances }: WorkerJob): ExpectedInstances {
  return { count: instances[name] ?? 0, timeoutMs: client.connectTimeoutMs };
}
