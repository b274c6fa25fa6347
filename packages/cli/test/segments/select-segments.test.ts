import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { type Selection, selectSegments } from '../../src/segments/select-segments.ts';
import { segmentInfo } from '../fixtures/segment-info.ts';

const systemV = segmentInfo({ key: 0x1234, id: 7 });
const nameless = { key: undefined, id: undefined };
const posix = segmentInfo({ ...nameless, kind: 'posix', name: '/oven' });
const file = segmentInfo({ ...nameless, kind: 'file', name: resolve('oven.bin') });
const semaphore = segmentInfo({ ...nameless, kind: 'posixSemaphore', name: '/sem.oven' });
const all = [systemV, posix, file, semaphore];

test('by kind and by what they are called', () => {
  const cases: readonly (readonly [Selection, readonly object[]])[] = [
    [{ names: [] }, all],
    [{ kind: 'posix', names: [] }, [posix]],
    [{ names: ['0x1234'] }, [systemV]],
    [{ names: ['0x00001234'] }, [systemV]],
    [{ names: ['7'] }, [systemV]],
    [{ names: ['1234', '0x7'] }, []],
    [{ names: ['/oven', 'oven.bin'] }, [posix, file, semaphore]],
    [{ names: ['oven'] }, []],
    [{ kind: 'file', names: ['/oven'] }, []],
    [{ kind: 'posixSemaphore', names: [] }, [semaphore]],
    [{ kind: 'posixSemaphore', names: ['/oven'] }, [semaphore]],
    [{ names: ['/sem.oven'] }, [semaphore]],
    [{ kind: 'systemV', names: ['/oven'] }, []],
  ];
  for (const [selection, found] of cases) assert.deepEqual(selectSegments(all, selection), found);
});
