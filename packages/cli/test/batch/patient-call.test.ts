import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, IsthmusError } from '@isthmus/schema';
import { patientCall } from '../../src/batch/patient-call.ts';

/** A method that fails with these codes, one a call, and then answers. */
function flaky(...codes: ErrorCode[]) {
  let calls = 0;
  const jsonText = async (value: unknown) => {
    calls += 1;
    const code = codes.shift();
    if (code !== undefined) throw new IsthmusError(code);
    return JSON.stringify(value);
  };
  return { method: Object.assign(jsonText, { json: jsonText, jsonText }), calls: () => calls };
}

const options = { timeoutMs: 60_000, idempotent: true, signal: new AbortController().signal };

test('tries again while an instance restarts', async () => {
  const { method, calls } = flaky('NO_INSTANCE', 'NO_INSTANCE', 'INSTANCE_LOST');
  assert.equal(await patientCall(7, { ...options, method }), '7');
  assert.equal(calls(), 4);
});

test('what may have been executed is only sent again when that does no harm', async () => {
  const { method, calls } = flaky('INSTANCE_LOST');
  await assert.rejects(patientCall(7, { ...options, method, idempotent: false }), { code: 'INSTANCE_LOST' });
  assert.equal(calls(), 1);
});

test('a call without a reply has an empty object', async () => {
  const nothing = async () => undefined;
  const method = Object.assign(nothing, { json: nothing, jsonText: nothing });
  assert.equal(await patientCall(7, { ...options, method }), '{}');
});

test('a refusal is final', async () => {
  const { method, calls } = flaky('HANDLER_REFUSED');
  await assert.rejects(patientCall(7, { ...options, method }), { code: 'HANDLER_REFUSED' });
  assert.equal(calls(), 1);
});

test('gives up when the deadline is near', async () => {
  const { method } = flaky(...Array.from({ length: 100 }, (): ErrorCode => 'NO_INSTANCE'));
  await assert.rejects(patientCall(7, { ...options, method, timeoutMs: 100 }), { code: 'NO_INSTANCE' });
});
