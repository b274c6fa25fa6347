import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { parseWatchRequest } from '../../src/http/watch-request.ts';

const read = (value: unknown) => parseWatchRequest(Buffer.from(JSON.stringify(value)));

test('what is left out has its default', () => {
  const watch = { kind: 'watch', region: 'a', key: undefined, maxRate: 10, known: undefined };
  assert.deepEqual(read({ watch: 'a' }), watch);
  const all = read({ watch: 'a', key: 5, maxRate: 0.5, after: 'ff-7' });
  assert.deepEqual(all, { ...watch, key: 5, maxRate: 0.5, known: { epoch: 255n, version: 7n } });
  assert.deepEqual(read({ unwatch: 'a', key: null }), { kind: 'unwatch', region: 'a', key: null });
});

test('whatever a client sends is a request, or refused with its places', () => {
  const name = fc.constantFrom('watch', 'unwatch', 'key', 'maxRate', 'after', 'x', '__proto__');
  const value = fc.oneof(fc.constantFrom('boiler', '1-1', 10, 0, 1e9, -1, null), fc.jsonValue({ maxDepth: 2 }));
  const message = fc.oneof(
    fc.array(fc.tuple(name, value), { maxLength: 5 }).map((members) => {
      return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join(',')}}`;
    }),
    fc.json(),
    fc.string(),
  );
  fc.assert(
    fc.property(message, (text) => {
      try {
        const request = parseWatchRequest(Buffer.from(text));
        assert.equal(typeof request.region, 'string');
        if (request.kind === 'watch') assert.ok(request.maxRate >= 0.001 && request.maxRate <= 1000);
      } catch (error) {
        assert.ok(error instanceof IsthmusError, String(error));
        assert.ok(['MALFORMED_BODY', 'INVALID_INPUT'].includes(error.code));
        assert.ok(error.fields.length > 0);
      }
    }),
    { numRuns: 500 },
  );
});
