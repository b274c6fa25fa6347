/** Instances whose schema is another version: the C programs are real, the calls are adapted here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, connect, type InstanceEvent } from '@isthmus/core';
import { bytes, call, list, service, struct, text, u32 } from '@isthmus/schema';
import { compileService } from '../../../test/support/compile.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { type Instance, startInstance } from '../../../test/support/instance.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { failsWith } from './support/probe-client.ts';

const fields = { name: text(10), size: u32() };
const callsOf = <Item extends ReturnType<typeof struct<typeof fields>>>(item: Item) => {
  const items = struct('Items', { items: list(item) });
  return {
    put: call({ input: item, output: item }),
    each: call({ input: item, output: item, replies: 'many' }),
    note: call({ input: item, replies: 'none' }),
    all: call({ input: items, output: items }),
    blob: call({ input: bytes(), output: bytes() }),
  };
};

const oldStore = service('store', callsOf(struct('Item', fields)));
const NewItem = struct('Item', { ...fields, tag: u32({ default: 5 }) });
const newStore = service('store', { ...callsOf(NewItem), extra: call({ output: NewItem }) });

const oldSource = `
#include <store.h>
int store_on_put(isth_call *call, const store_item *in, store_item *out) {
  (void)call;
  *out = *in;
  return 0;
}
int store_on_each(isth_call *call, const store_item *in) {
  for (uint32_t i = 0; i < 3; i++) {
    store_item item = *in;
    item.size = i;
    int status = store_emit_each(call, &item);
    if (status != 0) return status;
  }
  return 0;
}
int store_on_note(isth_call *call, const store_item *in) {
  (void)call;
  (void)in;
  return 0;
}
int store_on_all(isth_call *call, const store_items *in, store_items *out) {
  const isth_message *from = isth_call_in(call);
  isth_message *to = isth_call_out(call);
  (void)in;
  (void)out;
  isth_message_begin(to, 0);
  return isth_message_write(to, from->bytes, from->size) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}
int store_on_blob(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  return isth_message_write(out, in.data, in.length) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}
int main(int argc, char **argv) { return store_main(argc, argv); }
`;
const newSource = `${oldSource}
int store_on_extra(isth_call *call, store_item *out) {
  (void)call;
  out->size = 7;
  out->tag = 9;
  return 0;
}
`;

const startOld = (socket: string): Promise<Instance> => startInstance(compileService(oldStore, oldSource), socket);
const startNew = (socket: string): Promise<Instance> => startInstance(compileService(newStore, newSource), socket);

describe('a client of a newer version', () => {
  it('calls an instance of the older one in every form', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startOld(folder.join('a.sock'));
    const events: InstanceEvent[] = [];
    await using client = await connect(newStore, { path: instance.socket, onEvent: (event) => events.push(event) });
    const item = { name: 'x', size: 2 };
    const full = { ...item, tag: 5 };
    assert.deepEqual(await client.put(item), full);
    assert.deepEqual(await client.put(full), full);
    assert.deepEqual(client.put.sync(item), full);
    assert.deepEqual(await client.put.json(item), full);
    assert.equal(await client.put.jsonText(item), JSON.stringify(full));
    assert.equal((await client.put.view(item)).tag, 5);
    const rows = [0, 1, 2].map((size) => ({ ...full, size }));
    assert.deepEqual(await Array.fromAsync(client.each(item)), rows);
    assert.deepEqual(await Array.fromAsync(client.each.json(item)), rows);
    assert.equal(await client.note(item), undefined);
    assert.deepEqual(await client.all({ items: [item, full] }), { items: [full, full] });
    assert.equal(client.$instances[0]?.adapted, true);
    const [up] = events;
    assert.equal(up?.type, 'up');
    assert.match(up?.adapted?.join('\n') ?? '', /tag/);
  });

  it('is told what the instance lacks, and nothing is sent', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startOld(folder.join('a.sock'));
    await using client = await connect(newStore, { path: instance.socket });
    const lacking = { code: 'INVALID_INPUT', fields: [{ pointer: '/tag' }] };
    const item = { name: 'x', size: 2, tag: 6 };
    const isLacking = (error: unknown): boolean => {
      assert.ok(failsWith('INVALID_INPUT')(error));
      assert.deepEqual(
        (error as typeof lacking).fields.map(({ pointer }) => pointer),
        ['/tag'],
      );
      return true;
    };
    await assert.rejects(client.put(item), isLacking);
    assert.throws(() => client.put.sync(item), isLacking);
    await assert.rejects(client.note(item), isLacking);
    await assert.rejects(client.each(item).next(), isLacking);
    await assert.rejects(client.extra(), failsWith('UNKNOWN_METHOD', /does not have extra/));
    assert.throws(() => client.extra.sync(undefined), failsWith('UNKNOWN_METHOD'));
    assert.equal(client.$instances[0]?.inFlight, 0);
  });

  it('has no use for bytes of its own layout there, but for such as have none', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startOld(folder.join('a.sock'));
    await using client = await connect(newStore, { path: instance.socket });
    await assert.rejects(client.put.raw(new Uint8Array(24)), failsWith('SCHEMA_MISMATCH', /bytes of put/));
    await assert.rejects(client.each.raw(new Uint8Array(24)).next(), failsWith('SCHEMA_MISMATCH'));
    assert.deepEqual(await client.blob.raw(new Uint8Array([1, 2])), new Uint8Array([1, 2]));
  });
});

describe('a client of an older version', () => {
  it('calls an instance of the newer one in every form', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startNew(folder.join('a.sock'));
    await using client = await connect(oldStore, { path: instance.socket });
    const item = { name: 'x', size: 2 };
    assert.deepEqual(await client.put(item), item);
    assert.deepEqual(client.put.sync(item), item);
    assert.equal(await client.put.jsonText(item), JSON.stringify(item));
    assert.deepEqual(
      await Array.fromAsync(client.each(item)),
      [0, 1, 2].map((size) => ({ ...item, size })),
    );
    assert.deepEqual(await client.all({ items: [item, item] }), { items: [item, item] });
    await client.note(item);
  });
});

describe('a client of instances of both versions', () => {
  /** Starts one of each, and a client of the newer version. */
  async function startBoth() {
    const folder = new TemporaryFolder();
    const instances = [await startOld(folder.join('old.sock')), await startNew(folder.join('new.sock'))];
    const client: Client<typeof newStore> = await connect(newStore, { path: folder.path });
    await eventually('both', () => client.$instances.length === 2);
    return {
      client,
      old: instances[0]?.socket,
      new: instances[1]?.socket,
      stopNew: () => instances[1]?.kill('SIGTERM'),
      async [Symbol.asyncDispose]() {
        await client.$close();
        for (const instance of instances) await instance[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      },
    };
  }

  it('calls both, and of what only one has, that one', async () => {
    await using both = await startBoth();
    const { client } = both;
    const calledBy = async (make: (info: object) => Promise<unknown>): Promise<Set<unknown>> => {
      const called = new Set<unknown>();
      for (let i = 0; i < 6; i++) {
        const info: { instance?: string } = {};
        await make(info);
        called.add(info.instance);
      }
      return called;
    };
    const item = { name: 'x', size: 2 };
    const onlyNew = new Set([both.new]);
    assert.deepEqual(await calledBy((info) => client.put(item, { info })), new Set([both.old, both.new]));
    assert.deepEqual(await calledBy((info) => client.extra(undefined, { info })), onlyNew);
    assert.deepEqual(await calledBy((info) => client.put({ ...item, tag: 6 }, { info })), onlyNew);
    assert.deepEqual(await calledBy((info) => client.put.raw(new Uint8Array(20), { info })), onlyNew);
    assert.deepEqual(await calledBy((info) => client.note({ ...item, tag: 6 }, { info })), onlyNew);
    for (let i = 0; i < 4; i++) {
      assert.equal(client.extra.sync(undefined).tag, 9);
      assert.equal(client.put.sync({ ...item, tag: 6 }).tag, 6);
      assert.equal((await Array.fromAsync(client.each({ ...item, tag: 8 })))[2]?.tag, 8);
    }
    both.stopNew();
    await eventually('it to go', () => client.$instances.length === 1);
    await assert.rejects(client.extra(), failsWith('UNKNOWN_METHOD'));
    await assert.rejects(client.put({ ...item, tag: 6 }), failsWith('INVALID_INPUT'));
    assert.deepEqual(await client.put(item), { ...item, tag: 5 });
  });
});
