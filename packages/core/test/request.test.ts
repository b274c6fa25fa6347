import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, list, service, struct, u8 } from '@isthmus/schema';
import { formsOf } from '../src/form.ts';
import { maxRequestOf, requestOf } from '../src/request.ts';
import { failsWith } from './support/probe-client.ts';

const Numbers = struct('Numbers', { numbers: list(u8()) });
const { calls } = service('numbers', { take: call({ input: Numbers }) });
const { value: form } = formsOf(calls.take);
const max = maxRequestOf({ requestRingBytes: 4096 });
const bytesFor = (count: number): number => 8 + count;

describe('a request in memory of its own', () => {
  it('is as large as it has to be', () => {
    assert.deepEqual([...requestOf(form, { numbers: [1, 2, 3] }, max)], [8, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3]);
    assert.deepEqual([...requestOf(form, { numbers: [] }, max)], [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('may take half of its ring', () => {
    assert.equal(max, 1984);
    const fitting = new Array<number>(max - bytesFor(0)).fill(7);
    assert.equal(requestOf(form, { numbers: fitting }, max).length, max);
    const input = { numbers: [...fitting, 7] };
    assert.throws(() => requestOf(form, input, max), failsWith('RECORD_TOO_LARGE', /take has 1985 bytes.*1984/));
  });

  it('is refused where the input takes more each time it is read', () => {
    let length = 0;
    const input = {
      get numbers() {
        length += 1;
        return new Array<number>(length).fill(7);
      },
    };
    assert.throws(() => requestOf(form, input, max), failsWith('INVALID_INPUT', /changes while it is read/));
  });
});
