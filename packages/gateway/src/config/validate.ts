/** From what a user wrote to settings that the programs can rely on. */
import { basename, dirname, resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import type { TlsOptions } from '../auth/options.ts';
import { circleOf } from '../supervisor/order.ts';
import { checkAuth } from './auth.ts';
import { resolveHttp } from './http.ts';
import { checkKeys, checkObject } from './keys.ts';
import { checkServicePolicies } from './policies.ts';
import { ConfigProblem, refuse, runAll } from './problem.ts';
import { processKeys, processOf } from './processes.ts';
import { checkRegions } from './regions.ts';
import { bridgeKeys, clientKeys, type ServiceValues, serviceKeys } from './tables.ts';
import type { BridgeSettings, ServiceOrigin, ServiceSettings } from './types.ts';

/**
 * Checks a configuration and puts the defaults in place. `source` is the absolute path of its file: problems name it, and
 * relative paths in it count from its folder.
 *
 * @throws IsthmusError CONFIG_INVALID; its detail names the file, and every key that is wrong.
 */
export function validateBridge(value: unknown, source: string): BridgeSettings {
  const folder = dirname(source);
  try {
    const { services, regions, auth, http, ...rest } = checkKeys(bridgeKeys, checkObject(value, ''), '');
    if (Object.keys(services).length + Object.keys(regions).length === 0) {
      refuse('services', 'must have at least one service, where there are no regions');
    }
    let checked: Pick<BridgeSettings, 'services' | 'regions' | 'auth'> = { services: [], regions: [], auth: undefined };
    runAll([
      () => {
        checked = { ...checked, services: checkServices(services, folder) };
      },
      () => {
        checked = { ...checked, regions: checkRegions(regions, 'regions', folder) };
      },
      () => {
        if (auth !== undefined) checked = { ...checked, auth: checkAuth(auth, 'auth', folder) };
      },
    ]);
    if (checked.auth !== undefined && checked.auth.mtls.length > 0 && !asksForCertificates(http.tls)) {
      refuse('auth.mtls', 'needs http.tls with clientCertificates: optional or required');
    }
    return { folder, ...rest, http: resolveHttp(http, folder), ...checked };
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const detail = `${basename(source)}: ${error.problems.join('; ')}`;
    throw new IsthmusError('CONFIG_INVALID', { detail, cause: error });
  }
}

function asksForCertificates(tls: TlsOptions | undefined): boolean {
  return tls?.clientCertificates === 'optional' || tls?.clientCertificates === 'required';
}

function checkServices(given: Readonly<Record<string, unknown>>, folder: string): readonly ServiceSettings[] {
  const entries = Object.entries(given);
  const services: ServiceSettings[] = [];
  runAll(
    entries.map(
      ([name, value]) =>
        () =>
          services.push(checkService(name, value, folder)),
    ),
  );
  checkOrder(services);
  return services;
}

function checkOrder(services: readonly ServiceSettings[]): void {
  const started = services.flatMap(({ name, origin }) =>
    origin.kind === 'path' ? [] : [{ name, after: origin.process.after }],
  );
  runAll(
    started.flatMap(({ name, after }) =>
      after
        .filter((other) => !started.some((service) => service.name === other))
        .map((other) => () => refuse(`services.${name}.after`, `${other} is no service that Isthmus starts`)),
    ),
  );
  const circle = circleOf(started);
  if (circle !== undefined) refuse(`services.${circle[0]}.after`, `goes in a circle: ${circle.join(', ')}`);
}

function checkService(name: string, value: unknown, folder: string): ServiceSettings {
  const path = `services.${name}`;
  const given = checkObject(value, path);
  const values = checkKeys(serviceKeys, given, path);
  const { schema, header, example = {} } = values;
  if (schema.name !== name) refuse(path, `must be named as its schema: ${schema.name}`);
  const origin = originOf(values, given, path, folder);
  for (const method of Object.keys(example)) {
    if (!Object.hasOwn(schema.calls, method)) refuse(`${path}.example.${method}`, `is not a method of ${schema.name}`);
  }
  const headerFile = header ?? (origin.kind === 'command' ? `generated/${schema.name}.h` : undefined);
  return {
    name,
    schema,
    // `values` holds more than the client's keys; only these are meant for connect().
    client: {
      ...checkKeys(clientKeys, Object.fromEntries(Object.keys(clientKeys).map((key) => [key, given[key]])), path),
      ...checkServicePolicies(schema, values, path),
    },
    origin,
    example,
    header: headerFile === undefined ? undefined : resolve(folder, headerFile),
  };
}

/** Exactly one of command, sources and path says where instances come from; which other keys make sense follows from it. */
function originOf(
  values: ServiceValues,
  given: Readonly<Record<string, unknown>>,
  path: string,
  folder: string,
): ServiceOrigin {
  const { command, build, sources, path: socket } = values;
  const found = Object.entries({ command, sources, path: socket }).filter(([, value]) => value !== undefined);
  if (found.length !== 1) {
    const names = found.length === 0 ? 'none' : found.map(([name]) => name).join(' and ');
    refuse(path, `needs exactly one of command, sources and path, and has ${names}`);
  }
  if (build !== undefined && command === undefined) refuse(`${path}.build`, 'goes with command only');
  if (socket !== undefined) {
    const misplaced = Object.keys(processKeys).filter((key) => given[key] !== undefined);
    runAll(
      misplaced.map(
        (key) => () => refuse(`${path}.${key}`, 'is for a service that Isthmus starts; this one has a path'),
      ),
    );
    return { kind: 'path', path: resolve(folder, socket) };
  }
  const process = processOf(values, folder);
  if (command !== undefined) return { kind: 'command', command, build, process };
  return { kind: 'sources', sources: (sources ?? []).map((file) => resolve(folder, file)), process };
}
