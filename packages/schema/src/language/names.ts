import { schemaInvalid } from './options.ts';

/** The longest name of anything, in characters: ISTH_NAME_BYTES of the C library without its terminating NUL. */
const MAX_NAME_LENGTH = 63;

const lowerName = /^[a-z][a-zA-Z0-9]*$/;
const upperName = /^[A-Z][a-zA-Z0-9]*$/;
const valueName = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/**
 * Every JavaScript object has these, so a field of such a name would never be missing; and a client with a method `then`
 * would be taken for a promise.
 */
const reservedNames = new Set(['then', ...Object.getOwnPropertyNames(Object.prototype)]);

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

/** @throws IsthmusError `SCHEMA_INVALID` unless `name` can name a service. */
export function checkServiceName(name: string): void {
  const place = `service ${JSON.stringify(name)}`;
  check(place, name, lowerName, 'a lower-case letter, then letters and digits');
  if (name.startsWith('isth')) throw schemaInvalid(`${place}: names that begin with "isth" belong to the library`);
  if (systemHeaders.has(name)) {
    throw schemaInvalid(`${place}: its header would be ${name}.h, which hides the system's header of that name`);
  }
}

/** @throws IsthmusError `SCHEMA_INVALID` unless `name` can name a method, a field or a handler's error. */
export function checkMemberName(place: string, name: string): void {
  check(place, name, lowerName, 'a lower-case letter, then letters and digits');
  if (reservedNames.has(name)) throw schemaInvalid(`${place}: JavaScript gives this name a meaning of its own`);
}

/** @throws IsthmusError `SCHEMA_INVALID` unless `name` can name a struct or an enumeration. */
export function checkTypeName(place: string, name: string): void {
  check(place, name, upperName, 'an upper-case letter, then letters and digits');
}

/** @throws IsthmusError `SCHEMA_INVALID` unless `name` can be a value of an enumeration. */
export function checkValueName(place: string, name: string): void {
  check(place, name, valueName, 'a letter, then letters, digits and underscores');
}

function check(place: string, name: unknown, pattern: RegExp, rule: string): void {
  if (typeof name !== 'string') throw schemaInvalid(`${place}: the name must be a string`);
  if (!pattern.test(name)) throw schemaInvalid(`${place}: the name must be ${rule}`);
  if (name.length > MAX_NAME_LENGTH) {
    throw schemaInvalid(`${place}: the name must not be longer than ${MAX_NAME_LENGTH} characters`);
  }
}
