/** What `isthmus start` prints once it serves. */
import { exampleOf, type ServiceSettings } from '@isthmus/gateway';
import type { Method } from '@isthmus/schema';
import { colours } from './colours.ts';
import { version } from './package-info.ts';

export interface ServedService {
  readonly service: ServiceSettings;
  /** How many are connected. */
  readonly instances: number;
}

/** Several lines: what is served where, and one call to try. */
export function describeBridge(url: string, services: readonly ServedService[]): string {
  const { bold, dim } = colours(process.stdout);
  const routes = services.flatMap(({ service, instances }) => {
    const word = instances === 1 ? 'instance' : 'instances';
    return [
      `  ${bold(service.name)} ${dim(`(${instances} ${word})`)}`,
      ...service.schema.methods.map((method) => `    POST ${url}${pathOf(service, method)}`),
    ];
  });
  const [first] = services;
  const example = first === undefined ? [] : ['', 'Try it:', `  ${curlOf(url, first.service)}`];
  return [
    '',
    `Isthmus ${version} serves ${bold(url)}`,
    ...routes,
    `  ${dim('documentation')} ${url}/docs`,
    ...example,
    '',
    dim('Ctrl-C stops everything.'),
  ].join('\n');
}

/** A call that a reader can paste into a shell: of the method that has an example, else of the first. */
export function curlOf(url: string, service: ServiceSettings): string {
  const { methods } = service.schema;
  const method =
    methods.find(({ name }) => Object.hasOwn(service.example, name)) ??
    methods.find(({ input }) => input?.kind !== 'bytesTail');
  // All take plain bytes, of which there is nothing to show.
  if (method === undefined) return `curl -s ${url}/openapi.json`;
  const input = service.example[method.name] ?? (method.input?.kind === 'struct' ? exampleOf(method.input) : {});
  return `curl -s ${url}${pathOf(service, method)} -H 'content-type: application/json' -d ${quote(JSON.stringify(input))}`;
}

function pathOf({ name }: ServiceSettings, method: Method): string {
  return `/v1/call/${name}/${method.name}`;
}

/** One word of a POSIX shell, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
