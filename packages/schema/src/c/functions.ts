import type { Method, Service } from '../language/service.ts';
import { checkFunction, checkOf } from './checks.ts';
import { comment, WIDTH } from './literal.ts';
import { methodNames, serviceNames, typeNameOf } from './names.ts';

/** What a service program implements: one handler for each method. */
export function handlerPrototypes(service: Service): string[] {
  return service.methods.flatMap((method) => [
    ...comment([method.description]),
    ...signature(
      'int ',
      methodNames(service.name, method.name).handler,
      parameters(service, method, 'isth_call *call'),
      ';',
    ),
    '',
  ]);
}

/** The check of each struct that is an input, and of each that is an output. */
export function checkFunctions(service: Service): string[] {
  const inputs = new Map(service.methods.flatMap(({ input }) => (input === undefined ? [] : [[input.name, input]])));
  const outputs = new Map(
    service.methods.flatMap(({ output }) => (output === undefined ? [] : [[output.name, output]])),
  );
  return [
    ...[...inputs.values()].flatMap((type) => checkFunction(service.name, type, 'input')),
    ...[...outputs.values()].flatMap((type) => checkFunction(service.name, type, 'reply')),
  ];
}

/** What stands between the library and a handler: size, private copy, check, room for the reply. */
export function adapters(service: Service): string[] {
  return service.methods.flatMap((method) => {
    const { handler, adapter } = methodNames(service.name, method.name);
    const { input, output } = method;
    const check = checkOf(service.name, input, 'input');
    const expected = input === undefined ? '(size_t)0' : 'sizeof(in)';
    return [
      `static inline int ${adapter}(isth_call *call, void *user) {`,
      '  size_t size = 0;',
      `  ${input === undefined ? '' : 'const void *payload = '}isth_call_input(call, &size);`,
      ...(input === undefined ? [] : [`  ${typeNameOf(service.name, input.name)} in;`]),
      ...(output === undefined ? [] : [`  ${typeNameOf(service.name, output.name)} *out;`]),
      ...(check === undefined ? [] : ['  const char *wrong;']),
      '  (void)user;',
      `  if (size != ${expected}) {`,
      `    return isth_refuse(call, ISTH_E_INVALID_INPUT, "the input has %zu bytes, not %zu", size, ${expected});`,
      '  }',
      ...(input === undefined ? [] : ['  memcpy(&in, payload, sizeof(in));']),
      ...(check === undefined
        ? []
        : [
            `  wrong = ${check}(&in);`,
            '  if (wrong != NULL) return isth_refuse(call, ISTH_E_INVALID_INPUT, "%s", wrong);',
          ]),
      ...(output === undefined
        ? []
        : [
            `  out = (${typeNameOf(service.name, output.name)} *)isth_call_output(call, sizeof(*out));`,
            '  if (out == NULL) return ISTH_E_REPLY_TOO_LARGE;',
          ]),
      `  return ${handler}(call${input === undefined ? '' : ', &in'}${output === undefined ? '' : ', out'});`,
      '}',
      '',
    ];
  });
}

/** What a client program calls: each method, waiting for its reply. */
export function clientFunctions(service: Service): string[] {
  return service.methods.flatMap((method) => {
    const { number, client } = methodNames(service.name, method.name);
    const { input, output } = method;
    const check = checkOf(service.name, output, 'reply');
    const given = input === undefined ? 'NULL, 0' : 'in, sizeof(*in)';
    const room = output === undefined ? 'NULL, 0' : 'out, sizeof(*out)';
    const expected = output === undefined ? '0' : 'sizeof(*out)';
    return [
      ...signature(
        'static inline int ',
        client,
        [...parameters(service, method, 'isth_client *client'), 'uint64_t timeout_ns', 'isth_failure *failure'],
        ' {',
      ),
      '  size_t size = 0;',
      '  const char *wrong = NULL;',
      `  int status = isth_client_call_sync(client, ${number},`,
      `                                     ${given}, ${room}, &size, timeout_ns, failure);`,
      '  if (status != 0) return status;',
      `  if (size != ${expected}) wrong = "the reply has the wrong size";`,
      ...(check === undefined ? [] : [`  else wrong = ${check}(out);`]),
      '  if (wrong == NULL) return 0;',
      '  if (failure != NULL) {',
      '    failure->error = ISTH_E_HANDLER_FAULT;',
      '    snprintf(failure->message, sizeof(failure->message), "%s", wrong);',
      '  }',
      '  return ISTH_E_HANDLER_FAULT;',
      '}',
      '',
    ];
  });
}

/** Registration of all handlers, and a whole main function. */
export function registration(service: Service): string[] {
  const { register, main, schema } = serviceNames(service.name);
  return [
    '/* Registers all handlers. Returns 0 or the error of isth_service_handle(). */',
    `static inline int ${register}(isth_service *service) {`,
    '  int status = 0;',
    ...service.methods.flatMap(({ name, output }) => {
      const { number, adapter } = methodNames(service.name, name);
      const size = output === undefined ? '0' : `(uint32_t)sizeof(${typeNameOf(service.name, output.name)})`;
      return [
        '  if (status == 0) {',
        `    status = isth_service_handle(service, ${number}, ${size},`,
        `                                 ${adapter}, NULL);`,
        '  }',
      ];
    }),
    '  return status;',
    '}',
    '',
    '/* The whole of main(): see isth_service_main(). */',
    `static inline int ${main}(int argc, char **argv) {`,
    `  return isth_service_main(argc, argv, ${schema}(), ${register});`,
    '}',
    '',
  ];
}

function parameters(service: Service, { input, output }: Method, first: string): string[] {
  return [
    first,
    ...(input === undefined ? [] : [`const ${typeNameOf(service.name, input.name)} *in`]),
    ...(output === undefined ? [] : [`${typeNameOf(service.name, output.name)} *out`]),
  ];
}

/** On one line where it fits, otherwise one parameter a line. */
function signature(before: string, name: string, given: readonly string[], after: string): string[] {
  const line = `${before}${name}(${given.join(', ')})${after}`;
  if (line.length <= WIDTH) return [line];
  const indent = ' '.repeat(before.length + name.length + 1);
  return `${before}${name}(${given.join(`,\n${indent}`)})${after}`.split('\n');
}
