/** Folders of the user's own pages, served beside the routes: a page from the same origin may call and watch without more. */
import { stat } from 'node:fs/promises';
import fastifyStatic from '@fastify/static';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyInstance } from 'fastify';
import { refuseOtherMethods } from './other-methods.ts';

/** Absolute folders by the path under which they are, such as `/examples/market`. */
export type Pages = Readonly<Record<string, string>>;

/** The first parts of the gateway's own paths. */
const ownParts: readonly string[] = ['v1', 'docs', 'openapi.json', 'healthz', 'readyz'];

/** What is wrong with a path for pages. */
export function pagePathProblem(path: string): string | undefined {
  if (!/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/.test(path))
    return 'must be a path such as /panel, without a slash at its end';
  const [, first = ''] = path.split('/');
  return ownParts.includes(first) ? `begins with /${first}, which is the gateway's own` : undefined;
}

/**
 * Serves each folder's files to GET and HEAD, `index.html` for the folder itself, and nothing that begins with a dot. The whole folder
 * is public: what lies in it is for everybody who reaches the gateway.
 *
 * @throws IsthmusError `INVALID_ARGUMENT` for a path that cannot be, and where there is no folder.
 */
export async function addPages(scope: FastifyInstance, pages: Pages): Promise<void> {
  for (const [path, folder] of Object.entries(pages)) {
    const problem = pagePathProblem(path) ?? (await folderProblem(folder));
    if (problem !== undefined) throw new IsthmusError('INVALID_ARGUMENT', { detail: `pages["${path}"]: ${problem}` });
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: path,
      // Relative links in the page count from the folder, so it needs the slash at its end.
      redirect: true,
      dotfiles: 'ignore',
      decorateReply: false,
      // They change while somebody works on them.
      cacheControl: false,
      setHeaders(reply) {
        reply.header('cache-control', 'no-cache');
        reply.header('content-security-policy', contentSecurityPolicy);
      },
    });
    for (const url of [path, `${path}/*`]) refuseOtherMethods(scope, url, ['GET', 'HEAD']);
  }
}

async function folderProblem(folder: string): Promise<string | undefined> {
  const status = await stat(folder).catch(() => undefined);
  return status?.isDirectory() === true ? undefined : `there is no folder ${folder}`;
}

/** Everything from this server, scripts and styles in files of their own; and in nobody else's frame. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');
