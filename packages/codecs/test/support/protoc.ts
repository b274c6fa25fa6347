/** The real protobuf compiler, which knows of messages only what the `.proto` file says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protoOf } from '@isthmus/codecs';
import { type Service, snakeCase } from '@isthmus/schema';

/** Why the tests with it cannot run here; `false` where they can. */
export const protocMissing = isThere() ? false : 'protoc is not installed (Debian: apt-get install protobuf-compiler)';

function isThere(): boolean {
  try {
    execFileSync('protoc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A service's `.proto` file in a folder of its own, and what protoc makes of it. */
export class Protoc implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'isthmus-protoc-'));
  readonly #file: string;
  readonly #package: string;
  /** The file as a FileDescriptorSet, which has the name of each field in JSON. */
  readonly descriptor: Buffer;

  /** @throws Error with what protoc says of the file, warnings included. */
  constructor(service: Service) {
    this.#file = `${service.name}.proto`;
    this.#package = snakeCase(service.name);
    writeFileSync(join(this.#folder, this.#file), protoOf(service));
    this.#run(['--descriptor_set_out=made', '--fatal_warnings'], new Uint8Array());
    this.descriptor = readFileSync(join(this.#folder, 'made'));
  }

  /** A message in protobuf's text format. What the file does not know would be there with its number in place of a name. */
  decode(message: string, bytes: Uint8Array): string {
    return this.#run([`--decode=${this.#package}.${message}`], bytes).toString();
  }

  /** The bytes of a message in protobuf's text format. */
  encode(message: string, text: string): Uint8Array {
    return new Uint8Array(
      this.#run([`--encode=${this.#package}.${message}`, '--deterministic_output'], Buffer.from(text)),
    );
  }

  #run(args: readonly string[], input: Uint8Array): Buffer {
    return execFileSync('protoc', ['--proto_path=.', ...args, this.#file], {
      cwd: this.#folder,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 60_000,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
