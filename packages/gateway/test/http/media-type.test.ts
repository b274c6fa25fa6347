import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, f64, struct } from '@isthmus/schema';
import { EVENTS_TYPE, type Form, formOf, NDJSON_TYPE, preferredType, replyForm } from '../../src/http/media-type.ts';

const S = struct('S', { x: f64() });

test('a content type names a form, whatever its case and its parameters', () => {
  const cases: [string, Form | undefined][] = [
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/msgpack', 'msgpack'],
    ['application/x-msgpack', 'msgpack'],
    ['application/vnd.msgpack', 'msgpack'],
    ['application/protobuf', 'protobuf'],
    ['application/x-protobuf ; messageType="x"', 'protobuf'],
    ['application/octet-stream', 'struct'],
    ['text/plain', undefined],
    ['', undefined],
  ];
  for (const [type, form] of cases) assert.equal(formOf(type), form, type);
});

test('a reply has the form of its request unless Accept prefers another one', () => {
  const cases: [Form, string | undefined, Form][] = [
    ['json', undefined, 'json'],
    ['struct', undefined, 'struct'],
    ['json', '*/*', 'json'],
    ['msgpack', '*/*', 'msgpack'],
    ['protobuf', 'application/*', 'protobuf'],
    ['json', 'application/octet-stream', 'struct'],
    ['struct', 'application/json', 'json'],
    ['json', 'application/msgpack;q=0.9, */*;q=0.1', 'msgpack'],
    ['json', 'application/x-protobuf, application/json;q=0.5', 'protobuf'],
    ['json', 'application/json;q=0, */*', 'msgpack'],
    ['json', 'text/html', 'json'],
    ['struct', '', 'struct'],
    ['json', ';;;,', 'json'],
  ];
  for (const [request, accept, form] of cases)
    assert.equal(replyForm(request, S, accept), form, `${request} ${accept}`);
});

test('bytes are octets, whatever is accepted', () => {
  for (const accept of [undefined, '*/*', 'application/json'])
    assert.equal(replyForm('json', bytes(), accept), 'struct');
});

test('several replies are lines unless Accept prefers events', () => {
  const types = [NDJSON_TYPE, EVENTS_TYPE];
  assert.equal(preferredType(undefined, types), NDJSON_TYPE);
  assert.equal(preferredType('*/*', types), NDJSON_TYPE);
  assert.equal(preferredType('text/event-stream', types), EVENTS_TYPE);
  assert.equal(preferredType('text/event-stream;q=0.5, application/x-ndjson', types), NDJSON_TYPE);
});
