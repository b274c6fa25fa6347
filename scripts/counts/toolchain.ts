/** What decides instruction counts beside the sources: two machines with the same name here count the same. */
import { run } from '../base-tree.ts';
import { repository } from '../generated.ts';

/** The compiler that counts are made with. */
export const compiler = 'gcc';

/** Like `gcc 12.2.0, glibc 2.36, x86_64`. */
export function nameToolchain(): string {
  const ask = (command: string, ...args: readonly string[]): string => run(command, args, repository).trim();
  return [
    `${compiler} ${ask(compiler, '-dumpfullversion')}`,
    ask('getconf', 'GNU_LIBC_VERSION'),
    ask('uname', '-m'),
  ].join(', ');
}
