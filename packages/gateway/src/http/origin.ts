/** Which pages may open a WebSocket: browsers let those of any site do it, and say which site it is in `Origin`. */
import type { IncomingHttpHeaders } from 'node:http';
import { IsthmusError } from '@isthmus/schema';

/**
 * Whoever is no browser sends no `Origin` and is let through; a page must come from the gateway itself or from one of `origins`.
 *
 * @throws IsthmusError `ORIGIN_REFUSED`.
 */
export function refuseForeignOrigin({ origin, host }: IncomingHttpHeaders, origins: readonly string[]): void {
  if (origin === undefined || origins.includes(origin) || isOwn(origin, host)) return;
  throw new IsthmusError('ORIGIN_REFUSED', { detail: `a page of ${origin.slice(0, 200)} may not watch` });
}

/** The scheme is not compared: a proxy in front of the gateway may be the one that speaks TLS. */
function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  // Read as a URL, so that the port that is the scheme's own counts as left out in both.
  return from !== '' && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === from;
}
