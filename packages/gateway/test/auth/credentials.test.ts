import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialsOf } from '../../src/auth/credentials.ts';

const refused = { code: 'UNAUTHENTICATED' };
const key = `isth_a_${'x'.repeat(43)}`;

test('where credentials may be', () => {
  const secret = key;
  const asKey = { kind: 'apiKey', secret };
  assert.deepEqual(credentialsOf({ authorization: `Bearer ${key}` }), asKey);
  assert.deepEqual(credentialsOf({ authorization: `bearer   ${key}` }), asKey);
  assert.deepEqual(credentialsOf({ 'x-api-key': key }), asKey);
  assert.deepEqual(credentialsOf({ 'sec-websocket-protocol': `isthmus, isthmus.bearer.${key}` }), asKey);
  assert.deepEqual(credentialsOf({ authorization: 'Bearer a.b.c' }), { kind: 'jwt', secret: 'a.b.c' });
  assert.deepEqual(credentialsOf({ 'sec-websocket-protocol': 'isthmus.bearer.a.b.c' }), {
    kind: 'jwt',
    secret: 'a.b.c',
  });
  // Whatever is in that header is meant to be a key.
  assert.deepEqual(credentialsOf({ 'x-api-key': 'a.b.c' }), { kind: 'apiKey', secret: 'a.b.c' });
});

test('none at all', () => {
  assert.equal(credentialsOf({}), undefined);
  assert.equal(credentialsOf({ cookie: `key=${key}`, 'sec-websocket-protocol': 'isthmus, chat' }), undefined);
});

test('what is there and is none is refused, and not taken for nothing', () => {
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    `Bearer a b`,
    'Bearer é',
    `${key}`,
    'Bearer a,b',
  ]) {
    assert.throws(() => credentialsOf({ authorization }), refused, authorization);
  }
});

test('more than one is refused, even the same twice', () => {
  const authorization = `Bearer ${key}`;
  assert.throws(() => credentialsOf({ authorization, 'x-api-key': key }), refused);
  const protocols = `isthmus.bearer.${key}, isthmus.bearer.a.b.c`;
  assert.throws(() => credentialsOf({ 'sec-websocket-protocol': protocols }), refused);
  assert.throws(() => credentialsOf({ authorization, 'sec-websocket-protocol': `isthmus.bearer.${key}` }), refused);
});
