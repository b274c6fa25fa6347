import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grownParts, type Sample, sampleOf } from './footprint.ts';

function series(count: number, part: (index: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: count }, (_, ms) => ({
    ms,
    residentBytes: 100 * 2 ** 20,
    descriptors: 30,
    mappings: 200,
    ...part(ms),
  }));
}

test('a process that holds what it held is flat, however it goes up and down', () => {
  const noise = series(100, (index) => ({
    residentBytes: (100 + (index % 7)) * 2 ** 20,
    descriptors: 30 + (index % 5),
  }));
  assert.deepEqual(grownParts(noise), []);
});

test('warming up is no growth', () => {
  assert.deepEqual(grownParts(series(100, (index) => ({ mappings: index < 20 ? 50 : 200 }))), []);
});

test('each part that grows is named', () => {
  const leaking = series(100, (index) => ({ residentBytes: (100 + index) * 2 ** 20, descriptors: 30 + index }));
  assert.deepEqual(
    grownParts(leaking).map((text) => text.split(' ')[0]),
    ['residentBytes', 'descriptors'],
  );
});

test('too few samples say nothing, and that is said', () => {
  assert.match(grownParts(series(7, () => ({}))).join(), /7 samples/);
});

test('this process has a footprint', () => {
  const { residentBytes, descriptors, mappings } = sampleOf(process.pid, 0);
  assert.ok(residentBytes > 2 ** 20 && descriptors > 2 && mappings > 10);
});
