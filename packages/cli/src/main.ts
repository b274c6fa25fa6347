#!/usr/bin/env node
/** Where the `isthmus` command begins: nothing is imported before the Node version is known to be able to run it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `isthmus: Node ${process.versions.node} is too old; 22.18 or newer is needed. In a project, npm installs one with: npm install --save-dev node@24\n`,
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./run.ts');
  process.exitCode = await run(process.argv.slice(2));
}
