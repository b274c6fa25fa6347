/** A real browser, where the machine has one. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Debian's names, and Google's. */
const names = [process.env.CHROMIUM ?? '', 'chromium', 'chromium-browser', 'google-chrome'];
const executable = names.map(pathOf).find((file) => file !== undefined);

/** What a test's `skip` takes: why there is no browser, or false. */
export const withoutChromium: string | false =
  executable === undefined && 'there is no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM';

export function launchChromium(): Promise<Browser> {
  // Inside a container its own sandbox cannot be made; it shows nothing but what the test serves.
  return chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox'] });
}

/** Playwright wants a path and not a name. */
function pathOf(command: string): string | undefined {
  if (command === '' || path.isAbsolute(command)) return command === '' ? undefined : command;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, command)).find((file) => existsSync(file));
}
