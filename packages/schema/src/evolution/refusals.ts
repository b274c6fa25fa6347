import { MOST_FIELDS } from '../codec/refuse.ts';
import { type InvalidField, IsthmusError } from '../errors.ts';

/** What of a value has no place in another version: gathered while it is converted. */
export class Refusals {
  readonly #fields: InvalidField[] = [];

  add(pointer: string, message: string): void {
    if (this.#fields.length < MOST_FIELDS) this.#fields.push({ pointer, message });
  }

  /** @throws IsthmusError `INVALID_INPUT` if there are any. */
  requireNoneSent(): void {
    if (this.#fields.length > 0) throw invalidInput(this.#fields);
  }

  /** @throws IsthmusError `HANDLER_FAULT` if there are any. */
  requireNoneReceived(): void {
    const [first] = this.#fields;
    if (first === undefined) return;
    const place = first.pointer === '' ? 'the message' : `field ${first.pointer}`;
    throw new IsthmusError('HANDLER_FAULT', { detail: `${place} ${first.message}`, fields: [first] });
  }
}

/** What to throw for what the peer's codec threw. The value is sound by our version: so it is the peer's that is stricter. */
export function refusedByPeer(error: unknown): unknown {
  if (!(error instanceof IsthmusError) || error.code !== 'INVALID_INPUT' || error.fields.length === 0) return error;
  return invalidInput(
    error.fields.map(({ pointer, message }) => {
      return { pointer, message: `${message} in the instance's version of the schema` };
    }),
  );
}

function invalidInput(fields: readonly InvalidField[]): IsthmusError {
  const [first] = fields;
  const place = first === undefined || first.pointer === '' ? 'the input' : first.pointer;
  const more = fields.length > 1 ? `, and ${fields.length - 1} more` : '';
  return new IsthmusError('INVALID_INPUT', { detail: `${place} ${first?.message}${more}`, fields });
}
