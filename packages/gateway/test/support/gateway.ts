/** A gateway on a free port over a fake client, for tests that speak real HTTP to it. */
import pino from 'pino';
import { createGateway, type Gateway, type GatewayOptions, type Problem } from '../../src/index.ts';
import { type FakeClient, fakeClient, type Handler } from './fake-client.ts';
import { pricing } from './schema.ts';

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway;
  readonly client: FakeClient;
  /** The log lines so far. */
  readonly log: Record<string, unknown>[];
}

/** A quote that costs what its spot says, echoes, and as many replies as were asked for. */
export const plainHandlers: Readonly<Record<string, Handler>> = {
  quote: (input) => ({ price: Reflect.get(Object(input), 'spot') }),
  echo: (input) => input,
  ping: () => undefined,
  order: (input) => input,
  async *fills(input) {
    for (let index = 0; index < countOf(input); index++) yield fillOf(index);
  },
  async *pages(input) {
    for (let index = 0; index < countOf(input); index++) yield Buffer.from(`page ${index};`);
  },
  digest: (input) => ({ count: input instanceof Uint8Array ? input.length : 0 }),
  render: (input) => Buffer.alloc(countOf(input), 7),
  note: () => undefined,
};

export function countOf(input: unknown): number {
  return Number(Reflect.get(Object(input), 'count'));
}

export function fillOf(index: number): object {
  return { at: BigInt(index) * 1_000_000_000n, price: `${index}.50`, venue: `venue ${index}`, note: undefined };
}

export async function startGateway(
  handlers: Readonly<Record<string, Handler>> = plainHandlers,
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const client = fakeClient(pricing, handlers);
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => log.push(JSON.parse(line)) });
  const gateway = await createGateway({
    services: { pricing: { schema: pricing, client } },
    port: 0,
    logger,
    ...options,
  });
  const url = await gateway.listen();
  return { url, gateway, client, log, [Symbol.asyncDispose]: () => gateway.close() };
}

export const goodQuote = { spot: 42, volatility: 0.2, kind: 'call' };

/** What fetch() takes as a body. */
export type Body = NonNullable<RequestInit['body']>;

export function post(url: string, body: Body, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

/** The problem of a response. Its shape is what the tests are about to look at. */
export async function problemIn(response: Response): Promise<Problem> {
  const problem: Problem = JSON.parse(await response.text());
  return problem;
}
