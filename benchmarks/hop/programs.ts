/** The programs in C of this folder. Each function compiles one where that is needed, and returns its path. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateHeader } from '@isthmus/schema';
import { benchmarks, compileC, library, nodeHeaders, writeGenerated } from '../harness/toolchains.ts';
import { echo } from './echo.schema.ts';

const at = (name: string): string => join(benchmarks, 'hop', name);
const clientHeader = at('clients/client.h');
const serverHeader = at('servers/server.h');
const wordHeader = at('servers/word.h');
const copyHeader = at('in-process/copy.h');
const archive = join(library, 'build/libisthmus.a');

export function lineServer(): string {
  return compileC({ name: 'line-server', sources: [at('servers/line.c')], inputs: [serverHeader, wordHeader] });
}

export function lineClient(): string {
  return compileC({ name: 'line-client', sources: [at('clients/line.c')], inputs: [clientHeader, wordHeader] });
}

export function memcpyClient(): string {
  return compileC({ name: 'memcpy', sources: [at('clients/memcpy.c')], inputs: [clientHeader] });
}

/** Answers what it reads over a socket, or over stdin and stdout. */
export function echoServer(): string {
  return compileC({ name: 'echo-server', sources: [at('servers/echo.c')], inputs: [serverHeader] });
}

/** A client of `echoServer` over a Unix socket. */
export function socketClient(): string {
  return compileC({ name: 'socket-client', sources: [at('clients/socket.c')], inputs: [clientHeader] });
}

/** The service of echo.schema.ts. */
export function isthmusServer(): string {
  return withLibrary('isthmus-server', at('servers/isthmus.c'), serverHeader);
}

/** A client of it in C. */
export function isthmusClient(): string {
  return withLibrary('isthmus-client', at('clients/isthmus.c'), clientHeader);
}

/** A function that echoes, as a shared library. */
export function copyLibrary(): string {
  const flags = ['-shared', '-fPIC'];
  return compileC({ name: 'libcopy.so', sources: [at('in-process/copy.c')], inputs: [copyHeader], flags });
}

/** The same as an addon of Node. */
export function copyAddon(): string {
  const headers = nodeHeaders();
  if (headers === undefined) throw new Error('the headers of Node.js are missing');
  const sources = [at('in-process/copy.c'), at('in-process/addon.c')];
  return compileC({ name: 'copy.node', sources, inputs: [copyHeader], flags: ['-shared', '-fPIC', `-I${headers}`] });
}

function withLibrary(name: string, source: string, header: string): string {
  if (!existsSync(archive)) throw new Error(`${archive} is missing: npm run build`);
  const generated = writeGenerated('hop/echo.h', generateHeader(echo));
  const flags = [archive, `-I${join(library, 'include')}`, `-I${dirname(generated)}`];
  return compileC({ name, sources: [source], inputs: [generated, archive, header], flags });
}
