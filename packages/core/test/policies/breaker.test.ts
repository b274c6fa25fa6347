import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ErrorCode, IsthmusError } from '@isthmus/schema';
import { Breaker } from '../../src/policies/breaker.ts';
import { outcomeOf } from '../support/probe-client.ts';

const hadMs = 1000;

class Clock {
  ms = 0;
  readonly breaker = new Breaker({ failures: 3, openMs: 100, minTimeoutMs: 500 }, 'quote', () => this.ms);

  /** Calls, and ends so. */
  call(code?: ErrorCode, had = hadMs): Promise<string> {
    return outcomeOf(
      this.breaker.run(async () => {
        if (code !== undefined) throw new IsthmusError(code);
      }, had),
    );
  }

  async open(): Promise<void> {
    for (let i = 0; i < 3; i++) assert.equal(await this.call('HANDLER_FAULT'), 'HANDLER_FAULT');
    assert.equal(await this.call(), 'CIRCUIT_OPEN');
  }
}

describe('a breaker', () => {
  it('opens after failures in a row, and says for how long', async () => {
    const clock = new Clock();
    await clock.call('INSTANCE_LOST');
    await clock.call('DEADLINE_EXCEEDED');
    assert.equal(await clock.call(), 'ok');
    await clock.open();
    clock.ms = 40;
    const refusal = clock.breaker.refusal();
    assert.equal(refusal?.detail, 'quote failed with HANDLER_FAULT last; it is called again in 60 ms');
    assert.equal(refusal?.retryAfterMs, 60);
  });

  it('does not count what says nothing about the service, nor a refusal by its handler', async () => {
    const clock = new Clock();
    const neutral: ErrorCode[] = ['CANCELLED', 'INVALID_INPUT', 'RING_FULL', 'NO_INSTANCE', 'OVERLOADED'];
    for (const code of neutral.concat(neutral)) assert.equal(await clock.call(code), code);
    for (let i = 0; i < 10; i++) assert.equal(await clock.call('DEADLINE_EXCEEDED', 499), 'DEADLINE_EXCEEDED');
    assert.equal(clock.breaker.refusal(), undefined);
    await clock.call('HANDLER_FAULT');
    await clock.call('HANDLER_FAULT');
    // Neither does it end the row, which an answer does.
    await clock.call('CANCELLED');
    await clock.call('HANDLER_REFUSED');
    await clock.call('HANDLER_FAULT');
    assert.equal(clock.breaker.refusal(), undefined);
  });

  it('has one call find out, and refuses the others meanwhile', async () => {
    const clock = new Clock();
    await clock.open();
    clock.ms = 100;
    const trial = Promise.withResolvers<void>();
    const trying = outcomeOf(clock.breaker.run(() => trial.promise, hadMs));
    assert.equal(await clock.call(), 'CIRCUIT_OPEN');
    trial.resolve();
    assert.equal(await trying, 'ok');
    assert.equal(await clock.call(), 'ok');
  });

  it('opens for as long again when that one fails', async () => {
    const clock = new Clock();
    await clock.open();
    clock.ms = 100;
    assert.equal(await clock.call('INSTANCE_LOST'), 'INSTANCE_LOST');
    assert.equal(clock.breaker.refusal()?.retryAfterMs, 100);
    clock.ms = 199;
    assert.equal(await clock.call(), 'CIRCUIT_OPEN');
    clock.ms = 200;
    assert.equal(await clock.call('HANDLER_REFUSED'), 'HANDLER_REFUSED');
    assert.equal(await clock.call(), 'ok');
  });

  it('has the next one find out when the end of that one says nothing', async () => {
    const clock = new Clock();
    await clock.open();
    clock.ms = 100;
    for (let i = 0; i < 5; i++) assert.equal(await clock.call('CANCELLED'), 'CANCELLED');
    assert.equal(await clock.call('INSTANCE_LOST'), 'INSTANCE_LOST');
    assert.equal(await clock.call(), 'CIRCUIT_OPEN');
    clock.ms = 200;
    assert.equal(await clock.call(), 'ok');
    await clock.call('INSTANCE_LOST');
    assert.equal(await clock.call(), 'ok');
  });

  it('stays open when calls that were made before it opened are answered', async () => {
    const clock = new Clock();
    const early = Promise.withResolvers<void>();
    const call = outcomeOf(clock.breaker.run(() => early.promise, hadMs));
    await clock.open();
    early.resolve();
    assert.equal(await call, 'ok');
    assert.equal(await clock.call(), 'CIRCUIT_OPEN');
  });
});
