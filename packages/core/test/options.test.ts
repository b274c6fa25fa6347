import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConnectOptions, connect } from '@isthmus/core';
import { probe } from '../../../test/support/probe.schema.ts';
import { settingsOf } from '../src/options.ts';
import { failsWith } from './support/probe-client.ts';

describe('connect options', () => {
  it('have the defaults that their comments name', () => {
    const { onEvent, ...settings } = settingsOf({ path: '/run/x' });
    assert.deepEqual(settings, {
      path: '/run/x',
      wait: 'adaptive',
      spinMicroseconds: 50,
      timeoutMs: 5000,
      patienceMs: 0,
      maxInFlight: 4096,
      requestRingBytes: 2 ** 20,
      replyRingBytes: 2 ** 20,
      streamWindowBytes: 2 ** 18,
      connectTimeoutMs: 2000,
      waitForInstance: true,
      copyReplies: false,
    });
    assert.equal(onEvent({ type: 'up', path: '' }), undefined);
  });

  const wrong: readonly Record<string, unknown>[] = [
    { path: '' },
    { path: undefined },
    { wait: 'sleep' },
    { spinMicroseconds: 0 },
    { timeoutMs: 0 },
    { timeoutMs: '5' },
    { patienceMs: -1 },
    { maxInFlight: 0 },
    { maxInFlight: 65_537 },
    { maxInFlight: 1.5 },
    { requestRingBytes: 2048 },
    { requestRingBytes: 5000 },
    { replyRingBytes: 2 ** 31 },
    { streamWindowBytes: 512 },
    { streamWindowBytes: 2 ** 22 + 1 },
    { connectTimeoutMs: Number.NaN },
  ];
  for (const options of wrong) {
    const [name = ''] = Object.keys(options);
    it(`refuse ${name} of ${String(options[name])}, and name it`, async () => {
      const given = { path: '/run/x', ...options } as unknown as ConnectOptions;
      await assert.rejects(connect(probe, given), failsWith('INVALID_ARGUMENT', new RegExp(`^${name}`)));
    });
  }
});
