import type { Service } from '../language/service.ts';
import { MAX_MESSAGE_BYTES } from '../language/types.ts';
import { isChecked } from './check-code.ts';
import { indent, returning, withArguments } from './format.ts';
import { checkName, messageNames, methodNames, typeNameOf } from './names.ts';
import { type CPayload, inputOf, outputOf } from './payload.ts';

/** What stands between the library and a handler: private copy, checks, room for the reply. */
export function adapters(service: Service): string[] {
  return service.methods.flatMap((method) => {
    const { handler, adapter } = methodNames(service.name, method.name);
    const input = takeInput(service.name, inputOf(method));
    const output = method.replies === 'one' ? makeOutput(service.name, outputOf(method)) : nothing;
    return [
      `static inline int ${adapter}(isth_call *call, void *user) {`,
      ...indent([
        ...input.variables,
        ...output.variables,
        '(void)user;',
        ...input.statements,
        ...output.statements,
        `return ${handler}(${['call', ...input.arguments, ...output.arguments].join(', ')});`,
      ]),
      '}',
      '',
    ];
  });
}

/** A part of an adapter: its variables, what it does, and what it hands to the handler. */
interface Part {
  readonly variables: readonly string[];
  readonly statements: readonly string[];
  readonly arguments: readonly string[];
}

const nothing: Part = { variables: [], statements: [], arguments: [] };

function refusing(condition: string): string[] {
  return returning([condition], 'isth_check_refuse(&check, call)');
}

function takeInput(service: string, input: CPayload): Part {
  switch (input.shape) {
    case 'none':
      return {
        variables: ['size_t size = 0;', 'isth_check check;'],
        statements: [
          'isth_call_input(call, &size);',
          ...refusing('!isth_check_fixed(&check, size, 0, ISTH_CHECK_INPUT)'),
        ],
        arguments: [],
      };
    case 'fixed': {
      const { name } = input.type;
      return {
        variables: [
          'size_t size = 0;',
          'const void *payload = isth_call_input(call, &size);',
          `${typeNameOf(service, name)} in;`,
          'isth_check check;',
        ],
        statements: [
          ...refusing('!isth_check_fixed(&check, size, sizeof(in), ISTH_CHECK_INPUT)'),
          'memcpy(&in, payload, sizeof(in));',
          ...(isChecked(input.type, 'input')
            ? refusing(`!${checkName(service, name)}(&check, (const unsigned char *)&in)`)
            : []),
        ],
        arguments: ['&in'],
      };
    }
    case 'message': {
      const { name } = input.type;
      const size = `sizeof(${typeNameOf(service, name)})`;
      const given = ['&check', 'in', size, checkName(service, name), 'ISTH_CHECK_INPUT'];
      return {
        variables: ['const isth_message *in = isth_call_in(call);', 'isth_check check;', 'int error;'],
        statements: [
          'if (in == NULL) return ISTH_E_OUT_OF_MEMORY;',
          ...withArguments('error = isth_check_message', given, ';', 2),
          ...refusing('error != 0'),
        ],
        arguments: [`${messageNames(service, name).of}(in)`],
      };
    }
    case 'bytes': {
      const isBounded = input.max < MAX_MESSAGE_BYTES;
      return {
        variables: [
          'const isth_message *message = isth_call_in(call);',
          ...(isBounded ? ['isth_check check;'] : []),
          'isth_bytes in;',
        ],
        statements: [
          'if (message == NULL) return ISTH_E_OUT_OF_MEMORY;',
          ...(isBounded ? refusing(`!isth_check_at_most(&check, message->size, ${input.max}, ISTH_CHECK_INPUT)`) : []),
          'in.data = message->size == 0 ? NULL : message->bytes;',
          'in.length = message->size;',
        ],
        arguments: ['in'],
      };
    }
  }
}

function makeOutput(service: string, output: CPayload): Part {
  switch (output.shape) {
    case 'none':
      return nothing;
    case 'fixed': {
      const cName = typeNameOf(service, output.type.name);
      return {
        variables: [`${cName} *out;`],
        statements: [
          `out = (${cName} *)isth_call_output(call, sizeof(*out));`,
          'if (out == NULL) return ISTH_E_REPLY_TOO_LARGE;',
        ],
        arguments: ['out'],
      };
    }
    case 'message':
      return {
        variables: ['isth_message *reply;', `${typeNameOf(service, output.type.name)} *out;`],
        statements: [
          'reply = isth_call_out(call);',
          'if (reply == NULL) return ISTH_E_OUT_OF_MEMORY;',
          `out = ${messageNames(service, output.type.name).begin}(reply);`,
          'if (out == NULL) return ISTH_E_REPLY_TOO_LARGE;',
        ],
        arguments: ['out'],
      };
    case 'bytes':
      return {
        variables: ['isth_message *out;'],
        statements: ['out = isth_call_out(call);', 'if (out == NULL) return ISTH_E_OUT_OF_MEMORY;'],
        arguments: ['out'],
      };
  }
}
