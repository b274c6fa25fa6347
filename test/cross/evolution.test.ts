/** Clients and instances of different versions of one schema, with real C programs of each: see docs/evolution.md. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Client, connect, type IsthmusError } from '@isthmus/core';
import type { Service } from '@isthmus/schema';
import { compileService } from '../support/compile.ts';
import { eventually } from '../support/eventually.ts';
import { type Instance, startInstance } from '../support/instance.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { stock as broken } from './evolution/broken.schema.ts';
import { stock as newer } from './evolution/newer.schema.ts';
import { stock as older } from './evolution/older.schema.ts';

const folder = new TemporaryFolder();
const opened: AsyncDisposable[] = [];

function start(schema: Service, name: string, path = folder.join(`${name}.sock`)): Promise<Instance> {
  const source = readFileSync(join(import.meta.dirname, 'evolution', `${name}.c`), 'utf8');
  return startInstance(compileService(schema, source), path);
}

let old: Instance;
let young: Instance;
before(async () => {
  [old, young] = await Promise.all([start(older, 'older'), start(newer, 'newer')]);
  opened.push(old, young);
});
after(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function all<T>(many: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of many) values.push(value);
  return values;
}

/** Tells an error by its code and what it says. */
function failure(code: string, ...parts: readonly string[]) {
  return (error: IsthmusError): boolean => {
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  };
}

describe('a client of the old version, with an instance of the new one', () => {
  let client: Client<typeof older>;
  before(async () => {
    client = await connect(older, { path: young.socket });
    opened.unshift(client);
  });
  const items = [
    { id: 1, price: 10 },
    { id: 2, price: 2.5 },
  ];
  // The instance also says `write`, which is a flag that the old version does not have.
  const receipt = { total: 12.5, kind: 'box', rights: ['read'], last: { id: 2, price: 2.5 } };

  it('is understood, and gets what its version has, in every form', async () => {
    const order = { items, kind: 'box', rights: ['read'] } as const;
    assert.deepEqual(await client.price(order), receipt);
    assert.deepEqual(client.price.sync(order), receipt);
    assert.deepEqual(await client.price.json(order), receipt);
    assert.equal(await client.price.jsonText(order), JSON.stringify(receipt));
    const view = await client.price.view(order);
    assert.deepEqual([view.total, view.kind, view.last?.price], [12.5, 'box', 2.5]);
    assert.equal(JSON.stringify(view), JSON.stringify(receipt));
  });

  it('gets a value that it does not know as its number', async () => {
    const nothing = await client.price({ items: [], kind: 'box', rights: [] });
    assert.deepEqual(nothing, { total: 0, kind: 1, rights: [], last: undefined });
    // And it may send one on.
    assert.equal((await client.price({ items, kind: 1, rights: [] })).kind, 1);
  });

  it('keeps its own bounds', async () => {
    const order = { items: [{ id: 1, price: 4000 }], kind: 'box', rights: [] } as const;
    await assert.rejects(client.price(order), failure('INVALID_INPUT', '/items/0/price', 'from 0 to 1000'));
  });

  it('gets many replies', async () => {
    assert.deepEqual(await all(client.count({ to: 3 })), [{ at: 0 }, { at: 1 }, { at: 2 }]);
  });
});

describe('a client of the new version, with an instance of the old one', () => {
  let client: Client<typeof newer>;
  before(async () => {
    client = await connect(newer, { path: old.socket });
    opened.unshift(client);
  });
  const items = [{ id: 7, price: 10 }];
  const order = { items, kind: 'box', rights: ['read'] } as const;
  const last = { id: 7, price: 10, discount: 0, label: '-' };
  const receipt = { total: 10, kind: 'box', rights: ['read'], last, note: 'none' };

  it('is understood, and gets defaults for what the instance does not have, in every form', async () => {
    assert.deepEqual(await client.price(order), receipt);
    assert.deepEqual(client.price.sync(order), receipt);
    assert.deepEqual(await client.price.json({ ...order, items: [{ id: 7, price: 10, discount: 0 }] }), receipt);
    assert.equal(await client.price.jsonText(order), JSON.stringify(receipt));
    assert.equal((await client.price.view(order)).last?.label, '-');
    assert.deepEqual(await all(client.count({ to: 2 })), [
      { at: 0, left: 0 },
      { at: 1, left: 0 },
    ]);
  });

  it('is told what the instance could not have understood, before it is sent', async () => {
    const full = { ...order, items: [...items, { id: 8, price: 1, discount: 0.5, label: 'b' }], note: 'thanks' };
    await assert.rejects(client.price(full), (error: IsthmusError) => {
      assert.equal(error.code, 'INVALID_INPUT');
      assert.deepEqual(
        error.fields.map(({ pointer }) => pointer),
        ['/items/1/discount', '/items/1/label', '/note'],
      );
      return failure('INVALID_INPUT', "a field that the instance's version of the schema does not have")(error);
    });
    await assert.rejects(
      client.price({ ...order, rights: ['write'] }),
      failure('INVALID_INPUT', '/rights', 'the flag write'),
    );
    const dear = { ...order, items: [{ id: 1, price: 4000 }] };
    await assert.rejects(client.price(dear), failure('INVALID_INPUT', '/items/0/price', "in the instance's version"));
    const many = { ...order, items: Array.from({ length: 9 }, (_, id) => ({ id, price: 1 })) };
    await assert.rejects(client.price(many), failure('INVALID_INPUT', '/items', "in the instance's version"));
    await assert.rejects(all(client.count({ to: 2, by: 2 })), failure('INVALID_INPUT', '/by'));
  });

  it('sends a value that the instance has no name for as its number', async () => {
    assert.equal((await client.price({ ...order, kind: 'bag' })).kind, 'bag');
  });

  it('is told that the instance lacks a method', async () => {
    await assert.rejects(client.cancel(), failure('UNKNOWN_METHOD', 'cancel'));
  });

  it('is refused bytes of a layout that the instance does not have', async () => {
    await assert.rejects(client.price.raw(new Uint8Array(64)), failure('SCHEMA_MISMATCH'));
  });
});

it('a client calls instances of both versions as if they were of one', async () => {
  using both = new TemporaryFolder();
  await using _old = await start(older, 'older', both.join('a.sock'));
  await using _young = await start(newer, 'newer', both.join('b.sock'));
  for (const schema of [older, newer]) {
    await using client = await connect(schema, { path: both.path });
    await eventually('both instances', () => client.$instances.length === 2);
    assert.equal(client.$instances.filter(({ adapted }) => adapted).length, 1);
    const totals = await Promise.all(
      Array.from({ length: 100 }, async (_, id) => {
        const { total } = await client.price({ items: [{ id, price: id }], kind: 'box', rights: [] });
        return total;
      }),
    );
    assert.deepEqual(
      totals,
      Array.from({ length: 100 }, (_, id) => id),
    );
  }
});

it('versions that do not fit are refused, with what does not fit', async () => {
  await using instance = await start(broken, 'broken');
  const opening = connect(newer, { path: instance.socket });
  await assert.rejects(opening, (error: IsthmusError) => {
    assert.deepEqual(error.detail.split('\n').slice(1), [
      '  method price, request field items[].price: price here, cost there',
      '  method price, reply field total: f64 here, f32 there',
      '  method price, reply field last.price: price here, cost there',
    ]);
    return failure('SCHEMA_MISMATCH', instance.socket)(error);
  });
});

it('an instance that runs is compared with a schema file', async () => {
  const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
  const isthmus = async (...args: readonly string[]) => {
    const env = { ...process.env, NO_COLOR: '1' };
    return promisify(execFile)(process.execPath, [main, 'schema', ...args], { env, cwd: import.meta.dirname });
  };
  assert.equal((await isthmus('text', old.socket)).stdout, older.text);
  assert.equal((await isthmus('diff', old.socket, 'evolution/older.schema.ts')).stdout, 'nothing has changed\n');
  await assert.rejects(isthmus('text', folder.path), (error: { stderr: string; code: number }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr, /has instances of several versions: say which, such as .*\.sock/);
    return true;
  });
  await assert.rejects(isthmus('diff', folder.join('none.sock'), old.socket), { code: 1 });
  using own = new TemporaryFolder();
  await using _one = await start(older, 'older', own.join('a.sock'));
  writeFileSync(own.join('dead.sock'), '');
  assert.equal((await isthmus('text', own.path)).stdout, older.text);
  await assert.rejects(
    isthmus('diff', old.socket, 'evolution/broken.schema.ts'),
    (error: { stdout: string; code: number }) => {
      assert.equal(error.code, 1);
      assert.match(error.stdout, /^break {2}method count: removed$/m);
      return true;
    },
  );
});
