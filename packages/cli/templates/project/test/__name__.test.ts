import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startInstances } from '@isthmus/cli';
import { connect, IsthmusError } from '@isthmus/core';
import { __service__ } from '../__name__.schema.ts';

const instances = await startInstances();
const client = await connect(__service__, { path: instances.pathOf('__service__') });

after(async () => {
  await client.$close();
  await instances.stop();
});

test('divides', async () => {
  assert.deepEqual(await client.divide({ dividend: 42, divisor: 8 }), { quotient: 5.25 });
});

test('refuses to divide by zero, in the words of the C program', async () => {
  await assert.rejects(
    client.divide({ dividend: 1, divisor: 0 }),
    (error) =>
      error instanceof IsthmusError && error.handlerError === 'divisionByZero' && error.detail === 'the divisor is 0',
  );
});
