/** What `isthmus start` prints once it serves. */
import { exampleOf, type RegionSettings, type ServiceSettings } from '@isthmus/gateway';
import type { Method } from '@isthmus/schema';
import { colours } from './colours.ts';
import { version } from './package-info.ts';

export interface ServedService {
  readonly service: ServiceSettings;
  /** How many are connected. */
  readonly instances: number;
}

/** What a bridge serves. */
export interface Served {
  readonly services: readonly ServedService[];
  /** Those that it has attached. */
  readonly regions: readonly Pick<RegionSettings, 'name'>[];
  /** The paths of the configuration's own pages. */
  readonly pages: readonly string[];
  /** The processes that serve HTTP; 0: the bridge's own. */
  readonly workers: number;
  /** Whether callers need credentials. */
  readonly isGuarded: boolean;
}

/** Several lines: what is served where, and one request to try. */
export function describeBridge(url: string, { services, regions, pages, workers, isGuarded }: Served): string {
  const { bold, dim } = colours(process.stdout);
  const routes = services.flatMap(({ service, instances }) => {
    const word = instances === 1 ? 'instance' : 'instances';
    return [
      `  ${bold(service.name)} ${dim(`(${instances} ${word})`)}`,
      ...service.schema.methods.map((method) => `    POST ${url}${pathOf(service, method)}`),
      ...regionNamesOf(service).map((name) => `    GET  ${url}${regionPath(name)}`),
    ];
  });
  const attached = regions.flatMap(({ name }) => [
    `  ${bold(name)} ${dim('(shared memory)')}`,
    `    GET  ${url}${regionPath(name)}`,
  ]);
  return [
    '',
    `Isthmus ${version} serves ${bold(url)}${workers === 0 ? '' : dim(` (${workers} ${workers === 1 ? 'worker' : 'workers'})`)}`,
    ...routes,
    ...attached,
    ...pages.map((path) => `  ${dim('page')} ${url}${path}`),
    `  ${dim('documentation')} ${url}/docs`,
    '',
    'Try it:',
    `  ${curlOf(
      url,
      services.map(({ service }) => service),
      regions,
    )}${isGuarded ? ' -H "authorization: Bearer $ISTHMUS_KEY"' : ''}`,
    '',
    dim('Ctrl-C stops everything.'),
  ].join('\n');
}

/** A request that a reader can paste into a shell: a call of the first service, or else its region, or else what is attached. */
export function curlOf(url: string, services: readonly ServiceSettings[], regions: Served['regions']): string {
  const [first] = services;
  const call = first === undefined ? undefined : curlOfCall(url, first);
  if (call !== undefined) return call;
  const [region] = [...services.flatMap(regionNamesOf), ...regions.map(({ name }) => name)];
  return `curl -s ${url}${region === undefined ? '/openapi.json' : regionPath(region)}`;
}

/** Of the method that has an example, else of the first. Undefined where none has something to show, as where all take plain bytes. */
function curlOfCall(url: string, service: ServiceSettings): string | undefined {
  const { methods } = service.schema;
  const method =
    methods.find(({ name }) => Object.hasOwn(service.example, name)) ??
    methods.find(({ input }) => input?.kind !== 'bytesTail');
  if (method === undefined) return undefined;
  const input = service.example[method.name] ?? (method.input?.kind === 'struct' ? exampleOf(method.input) : {});
  return `curl -s ${url}${pathOf(service, method)} -H 'content-type: application/json' -d ${quote(JSON.stringify(input))}`;
}

function pathOf({ name }: ServiceSettings, method: Method): string {
  return `/v1/call/${name}/${method.name}`;
}

function regionNamesOf({ schema }: ServiceSettings): readonly string[] {
  return schema.regionList.map(({ name }) => `${schema.name}.${name}`);
}

function regionPath(name: string): string {
  return `/v1/regions/${name}`;
}

/** One word of a POSIX shell, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
