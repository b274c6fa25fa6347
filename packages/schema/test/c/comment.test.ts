import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comment } from '../../src/c/comment.ts';

test('no description gets out of its comment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('*/', '/*', '\n', '??/', '\u202e', '*', '/'))),
      (parts) => {
        const lines = comment([parts.join('')]).join('\n');
        if (lines === '') return;
        const inside = lines.replace(/^\/\*/, '').replace(/\*\/$/, '');
        assert.ok(!/\*\/|\/\*|\?\?|[\u202a-\u202e\u2066-\u2069\r\v\f]/.test(inside), JSON.stringify(inside));
      },
    ),
    { numRuns: 500 },
  );
});
