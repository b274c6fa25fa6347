/** Talks to the admin socket of the bridge that runs for a project. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { adminSocketName, type RolloutEvent, type SupervisedService } from '@isthmus/gateway';
import { type ErrorCode, errors, IsthmusError } from '@isthmus/schema';
import { findRuntimeFolder } from '../running-bridge.ts';
import type { BridgeReport } from './status.ts';

/** How long a bridge may take to say what it does, in ms. */
const statusTimeoutMs = 5000;
/** How much longer than the configured times it may be silent during a rollout, in ms. */
const spareMs = 30_000;

export interface BridgeAddress {
  /** The folder of the project. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * What the bridge does now.
 *
 * @throws IsthmusError NO_BRIDGE
 */
export async function askStatus(address: BridgeAddress): Promise<BridgeReport> {
  const response = await ask(address, { method: 'GET', path: '/status', timeoutMs: statusTimeoutMs });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  // `as`: the bridge is this very package, run by the same user, on a socket that is his alone.
  return JSON.parse(text) as BridgeReport;
}

/**
 * Has the bridge replace the instances of a service; gives what happens as it happens, and ends once the old ones have gone.
 *
 * @throws IsthmusError NO_BRIDGE; ROLLOUT_FAILED, also when the bridge ends before it has done it; UNKNOWN_SERVICE.
 */
export async function* requestRollout(
  address: BridgeAddress,
  service: SupervisedService,
): AsyncGenerator<RolloutEvent, void> {
  const { startTimeoutMs = 0, drainTimeoutMs = 0 } = service;
  const response = await ask(address, {
    ...{ method: 'POST', path: '/rollout', body: JSON.stringify(service) },
    timeoutMs: Math.max(startTimeoutMs, drainTimeoutMs) + spareMs,
  });
  try {
    for await (const line of createInterface({ input: response })) {
      const event: unknown = JSON.parse(line);
      if (isDone(event)) return;
      if (isFailure(event)) throw new IsthmusError(event.code, { detail: event.detail });
      if (isProgress(event)) yield event;
    }
  } catch (cause) {
    if (cause instanceof IsthmusError || address.signal.aborted) throw cause;
    throw cutShort(service, cause);
  }
  throw cutShort(service);
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** How long it may be silent. */
  readonly timeoutMs: number;
}

async function ask(
  { folder, signal }: BridgeAddress,
  { method, path, body, timeoutMs }: Question,
): Promise<IncomingMessage> {
  const runtimeFolder = await findRuntimeFolder(folder);
  if (runtimeFolder === undefined) throw new IsthmusError('NO_BRIDGE', { detail: folder });
  const asked = request({ socketPath: join(runtimeFolder, adminSocketName), method, path, signal, timeout: timeoutMs });
  asked.on('timeout', () => asked.destroy(new Error(`the bridge said nothing for ${timeoutMs} ms`)));
  asked.end(body);
  try {
    const [response]: IncomingMessage[] = await once(asked, 'response');
    if (response !== undefined) return response;
    throw new Error('no response');
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError('NO_BRIDGE', { detail: `${folder} (${reason})`, cause });
  }
}

function isDone(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'event' in event && event.event === 'done';
}

function isFailure(event: unknown): event is { readonly code: ErrorCode; readonly detail: string } {
  if (typeof event !== 'object' || event === null || !('code' in event) || !('detail' in event)) return false;
  return typeof event.code === 'string' && Object.hasOwn(errors, event.code) && typeof event.detail === 'string';
}

function isProgress(event: unknown): event is RolloutEvent {
  return typeof event === 'object' && event !== null && 'event' in event && 'instance' in event;
}

function cutShort({ name }: SupervisedService, cause?: unknown): IsthmusError {
  return new IsthmusError('ROLLOUT_FAILED', {
    detail: `${name}: the bridge ended, or said nothing more, before it was done`,
    ...(cause === undefined ? {} : { cause }),
  });
}
