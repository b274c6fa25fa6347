/** The quote as servers written by hand know it: its JSON Schemas, and its answer in their process. */
import { bindAddon, replyBytes, requestBytes } from './addon.ts';

/** Where all contestants answer. */
export const quotePath = '/v1/call/pricing/quote';

export interface QuoteRequest {
  readonly spot: number;
  readonly strike: number;
  readonly rate: number;
  readonly dividendYield: number;
  readonly expiry: number;
  readonly volatility: number;
  readonly kind: 'call' | 'put';
}

export interface QuoteReply {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  readonly rho: number;
}

const number = { type: 'number' } as const;

export const requestSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['spot', 'strike', 'rate', 'expiry', 'volatility', 'kind'],
  properties: {
    spot: number,
    strike: number,
    rate: number,
    dividendYield: { type: 'number', default: 0 },
    expiry: number,
    volatility: number,
    kind: { type: 'string', enum: ['call', 'put'] },
  },
} as const;

export const replySchema = {
  type: 'object',
  required: ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'],
  properties: { price: number, delta: number, gamma: number, vega: number, theta: number, rho: number },
} as const;

/** Why an option is refused: the same for all servers. */
export class Refusal extends Error {
  readonly statusCode = 422;
}

/** @returns What answers a request in this process, by the addon. @throws Refusal from there. */
export function quoteInProcess(): (request: QuoteRequest) => QuoteReply {
  const input = new ArrayBuffer(requestBytes);
  const numbers = new Float64Array(input);
  const kinds = new Uint32Array(input);
  const output = new Float64Array(replyBytes / 8);
  const answer = bindAddon(input, output.buffer);
  return (request) => {
    numbers[0] = request.spot;
    numbers[1] = request.strike;
    numbers[2] = request.rate;
    numbers[3] = request.expiry;
    numbers[4] = request.dividendYield;
    numbers[5] = request.volatility;
    kinds[12] = request.kind === 'put' ? 1 : 0;
    const refusal = answer();
    if (refusal !== undefined) throw new Refusal(refusal);
    return {
      price: output[0] ?? 0,
      delta: output[1] ?? 0,
      gamma: output[2] ?? 0,
      vega: output[3] ?? 0,
      theta: output[4] ?? 0,
      rho: output[5] ?? 0,
    };
  };
}
