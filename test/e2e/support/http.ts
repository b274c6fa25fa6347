/** Requests to a gateway, and what comes back. */
import assert from 'node:assert/strict';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The members of the JSON object that came back. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the test waits, in ms. Default 30,000: no call may hang. */
  readonly limitMs?: number;
}

/** Posts a body: text as it is, anything else as JSON. */
export async function post(
  url: string,
  body: unknown,
  { headers = {}, limitMs = 60_000 }: PostOptions = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(limitMs),
  });
  return answerOf(response);
}

export async function answerOf(response: Response): Promise<Answer> {
  const body: unknown = await response.json();
  assert.ok(typeof body === 'object' && body !== null);
  return { status: response.status, headers: response.headers, body: Object.fromEntries(Object.entries(body)) };
}

/** The pointers of a problem's `errors`. */
export function pointersOf({ body }: Answer): readonly string[] {
  const errors: unknown = body.errors;
  if (!Array.isArray(errors)) return [];
  return errors.map((error: unknown) =>
    typeof error === 'object' && error !== null && 'pointer' in error ? String(error.pointer) : '',
  );
}

/** Hull's example "S = 42, K = 40": the call is worth 4.76, the put 0.81. */
export const hull = { spot: 42, strike: 40, rate: 0.1, volatility: 0.2, expiry: 0.5, kind: 'call' } as const;
