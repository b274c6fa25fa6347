/** What each route of the gateway takes, told by its place: so that no route can be forgotten. */
import { CALL_PREFIX } from '../http/call-routes.ts';
import { probePaths } from '../http/probes.ts';
import { REGION_PREFIX } from '../http/region-routes.ts';
import { WATCH_PATH } from '../http/watch-route.ts';
import { type Permission, permission } from './scopes.ts';

/** `open`: everybody; else what each HTTP method takes. No permission at all: whoever has some scope. */
export type Access = 'open' | ((method: string) => readonly Permission[]);

const descriptions: readonly string[] = ['/', '', '/openapi.json', REGION_PREFIX];

const nothing: Access = () => [];
const docs: Access = always('docs');

function always(name: string): Access {
  const permissions = [permission(name)];
  return () => permissions;
}

/** What a change answers holds fields that the caller did not send: so it takes reading too. */
function ofRegion(name: string): Access {
  const read = permission(`read:${name}`);
  const write = permission(`write:${name}`);
  return (method) => (method === 'PUT' ? [write] : method === 'PATCH' ? [write, read] : [read]);
}

/**
 * @param path Of a route as it was declared, or of a request to which no route belongs, without the gateway's prefix.
 * @param pages The paths of the user's own pages, which are for everybody.
 */
export function accessOf(path: string, pages: readonly string[]): Access {
  if (probePaths.includes(path)) return 'open';
  if (pages.some((page) => path === page || path.startsWith(`${page}/`))) return 'open';
  if (path.startsWith(`${CALL_PREFIX}/`)) {
    const [service = '', method = ''] = path.slice(CALL_PREFIX.length + 1).split('/');
    return always(`call:${service}.${method}`);
  }
  if (path.startsWith(`${REGION_PREFIX}/`)) return ofRegion(path.slice(REGION_PREFIX.length + 1).split('/')[0] ?? '');
  // What is watched over it is asked for later, region by region.
  if (path === WATCH_PATH) return nothing;
  if (descriptions.includes(path) || /^\/(docs|v1\/proto)(\/|$)/.test(path)) return docs;
  return nothing;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of each of the gateway's routes. */
    isthmusAccess?: Access;
  }
}
