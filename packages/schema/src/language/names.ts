import { cWords, snakeCase } from './c-words.ts';

/** The longest name of anything, in characters: ISTH_NAME_BYTES of the C library without its terminating NUL. */
const MAX_NAME_LENGTH = 63;

const lowerName = /^[a-z][a-zA-Z0-9]*$/;
const upperName = /^[A-Z][a-zA-Z0-9]*$/;
const valueName = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/**
 * Every JavaScript object has these, so a field of such a name would never be missing; and a client with a method `then`
 * would be taken for a promise; JSON.stringify calls what it finds as `toJSON`.
 */
const reservedNames = new Set(['then', 'toJSON', ...Object.getOwnPropertyNames(Object.prototype)]);

/**
 * Headers of the C standard and of POSIX. A service's header is `<service>.h`, and with its folder on the include path
 * it would be found in place of the system's.
 */
const systemHeaders = new Set(
  (
    'aio assert complex cpio ctype dirent dlfcn errno fcntl fenv float fmtmsg fnmatch ftw glob grp iconv inttypes iso646 ' +
    'langinfo libgen limits locale malloc math memory monetary mqueue ndbm netdb poll pthread pwd regex sched search ' +
    'semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings ' +
    'stropts sysexits syslog tar termios tgmath threads time trace uchar ulimit unistd utime utmpx values wchar wctype ' +
    'wordexp'
  ).split(' '),
);

// What is wrong with a name, in words; empty for a good one.

export function serviceNameProblems(name: unknown): string[] {
  const problems = nameProblems(name, lowerName, 'a lower-case letter, then letters and digits');
  if (typeof name !== 'string' || problems.length > 0) return problems;
  if (name.startsWith('isth')) problems.push('names that begin with "isth" belong to the library');
  if (systemHeaders.has(name)) {
    problems.push(`its header would be ${name}.h, which hides the system's header of that name`);
  }
  return problems;
}

/** For methods, fields, variants and a handler's errors. */
export function memberNameProblems(name: unknown): string[] {
  const problems = nameProblems(name, lowerName, 'a lower-case letter, then letters and digits');
  if (typeof name !== 'string' || problems.length > 0) return problems;
  if (reservedNames.has(name)) problems.push('JavaScript gives this name a meaning of its own');
  return problems;
}

/** For what becomes a member of a C struct: fields and variants. */
export function fieldNameProblems(name: string): string[] {
  const problems = memberNameProblems(name);
  if (problems.length > 0) return problems;
  const inC = snakeCase(name);
  if (cWords.has(inC)) problems.push(`${inC} is a word of C, of C++ or of their headers; choose another name`);
  return problems;
}

/** For structs, unions, enumerations and flags. */
export function typeNameProblems(name: unknown): string[] {
  return nameProblems(name, upperName, 'an upper-case letter, then letters and digits');
}

/** For the values of an enumeration and of flags. */
export function valueNameProblems(name: unknown): string[] {
  return nameProblems(name, valueName, 'a letter, then letters, digits and underscores');
}

/** A name, or whatever plain JavaScript gives for one, as problems show it. */
export function quoted(name: unknown): string {
  return typeof name === 'string' ? JSON.stringify(name) : String(name);
}

function nameProblems(name: unknown, pattern: RegExp, rule: string): string[] {
  if (typeof name !== 'string') return ['the name must be a string'];
  if (!pattern.test(name)) return [`the name must be ${rule}`];
  if (name.length > MAX_NAME_LENGTH) return [`the name must not be longer than ${MAX_NAME_LENGTH} characters`];
  return [];
}
