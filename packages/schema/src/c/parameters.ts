import { typeNameOf } from './names.ts';
import type { CPayload } from './payload.ts';

/** How a function takes a payload that it hands on to the library. */
export interface Sent {
  readonly parameters: readonly string[];
  /** Where its bytes begin, and how many they are. */
  readonly data: string;
  readonly size: string;
}

export function sent(service: string, payload: CPayload, name: 'in' | 'out'): Sent {
  switch (payload.shape) {
    case 'none':
      return { parameters: [], data: 'NULL', size: '0' };
    case 'fixed': {
      const cName = typeNameOf(service, payload.type.name);
      return { parameters: [`const ${cName} *${name}`], data: name, size: `sizeof(*${name})` };
    }
    case 'message':
      return { parameters: [`const isth_message *${name}`], data: `${name}->bytes`, size: `${name}->size` };
    case 'bytes':
      return { parameters: [`const void *${name}`, `size_t ${name}_size`], data: name, size: `${name}_size` };
  }
}
