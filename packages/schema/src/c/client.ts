import type { Method, Service } from '../language/service.ts';
import { MAX_MESSAGE_BYTES } from '../language/types.ts';
import { isChecked } from './check-code.ts';
import { comment } from './comment.ts';
import { indent, returning, withArguments } from './format.ts';
import { checkName, methodNames, typeNameOf } from './names.ts';
import { sent } from './parameters.ts';
import { type CPayload, inputOf, outputOf } from './payload.ts';

/** What a client program calls, for each method. */
export function clientFunctions(service: Service): string[] {
  return service.methods.flatMap((method) => {
    const write = { one: callFunction, many: eachFunctions, none: sendFunction }[method.replies];
    return [...comment([method.description]), ...write(service.name, method), ''];
  });
}

type Variable = CPayload & { readonly shape: 'message' | 'bytes' };
type Fixed = CPayload & { readonly shape: 'fixed' };

/** What bounds the waiting, and takes the reason of a failure. */
const bounds = ['uint64_t timeout_ns', 'isth_failure *failure'];
const report = 'isth_check_report(&check, failure)';

/** Waits for the one reply. */
function callFunction(service: string, method: Method): string[] {
  const { call } = methodNames(service, method.name);
  const { parameters } = sent(service, inputOf(method), 'in');
  const output = outputOf(method);
  return [
    ...withArguments(
      `static inline int ${call}`,
      ['isth_client *client', ...parameters, ...roomFor(service, output), ...bounds],
      ' {',
    ),
    ...indent(callBody(service, method, output)),
    '}',
  ];
}

function roomFor(service: string, output: CPayload): string[] {
  if (output.shape === 'none') return [];
  return [output.shape === 'fixed' ? `${typeNameOf(service, output.type.name)} *out` : 'isth_message *out'];
}

function callBody(service: string, method: Method, output: CPayload): string[] {
  const { number } = methodNames(service, method.name);
  const { data, size } = sent(service, inputOf(method), 'in');
  const calling = (before: string, room: readonly string[]) => {
    const given = ['client', number, data, size, ...room, 'timeout_ns', 'failure'];
    return withArguments(`${before} isth_client_call_sync`, given, ';', 2);
  };
  switch (output.shape) {
    case 'none':
      return calling('return', ['NULL', '0', 'NULL']);
    case 'fixed':
      return [
        'isth_check check;',
        'size_t reply_size = 0;',
        ...calling('int status =', ['out', 'sizeof(*out)', '&reply_size']),
        'if (status != 0) return status;',
        ...returning(['!isth_check_fixed(&check, reply_size, sizeof(*out), ISTH_CHECK_REPLY)'], report),
        ...fixedCheck(service, output, 'out'),
        'return 0;',
      ];
    case 'message':
    case 'bytes': {
      const check = variableCheck(service, output, 4);
      return [
        ...(check.length > 0 ? ['isth_check check;'] : []),
        'int status;',
        'out->size = 0;',
        ...calling('status =', ['out->bytes', 'out->capacity', '&out->size']),
        ...(check.length > 0 ? ['if (status == 0) {', ...indent(check), '}'] : []),
        'if (status != 0) out->size = 0;',
        'return status;',
      ];
    }
  }
}

/** Gives each of many replies to a function of the caller. */
function eachFunctions(service: string, method: Method): string[] {
  const { call, number, each, take, state } = methodNames(service, method.name);
  const { parameters, data, size } = sent(service, inputOf(method), 'in');
  const output = outputOf(method);
  const isVariable = output.shape === 'message' || output.shape === 'bytes';
  const room = isVariable ? roomFor(service, output) : [];
  return [
    `typedef int (*${each})(${[...roomFor(service, output).map((line) => `const ${line}`), 'void *user'].join(', ')});`,
    `typedef struct ${state} {`,
    ...indent([`${each} each;`, 'void *user;', ...room.map((line) => `${line};`), 'isth_failure *failure;']),
    `} ${state};`,
    ...withArguments(`static inline int ${take}`, ['const void *payload', 'size_t size', 'void *user'], ' {'),
    ...indent([
      `const ${state} *state = (const ${state} *)user;`,
      'isth_failure *failure = state->failure;',
      ...takeBody(service, output),
    ]),
    '}',
    ...withArguments(
      `static inline int ${call}`,
      ['isth_client *client', ...parameters, ...room, `${each} each`, 'void *user', ...bounds],
      ' {',
    ),
    `  ${state} state = {${['each', 'user', ...(isVariable ? ['out'] : []), 'failure'].join(', ')}};`,
    ...indent(
      withArguments(
        'return isth_client_call_each',
        ['client', number, data, size, take, '&state', 'timeout_ns', 'failure'],
        ';',
        2,
      ),
    ),
    '}',
  ];
}

function takeBody(service: string, output: CPayload): string[] {
  switch (output.shape) {
    case 'none':
      return [
        'isth_check check;',
        '(void)payload;',
        ...returning(['!isth_check_fixed(&check, size, 0, ISTH_CHECK_REPLY)'], report),
        'return state->each(state->user);',
      ];
    case 'fixed':
      return [
        'isth_check check;',
        `${typeNameOf(service, output.type.name)} out;`,
        ...returning(['!isth_check_fixed(&check, size, sizeof(out), ISTH_CHECK_REPLY)'], report),
        'memcpy(&out, payload, sizeof(out));',
        ...fixedCheck(service, output, '&out'),
        'return state->each(&out, state->user);',
      ];
    case 'message':
    case 'bytes': {
      const check = variableCheck(service, output, 2);
      return [
        'isth_check check;',
        'isth_message *out = state->out;',
        ...(check.length > 0 ? ['int status = 0;'] : []),
        ...returning(['!isth_check_copy(&check, out, payload, size)'], report),
        ...check,
        `return ${check.length > 0 ? 'status != 0 ? status : ' : ''}state->each(out, state->user);`,
      ];
    }
  }
}

function fixedCheck(service: string, { type }: Fixed, at: string): string[] {
  if (!isChecked(type, 'reply')) return [];
  return returning([`!${checkName(service, type.name)}(&check, (const unsigned char *)${at})`], report);
}

/** Sets `status`, and says why, where the message `out` is bad. */
function variableCheck(service: string, output: Variable, within: number): string[] {
  if (output.shape === 'message') {
    const { name } = output.type;
    const given = [
      '&check',
      'out',
      `sizeof(${typeNameOf(service, name)})`,
      checkName(service, name),
      'ISTH_CHECK_REPLY',
    ];
    return [...withArguments('status = isth_check_message', given, ';', within), `if (status != 0) ${report};`];
  }
  if (output.max >= MAX_MESSAGE_BYTES) return [];
  return [`if (!isth_check_at_most(&check, out->size, ${output.max}, ISTH_CHECK_REPLY)) status = ${report};`];
}

/** Sends, and that is all. */
function sendFunction(service: string, method: Method): string[] {
  const { send, number } = methodNames(service, method.name);
  const { parameters, data, size } = sent(service, inputOf(method), 'in');
  return [
    ...withArguments(`static inline int ${send}`, ['isth_client *client', ...parameters], ' {'),
    ...indent([
      'isth_request request;',
      'memset(&request, 0, sizeof(request));',
      `request.method = ${number};`,
      `request.payload = ${data};`,
      `request.size = ${size};`,
      'request.replies = ISTH_REPLIES_NONE;',
      'return isth_client_call(client, &request, NULL);',
    ]),
    '}',
  ];
}
