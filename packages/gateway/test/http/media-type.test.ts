import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSON_TYPE, OCTETS_TYPE, replyType } from '../../src/http/media-type.ts';

test('a reply has the form of its request unless Accept names only the other one', () => {
  for (const accept of [undefined, '*/*', 'application/*', 'text/html', `${JSON_TYPE}, ${OCTETS_TYPE}`, '']) {
    assert.equal(replyType(JSON_TYPE, accept), JSON_TYPE, accept);
    assert.equal(replyType(OCTETS_TYPE, accept), OCTETS_TYPE, accept);
  }
  assert.equal(replyType(JSON_TYPE, OCTETS_TYPE), OCTETS_TYPE);
  assert.equal(replyType(JSON_TYPE, 'Application/Octet-Stream;q=0.9, */*;q=0.1'), OCTETS_TYPE);
  assert.equal(replyType(OCTETS_TYPE, JSON_TYPE), JSON_TYPE);
});
