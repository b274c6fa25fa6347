/**
 * Makes the C side's version from the one in package.json.
 *
 *   node scripts/gen-version.ts [--check]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratedFile, repository, syncFiles } from './generated.ts';

/** The file made from the version, with its path relative to the repository. */
export function versionFiles(): GeneratedFile[] {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [
    {
      path: 'c/include/isthmus/version.h',
      text: `/* Generated from package.json by \`npm run gen\`, do not edit. */
/* version.h: the version of this library. Two sides need not have the same one, only the same ISTH_PROTOCOL_VERSION. */
#ifndef ISTHMUS_VERSION_H
#define ISTHMUS_VERSION_H

#define ISTH_VERSION "${version}"
#define ISTH_VERSION_MAJOR ${major}
#define ISTH_VERSION_MINOR ${minor}
#define ISTH_VERSION_PATCH ${patch}

#endif
`,
    },
  ];
}

if (import.meta.main) syncFiles(versionFiles());
