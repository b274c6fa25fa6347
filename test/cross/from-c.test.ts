/**
 * Structs of headers that nobody here wrote: `isthmus schema from-c` makes their schema, a C program fills them with real values
 * and writes their bytes and, by name, their members, and TypeScript reads the bytes.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname, machine, release, version } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { codecOf, type Memory, type Struct } from '@isthmus/schema';
import { importStructs } from '../../packages/cli/test/fixtures/c-header.ts';
import { readBits } from '../../packages/cli/test/fixtures/read-bits.ts';
import { repository } from '../../scripts/generated.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { printFields, printSupport, textOfFields } from './from-c-fields.ts';

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());

/** The one here that is not of the system: what no installed header has. */
writeFileSync(
  folder.join('frame.h'),
  `enum kind { NARROW, WIDE = 300 };
struct __attribute__((packed, aligned(2))) part { char tag; int number; long double exact; };
struct __attribute__((scalar_storage_order("big-endian"))) frame {
  short a; unsigned long b[2][2]; float c; double d; unsigned low : 5, middle : 20; int high : 7;
  enum kind kind; enum kind kinds[2]; char name[9]; unsigned char raw[3]; _Bool yes; void *self;
  struct { signed char odd : 3; unsigned char rest : 5; }; struct part parts[2];
};
`,
);

interface RealStruct {
  readonly header: string;
  /** The tag, or a typedef. */
  readonly name: string;
  /** The name of the export. */
  readonly exported: string;
  /** How a C program declares one; default `struct name`. */
  readonly type?: string;
  readonly includes?: string;
  /** C statements that fill `value`, which is zero, and `return 1` where the system does not let them. */
  readonly fill: string;
  readonly libraries?: readonly string[];
}

/** A TCP connection of the process with itself. */
const loopback = `
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0) return 1;
  if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) return 1;
  if (connect(client, (struct sockaddr *)&address, length) != 0) return 1;
  if (send(client, "hello", 5, 0) != 5) return 1;
`;
const sockets = '#include <sys/socket.h>\n#include <netinet/in.h>\n';
const tcpInfo = `${loopback} length = sizeof value; if (getsockopt(client, IPPROTO_TCP, TCP_INFO, &value, &length) != 0) return 1;`;

const structs: readonly RealStruct[] = [
  { header: 'sys/stat.h', name: 'stat', exported: 'Stat', fill: 'if (stat(arguments[1], &value) != 0) return 1;' },
  { header: 'linux/tcp.h', name: 'tcp_info', exported: 'TcpInfo', includes: sockets, fill: tcpInfo },
  { header: 'netinet/tcp.h', name: 'tcp_info', exported: 'TcpInfo', includes: sockets, fill: tcpInfo },
  {
    header: 'sys/resource.h',
    name: 'rusage',
    exported: 'Rusage',
    fill: 'if (getrusage(RUSAGE_SELF, &value) != 0) return 1;',
  },
  { header: 'sys/utsname.h', name: 'utsname', exported: 'Utsname', fill: 'if (uname(&value) != 0) return 1;' },
  {
    header: 'termios.h',
    name: 'termios',
    exported: 'Termios',
    includes: '#include <fcntl.h>\n#include <stdlib.h>\n',
    fill: 'int terminal = posix_openpt(O_RDWR | O_NOCTTY); if (terminal < 0 || tcgetattr(terminal, &value) != 0) return 1;',
  },
  {
    header: 'netinet/in.h',
    name: 'sockaddr_in',
    exported: 'SockaddrIn',
    includes: sockets,
    fill: `${loopback} value = address;`,
  },
  {
    header: 'sys/epoll.h',
    name: 'epoll_event',
    exported: 'EpollEvent',
    includes: `${sockets}#include <arpa/inet.h>\n`,
    fill: `${loopback}
      struct epoll_event wanted = {.events = EPOLLOUT | EPOLLIN, .data = {.u64 = 0x1122334455667788}};
      int poller = epoll_create1(0);
      if (epoll_ctl(poller, EPOLL_CTL_ADD, client, &wanted) != 0 || epoll_wait(poller, &value, 1, 5000) != 1) return 1;`,
  },
  {
    header: 'linux/perf_event.h',
    name: 'perf_event_attr',
    exported: 'PerfEventAttr',
    // Nobody fills this one in but its user.
    fill: `value.type = PERF_TYPE_SOFTWARE; value.size = sizeof value; value.config = PERF_COUNT_SW_PAGE_FAULTS; value.sample_freq = 4000;
      value.disabled = 1; value.precise_ip = 2; value.freq = 1; value.exclude_hv = 1; value.wakeup_watermark = 77;`,
  },
  {
    header: 'signal.h',
    name: 'siginfo_t',
    exported: 'SiginfoT',
    type: 'siginfo_t',
    includes: '#include <unistd.h>\n',
    fill: `sigset_t set; sigemptyset(&set); sigaddset(&set, SIGUSR1); sigprocmask(SIG_BLOCK, &set, NULL);
      kill(getpid(), SIGUSR1);
      if (sigwaitinfo(&set, &value) != SIGUSR1) return 1;`,
  },
  {
    header: 'zlib.h',
    name: 'z_stream',
    exported: 'ZStream',
    type: 'z_stream',
    fill: `unsigned char from[1000] = "hello", to[1000];
      if (deflateInit(&value, 9) != Z_OK) return 1;
      value.next_in = from; value.avail_in = sizeof from; value.next_out = to; value.avail_out = sizeof to;
      if (deflate(&value, Z_FINISH) != Z_STREAM_END) return 1;`,
    libraries: ['-lz'],
  },
  {
    header: 'png.h',
    name: 'png_image',
    exported: 'PngImage',
    type: 'png_image',
    fill: 'value.version = PNG_IMAGE_VERSION; png_image_begin_read_from_memory(&value, "no image", 8);',
    libraries: ['-lpng'],
  },
];

const frame: RealStruct = {
  header: 'frame.h',
  name: 'frame',
  exported: 'Frame',
  fill: `value.a = -2; value.b[0][1] = 0x0102030405060708; value.b[1][0] = ~0ul; value.c = 1.5f; value.d = -1.0 / 1024; value.low = 21;
    value.middle = 0xabcde; value.high = -33; value.kind = WIDE; value.kinds[1] = WIDE; memcpy(value.name, "gr\u00fc\u00df", 7);
    value.raw[2] = 9; value.yes = 1; value.self = &value; value.odd = -3; value.rest = 17; value.parts[1].tag = 'x';
    value.parts[1].number = -123456789; value.parts[1].exact = 1.0L / 3;`,
};

interface Filled {
  readonly struct: Struct;
  /** What TypeScript decodes. */
  readonly value: unknown;
}

/** Makes the schema, fills the struct in C, and holds each of C's members against TypeScript's. `undefined`: the system refused. */
async function roundTrip(real: RealStruct, file: string): Promise<Filled | undefined> {
  const { header, name, exported, type = `struct ${name}`, includes = '', fill, libraries = [] } = real;
  const command = [
    join(repository, 'packages/cli/src/main.ts'),
    'schema',
    'from-c',
    header,
    '--struct',
    name,
    '--define',
    '_GNU_SOURCE',
  ];
  const source = execFileSync(process.execPath, command, { cwd: folder.path, encoding: 'utf8', timeout: 60_000 });
  const struct = (await importStructs(source, folder.path)).get(exported);
  assert.ok(struct !== undefined, source);

  const program = `#define _GNU_SOURCE
${includes}#include <${header}>
${printSupport}
int main(int count, char **arguments)
{
  static ${type} value;
  if (count != 3) return 2;
  ${fill}
  ${printFields(struct, 'value')}
  FILE *bytes = fopen(arguments[2], "wb");
  return bytes != NULL && fwrite(&value, sizeof value, 1, bytes) == 1 && fclose(bytes) == 0 ? 0 : 3;
}
`;
  const [path, output] = [folder.join('fill'), folder.join('value')];
  writeFileSync(`${path}.c`, program);
  execFileSync('cc', ['-w', '-I', folder.path, '-o', path, `${path}.c`, ...libraries], {
    stdio: 'pipe',
    timeout: 60_000,
  });
  const { status, stdout } = spawnSync(path, [file, output], { encoding: 'utf8', timeout: 60_000 });
  if (status === 1) return undefined;
  assert.equal(status, 0);

  const bytes = readFileSync(output);
  const codec = codecOf(struct);
  assert.equal(bytes.length, codec.size);
  const value = codec.decode(memoryOf(bytes), 0, bytes.length);
  const back = Buffer.alloc(codec.size, 0xaa);
  assert.equal(codec.encode(value, memoryOf(back), 0), codec.size);
  // Not the bytes: what the system leaves in padding is lost.
  assert.deepEqual(codec.decode(memoryOf(back), 0, back.length), value);
  const bits = readBits(struct, bytes).map((field) => `${field.name}=${field.value}`);
  const printed = stdout.trimEnd().split('\n');
  // Bit-fields are printed as `storage.name`, and have no counterpart among the decoded fields.
  const isBit = (line: string) => /Bits\.\w+=/.test(line);
  assert.deepEqual(
    textOfFields(struct, value),
    printed.filter((line) => !isBit(line)),
  );
  assert.deepEqual(
    bits,
    printed.filter(isBit).map((line) => line.slice(line.indexOf('.') + 1)),
  );
  assert.ok(printed.length > 1);
  return { struct, value };
}

function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

function lacks({ header, libraries = [] }: RealStruct): string | false {
  const source = `#include <stdio.h>\n#include <${header}>\nint main(void) { return 0; }\n`;
  const args = ['-w', '-x', 'c', '-', '-o', folder.join('probe'), ...libraries];
  const { status } = spawnSync('cc', args, { input: source, stdio: ['pipe', 'ignore', 'ignore'], timeout: 60_000 });
  return status === 0 ? false : `this machine has no ${header}`;
}

describe('structs of installed headers, filled by C and read by TypeScript', () => {
  for (const real of structs) {
    it(`${real.name} of ${real.header}`, { skip: lacks(real) }, async (t) => {
      const file = folder.join('a file');
      writeFileSync(file, 'content');
      const filled = await roundTrip(real, file);
      if (filled === undefined) return t.skip('this system does not let the test fill it');
      if (real.name === 'stat') assert.deepEqual(filled.value, { ...asObject(filled.value), ...statOf(file) });
      if (real.name === 'utsname') assert.deepEqual(filled.value, { ...asObject(filled.value), ...utsname() });
    });
  }
});

describe('big-endian and packed structs', () => {
  it('are read as C has written them', async () => {
    const { value } = (await roundTrip(frame, '')) ?? assert.fail();
    const { a, name, kind } = { a: undefined, name: undefined, kind: undefined, ...asObject(value) };
    assert.deepEqual([a, name, kind], [-2, 'grüß', 300]);
  });
});

function asObject(value: unknown): object {
  assert.ok(typeof value === 'object' && value !== null);
  return value;
}

/** What Node says of the same file. */
function statOf(file: string) {
  const { dev, ino, nlink, mode, uid, gid, size, blocks, mtimeNs } = statSync(file, { bigint: true });
  return {
    stDev: dev,
    stIno: ino,
    stNlink: nlink,
    stMode: Number(mode),
    stUid: Number(uid),
    stGid: Number(gid),
    stSize: size,
    stBlocks: blocks,
    stMtim: { tvSec: mtimeNs / 1_000_000_000n, tvNsec: mtimeNs % 1_000_000_000n },
  };
}

/** What Node says of the same system. */
function utsname() {
  return { sysname: 'Linux', nodename: hostname(), release: release(), version: version(), machine: machine() };
}
