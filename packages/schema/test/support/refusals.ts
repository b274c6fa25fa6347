import assert from 'node:assert/strict';
import { IsthmusError } from '../../src/index.ts';

/** The bad fields that an encode reports, as `pointer message`; none if it takes the value. */
export function refusals(encode: () => unknown): string[] {
  try {
    encode();
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    assert.equal(error.code, 'INVALID_INPUT');
    assert.ok(error.fields.length > 0, error.message);
    return error.fields.map(({ pointer, message }) => `${pointer} ${message}`);
  }
  return [];
}
