/**
 * Which names the gateway answers to. A web page whose own name is made to lead here (DNS rebinding) counts as of one origin with
 * the gateway; but its requests carry that name.
 */
import { isIP, isIPv4 } from 'node:net';
import { IsthmusError } from '@isthmus/schema';

/** Whether only this machine reaches an address that is listened on. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || (isIPv4(name) && name.startsWith('127.')) || (isIP(name) === 6 && isLoopback6(name));
}

function isLoopback6(address: string): boolean {
  const { hostname } = new URL(`http://[${address}]`);
  return hostname === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:/.test(hostname);
}

/** The names of a gateway that listens on `host`, where nobody says which; undefined: any. */
export function usualHosts(host: string): readonly string[] | undefined {
  if (!isLoopback(host)) return undefined;
  return ['localhost', '127.0.0.1', '[::1]', isIP(host) === 6 ? `[${host}]` : host];
}

/** What is wrong with a name; undefined: nothing. */
export function hostProblem(host: string): string | undefined {
  if (host === '*' || hostnameOf(host) === host) return undefined;
  return 'must be a name or an address without a port, IPv6 in brackets: bridge.example.com';
}

/** @returns what throws `FORBIDDEN` for a `Host` header whose name is not one of these; undefined: any name is good. */
export function hostCheck(hosts: readonly string[] | undefined): ((header: string | undefined) => void) | undefined {
  if (hosts === undefined || hosts.includes('*')) return undefined;
  const known = new Set(hosts.map((host) => host.toLowerCase()));
  // Nearly all requests name the gateway as the one before did.
  let lastGood: string | undefined;
  return (header = '') => {
    if (header === lastGood) return;
    const name = hostnameOf(header.toLowerCase());
    if (name !== undefined && known.has(name)) {
      lastGood = header;
      return;
    }
    const shown = header.slice(0, 200);
    throw new IsthmusError('FORBIDDEN', { detail: `this gateway is not called ${shown}: see http.hosts` });
  };
}

/** Without the port. */
function hostnameOf(host: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i.exec(host)?.[1];
}
