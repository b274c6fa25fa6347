/** Whose rights a service's processes have. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { IsthmusError } from '@isthmus/schema';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface IdentityOptions {
  /** The service: for messages. */
  readonly name: string;
  /** A name or a number. */
  readonly user?: string | undefined;
  /** A name or a number. Default: the user's own group. */
  readonly group?: string | undefined;
}

/** How long looking a name up may take, in ms: it may be asked of another machine. */
const lookUpTimeoutMs = 5000;

/**
 * The ids of a service's user and group; undefined where it names none, or those that this process has already. Supplementary groups
 * are dropped with any other.
 *
 * @throws IsthmusError CONFIG_INVALID where there is no such user or group, or this process may not become it.
 */
export async function identityOf(options: IdentityOptions): Promise<Identity | undefined> {
  const { name, user, group } = options;
  if (user === undefined && group === undefined) return undefined;
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const passwd = user === undefined ? undefined : await lookUp('passwd', user);
  const groupEntry = group === undefined ? undefined : await lookUp('group', group);
  const uid = user === undefined ? own.uid : (passwd?.[2] ?? numberOf(user));
  const gid = group !== undefined ? (groupEntry?.[2] ?? numberOf(group)) : user === undefined ? own.gid : passwd?.[3];
  if (uid === undefined) throw invalid(name, 'user', `there is no user ${user}`);
  if (gid === undefined && group !== undefined) throw invalid(name, 'group', `there is no group ${group}`);
  if (gid === undefined) throw invalid(name, 'user', `user ${user} has no group of its own here: say which in group`);
  if (uid === own.uid && gid === own.gid) return undefined;
  if (own.uid === 0) return { uid, gid };
  const key = user === undefined ? 'group' : 'user';
  throw invalid(name, key, 'only root may start programs as somebody else: run isthmus as that user, or leave it out');
}

/** The numbers among the fields of an entry, by their places; undefined where there is no such entry. */
async function lookUp(database: 'passwd' | 'group', key: string): Promise<(number | undefined)[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('getent', [database, key], { timeout: lookUpTimeoutMs });
    return stdout.trim().split(':').map(numberOf);
  } catch (error) {
    // 2: not found. Anything else, a getent that is missing too, is not for us to guess about.
    if (error instanceof Error && 'code' in error && error.code === 2) return undefined;
    throw new IsthmusError('CONFIG_INVALID', { detail: `${key} cannot be looked up: getent failed`, cause: error });
  }
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function invalid(service: string, key: string, reason: string): IsthmusError {
  return new IsthmusError('CONFIG_INVALID', { detail: `services.${service}.${key}: ${reason}` });
}
