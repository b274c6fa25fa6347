/** A gateway over regions of every kind: rows that only their owner writes, rows and a value that all may write, and memory. */
import {
  array,
  bool,
  bytes,
  enumeration,
  f64,
  field,
  i32,
  optional,
  region,
  service,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
} from '@isthmus/schema';
import type { GatewayOptions } from '../../src/index.ts';
import { FakeRegion } from './fake-region.ts';
import { startGateway, type TestGateway } from './gateway.ts';

export const Quote = struct('Quote', { symbol: text(8), bid: f64(), volume: u64() }, { description: 'A price.' });
export const Point = struct('Point', { x: f64(), y: f64() });
export const Limits = struct('Limits', {
  low: f64({ min: 0 }),
  high: f64(),
  unit: field(enumeration('Unit', ['bar', 'psi']), { default: 'bar' }),
  note: optional(u32()),
  owner: text(16),
  at: Point,
  steps: array(u8(), 4),
});
export const Slot = struct('Slot', { id: u32({ max: 1000 }), isTaken: bool() });
export const Boiler = struct('Boiler', { state: u16(), level: i32(), serial: bytes(3) }, { packed: true });

export const feed = service('feed', {
  market: region(Quote, { key: 'symbol', rows: 64, description: 'The last prices.' }),
  limits: region(Limits, { writers: 'many' }),
  slots: region(Slot, { key: 'id', rows: 4, writers: 'many' }),
});

export interface RegionGateway extends TestGateway {
  readonly market: FakeRegion;
  readonly limits: FakeRegion;
  readonly slots: FakeRegion;
  /** Attached, and may be written; the next one may not. */
  readonly boiler: FakeRegion;
  readonly sensor: FakeRegion;
}

/** Regions of all kinds, with nothing written to them yet. */
export function fakeRegions() {
  const market = new FakeRegion(Quote, { key: 'symbol', rows: 64 });
  const limits = new FakeRegion(Limits, { isWritable: true });
  const slots = new FakeRegion(Slot, { key: 'id', isWritable: true });
  const boiler = new FakeRegion(Boiler, { isWritable: true, isAttached: true });
  const sensor = new FakeRegion(Boiler, { isAttached: true });
  const client = {
    $instances: [{ inFlight: 0 }],
    market: { untyped: market },
    limits: { untyped: limits },
    slots: { untyped: slots },
  };
  const options = {
    services: { feed: { schema: feed, client } },
    regions: { boiler: { region: boiler, description: 'The boiler of 1994.' }, sensor: { region: sensor } },
  };
  return { market, limits, slots, boiler, sensor, options };
}

export async function startRegions(options: Partial<GatewayOptions> = {}): Promise<RegionGateway> {
  const { options: own, ...regions } = fakeRegions();
  return { ...(await startGateway({}, { ...own, ...options })), ...regions };
}

export const goodLimits = { low: 1, high: 2, unit: 'psi', owner: 'me', at: { x: 0, y: 1 }, steps: [1, 2, 3, 4] };
export const goodBoiler = { state: 1, level: -5, serial: 'AQID' };

export function quote(symbol: string, bid: number, volume = '1') {
  return { symbol, bid, volume };
}
