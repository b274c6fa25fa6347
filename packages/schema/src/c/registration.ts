import { regionLayoutOf } from '../language/region-layout.ts';
import type { Method, Service } from '../language/service.ts';
import type { ServiceRegion } from '../language/service-region.ts';
import { indent } from './format.ts';
import { stringLiterals } from './literal.ts';
import { methodNames, regionNames, serviceNames, typeNameOf } from './names.ts';
import { fixedBytes, inputOf, outputOf } from './payload.ts';

/** The schema as the library compares it with a peer's. */
export function schemaFunction(service: Service): string[] {
  const bytes = [...service.hash].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return [
    "/* The schema as the library compares it with a peer's. Constant, for the life of the program. */",
    `static inline const isth_schema *${serviceNames(service.name).schema}(void) {`,
    '  static const char *const text[] = {',
    ...stringLiterals(service.text).map((literal) => `      ${literal},`),
    '      NULL};',
    ...table(
      'isth_method methods',
      service.methods.map((method) => methodEntry(service, method)),
    ),
    ...table(
      'isth_region_type regions',
      service.regionList.map((region) => regionEntry(service, region)),
    ),
    `  static const isth_schema schema = {"${service.name}",`,
    `                                     {${bytes.slice(0, 12).join(', ')},`,
    `                                      ${bytes.slice(12, 24).join(', ')},`,
    `                                      ${bytes.slice(24).join(', ')}},`,
    '                                     text,',
    `                                     ${service.methods.length === 0 ? 'NULL' : 'methods'},`,
    `                                     ${service.methods.length},`,
    `                                     ${service.regionList.length === 0 ? 'NULL' : 'regions'},`,
    `                                     ${service.regionList.length}};`,
    '  return &schema;',
    '}',
    '',
  ];
}

/** A table of constants; there is none without entries, because C has no empty arrays. */
function table(declared: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  return [
    `  static const ${declared}[] = {`,
    ...entries.map((entry, index) => `      ${entry}${index === entries.length - 1 ? '};' : ','}`),
  ];
}

function methodEntry(service: Service, method: Method): string {
  const { number } = methodNames(service.name, method.name);
  const sizes = [inputOf(method), outputOf(method)].map(fixedBytes);
  const replies = `ISTH_REPLIES_${method.replies.toUpperCase()}`;
  return `{${[number, `"${method.name}"`, ...sizes, replies].join(', ')}}`;
}

function regionEntry(service: Service, region: ServiceRegion): string {
  const { number } = regionNames(service.name, region.name);
  const { bytes, rows, keyOffset, keyBytes, keyIsText, writers } = regionLayoutOf(region);
  const key = [keyOffset, keyBytes, keyIsText];
  return `{${[number, `"${region.name}"`, bytes, rows, ...key, `ISTH_WRITERS_${writers.toUpperCase()}`].join(', ')}}`;
}

/** Registration of all handlers, and a whole main function. */
export function registration(service: Service): string[] {
  const { register, main, schema } = serviceNames(service.name);
  return [
    '/* Registers all handlers. Returns 0 or the error of isth_service_handle(). */',
    `static inline int ${register}(isth_service *service) {`,
    ...indent(registering(service)),
    '}',
    '',
    '/* The whole of main(): see isth_service_main(). */',
    `static inline int ${main}(int argc, char **argv) {`,
    `  return isth_service_main(argc, argv, ${schema}(), ${register});`,
    '}',
    '',
  ];
}

function registering(service: Service): string[] {
  if (service.methods.length === 0) return ['(void)service;', 'return 0;'];
  return [
    'int status = 0;',
    ...service.methods.flatMap((method) => {
      const { number, adapter } = methodNames(service.name, method.name);
      return [
        'if (status == 0) {',
        `  status = isth_service_handle(service, ${number}, ${replyBytes(service, method)},`,
        `                               ${adapter}, NULL);`,
        '}',
      ];
    }),
    'return status;',
  ];
}

/** The room that the handler needs in the reply ring before it runs. */
function replyBytes(service: Service, method: Method): string {
  const output = outputOf(method);
  if (method.replies !== 'one' || output.shape !== 'fixed') return '0';
  return `(uint32_t)sizeof(${typeNameOf(service.name, output.type.name)})`;
}
