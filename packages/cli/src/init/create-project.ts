/** Fills the project template in. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { UsageError } from '../exit-codes.ts';
import { packageFolder } from '../package-info.ts';
import { projectPackage } from './project-package.ts';

const templateFolder = join(packageFolder, 'templates/project');

/** The name in the forms that the template needs. */
interface Names {
  /** As given: `water-tank`. */
  readonly name: string;
  /** Of the service, and of the constant that holds it: `waterTank`. */
  readonly service: string;
  /** Of everything in C: `water_tank`. */
  readonly prefix: string;
}

/**
 * Makes the folder `path` and a project in it, named as the folder is. Returns the files, relative to it.
 *
 * @throws UsageError when the name cannot be used or the folder is not empty.
 */
export async function createProject(path: string): Promise<readonly string[]> {
  const folder = resolve(path);
  const names = namesOf(basename(folder));
  await requireEmpty(folder);
  const files = [{ path: 'package.json', text: projectPackage(names.name) }, ...(await fillTemplate(names))];
  for (const file of files) {
    const target = join(folder, file.path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.text);
  }
  return files.map((file) => file.path).sort();
}

function namesOf(name: string): Names {
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name)) {
    throw new UsageError(
      `${name} cannot be the name: it takes small letters, digits and hyphens, a letter after each hyphen`,
    );
  }
  const service = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  try {
    new Script(`'use strict'; const ${service} = 0;`);
  } catch {
    throw new UsageError(`${name} cannot be the name: it is a word of JavaScript itself`);
  }
  return { name, service, prefix: name.replaceAll('-', '_') };
}

async function requireEmpty(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (found.length > 0) throw new UsageError(`${folder} is not empty`);
}

async function fillTemplate(names: Names): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(templateFolder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(templateFolder.length + 1));
  return Promise.all(
    paths.map(async (path) => ({
      // npm leaves files named .gitignore out of packages, so the template's has no dot.
      path: fill(path === 'gitignore' ? '.gitignore' : path, names),
      text: fill(await readFile(join(templateFolder, path), 'utf8'), names),
    })),
  );
}

function fill(text: string, { name, service, prefix }: Names): string {
  return text
    .replaceAll('__name__', name)
    .replaceAll('__service__', service)
    .replaceAll('__prefix__', prefix)
    .replaceAll('__PREFIX__', prefix.toUpperCase());
}
