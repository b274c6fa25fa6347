import type { Method, Service } from '../language/service.ts';
import { comment } from './comment.ts';
import { withArguments } from './format.ts';
import { messageNames, methodNames, typeNameOf } from './names.ts';
import { sent } from './parameters.ts';
import { type CPayload, inputOf, outputOf } from './payload.ts';

/** What a service program implements, one handler for each method, and what handlers answer with if not with `out`. */
export function handlerPrototypes(service: Service): string[] {
  return service.methods.flatMap((method) => [
    ...comment([method.description, notes(service, method)]),
    ...withArguments(`int ${methodNames(service.name, method.name).handler}`, handlerParameters(service, method), ';'),
    ...emitFunction(service, method),
    ...respondFunction(service, method),
    '',
  ]);
}

/** What a method's kinds of payloads and replies mean for its handler. */
function notes(service: Service, method: Method): string {
  const { emit } = methodNames(service.name, method.name);
  const input = inputOf(method);
  const output = outputOf(method);
  const parts: string[] = [];
  if (input.shape === 'message') parts.push('The message that `in` begins is isth_call_in(call).');
  if (input.shape === 'bytes') parts.push(`The input is ${bytesText(method)}.`);
  if (method.replies === 'many') {
    parts.push(`${emit}() sends each reply; returning ends the call.`);
    if (output.shape === 'message') {
      const { begin } = messageNames(service.name, output.type.name);
      parts.push(`Make each with ${begin}(isth_call_out(call)).`);
    }
    if (output.shape === 'bytes') parts.push(`Each reply is ${bytesText(method)}.`);
  } else if (method.replies === 'none') {
    parts.push('One-way: nobody learns what this returns.');
  } else {
    if (output.shape === 'message') parts.push('The message that `out` begins is isth_call_out(call).');
    if (output.shape === 'bytes') parts.push(`The reply, an empty message at first, is ${bytesText(method)}.`);
  }
  return parts.join(' ');
}

function bytesText({ codec }: Method): string {
  return codec === 'struct' ? 'plain bytes' : `bytes of the codec ${codec}`;
}

function handlerParameters(service: Service, method: Method): string[] {
  return [
    'isth_call *call',
    ...given(service, inputOf(method)),
    ...(method.replies === 'one' ? room(service, outputOf(method)) : []),
  ];
}

function given(service: Service, payload: CPayload): string[] {
  if (payload.shape === 'none') return [];
  return [payload.shape === 'bytes' ? 'isth_bytes in' : `const ${typeNameOf(service.name, payload.type.name)} *in`];
}

function room(service: Service, payload: CPayload): string[] {
  if (payload.shape === 'none') return [];
  return [payload.shape === 'bytes' ? 'isth_message *out' : `${typeNameOf(service.name, payload.type.name)} *out`];
}

function emitFunction(service: Service, method: Method): string[] {
  if (method.replies !== 'many') return [];
  const { parameters, data, size } = sent(service.name, outputOf(method), 'out');
  return [
    ...withArguments(
      `static inline int ${methodNames(service.name, method.name).emit}`,
      ['isth_call *call', ...parameters],
      ' {',
    ),
    `  return isth_call_emit(call, ${data}, ${size});`,
    '}',
  ];
}

function respondFunction(service: Service, method: Method): string[] {
  if (method.replies !== 'one') return [];
  const { parameters, data, size } = sent(service.name, outputOf(method), 'out');
  return [
    ...withArguments(
      `static inline int ${methodNames(service.name, method.name).respond}`,
      ['isth_responder *responder', ...parameters],
      ' {',
    ),
    `  return isth_respond(responder, ${data}, ${size});`,
    '}',
  ];
}
