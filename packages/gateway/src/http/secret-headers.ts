/** Headers that must never be seen in a log. */
const names = ['authorization', 'proxy-authorization', 'x-api-key', 'cookie', 'set-cookie', 'sec-websocket-protocol'];

/**
 * For the option `redact` of a pino logger: the headers with secrets, wherever objects with headers are logged. The gateway logs no
 * headers itself; this is for what others log with the same logger.
 */
export const secretLogPaths: readonly string[] = names.flatMap((name) =>
  ['', 'headers', '*.headers', '*.*.headers'].map((place) => `${place}["${name}"]`),
);
