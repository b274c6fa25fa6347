/** For whom a call is: from the options of a call to the C handler that asks. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Caller, connect } from '@isthmus/core';
import fc from 'fast-check';
import { eventually } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { metadataOf } from '../src/caller.ts';
import { failsWith, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const alice: Caller = { subject: 'alice', tenant: 'Köln 🦀', scopes: ['call:probe.*', 'docs'], method: 'jwt' };

/** What the handler should be told of it. */
function told(caller: Caller | undefined): Record<string, string | undefined> {
  const scopes = caller?.scopes?.join(' ');
  return { subject: caller?.subject, tenant: caller?.tenant, scopes, method: caller?.method };
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

interface Answer {
  readonly text: string;
  readonly pid: number;
  readonly subject: string | undefined;
  readonly tenant: string | undefined;
  readonly scopes: string | undefined;
  readonly method: string | undefined;
}

/** A call of each kind, with this caller and question: all the answers. */
async function askAll(client: ProbeClient, text: string, caller: Caller | undefined): Promise<Answer[]> {
  const options = { caller };
  await client.noteCaller({ text }, options);
  return [
    await client.caller({ text }, options),
    await client.callerLater({ text }, options),
    client.caller.sync({ text }, options),
    ...(await collect(client.callers({ text }, options))),
    await client.notedCaller(),
  ];
}

const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => !/\s|\0/.test(text));
const name = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }).filter((text) => !text.includes('\0'));
const anyCaller: fc.Arbitrary<Caller> = fc.record(
  { subject: name, tenant: name, scopes: fc.array(word, { maxLength: 5 }), method: name },
  { requiredKeys: ['subject'] },
);

for (const copyReplies of [false, true]) {
  describe(`a caller${copyReplies ? ', where replies are copied' : ''}`, () => {
    let bridge: ProbeBridge;
    before(async () => {
      bridge = await ProbeBridge.start({ copyReplies, timeoutMs: 60_000, patienceMs: 60_000 });
    });
    after(() => bridge[Symbol.asyncDispose]());

    it('reaches handlers of every kind, in every form', async () => {
      const { client } = bridge;
      for (const caller of [alice, { subject: 'bob' }, { subject: 'carol', scopes: [] }, undefined, alice]) {
        for (const answer of await askAll(client, 'who?', caller)) {
          const { text, pid: _, ...rest } = answer;
          assert.deepEqual({ ...rest, text }, { ...told(caller), text: 'who?' });
        }
      }
      const json = await client.caller.json({ text: 'who?' }, { caller: alice });
      assert.deepEqual(json, { ...told(alice), text: 'who?', pid: bridge.instance.pid });
      assert.deepEqual(JSON.parse(await client.caller.jsonText({}, { caller: alice })), { ...json, text: '' });
      const view = await client.caller.view({ text: 'who?' }, { caller: alice });
      assert.equal(view.subject, 'alice');
    });

    it('goes along with a trace, and with requests of any size', async () => {
      const { client } = bridge;
      const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
      for (const size of [0, 1, 60, 64, 65, 5000, 250_000, 300_000, 500_000]) {
        const text = 'x'.repeat(size);
        const calls = [undefined, alice, { subject: 'bob' }].map((caller) =>
          client.caller({ text }, { caller, trace, timeoutMs: 60_000 }),
        );
        const answers = await Promise.all(calls);
        assert.deepEqual(
          answers.map(({ subject }) => subject),
          [undefined, 'alice', 'bob'],
        );
        assert.ok(answers.every((answer) => answer.text === text));
        assert.equal(client.caller.sync({ text }, { caller: alice }).subject, 'alice');
      }
    });

    it('is that of its own call, also of calls that are sent together', async () => {
      const { client } = bridge;
      // Within a continuation, calls gather in the outbox.
      const answers = await client.ping().then(() =>
        Promise.all(
          Array.from({ length: 200 }, (_, index) => {
            const text = String(index);
            const caller = { subject: text, scopes: Array.from({ length: index % 40 }, () => 'scope') };
            return client.caller({ text }, index % 3 === 0 ? undefined : { caller });
          }),
        ),
      );
      for (const [index, { text, subject, scopes }] of answers.entries()) {
        assert.equal(text, String(index));
        assert.equal(subject, index % 3 === 0 ? undefined : text);
        assert.equal(scopes?.split('scope').length, index % 3 === 0 ? undefined : (index % 40) + 1);
      }
    });

    it('arrives as it was sent, whatever text it is', async () => {
      const { client } = bridge;
      await fc.assert(
        fc.asyncProperty(anyCaller, fc.string({ maxLength: 100, unit: 'binary' }), async (caller, question) => {
          const text = question.replaceAll('\0', '');
          const { pid: _, ...answer } = await client.caller({ text }, { caller });
          assert.deepEqual(answer, { ...told(caller), text });
          assert.deepEqual(told(caller).subject, client.caller.sync({ text }, { caller }).subject);
        }),
        { numRuns: 300 },
      );
    });
  });
}

describe('a caller that makes no sense', () => {
  const cases: readonly [unknown, RegExp][] = [
    [null, /caller must be an object/],
    ['alice', /caller must be an object/],
    [{}, /caller\.subject must be a text that is not empty/],
    [{ subject: '' }, /caller\.subject must be a text that is not empty/],
    [{ subject: 7 }, /caller\.subject must be a text/],
    [{ subject: 'a\0b' }, /caller\.subject must have no NUL/],
    [{ subject: '\ud800' }, /caller\.subject must have no NUL and no lone surrogate/],
    [{ subject: 'a', tenant: '' }, /caller\.tenant must be a text that is not empty/],
    [{ subject: 'a', tenant: null }, /caller\.tenant must be a text/],
    [{ subject: 'a', method: 7 }, /caller\.method must be a text/],
    [{ subject: 'a', scopes: 'call:*' }, /caller\.scopes must be an array/],
    [{ subject: 'a', scopes: ['call:*', 'two words'] }, /caller\.scopes\[1\] must have no blanks/],
    [{ subject: 'a', scopes: ['tab\tbed'] }, /caller\.scopes\[0\] must have no blanks/],
    [{ subject: 'a', scopes: [''] }, /caller\.scopes\[0\] must be a text that is not empty/],
    // biome-ignore lint/suspicious/noSparseArray: what is tested
    [{ subject: 'a', scopes: ['b', , 'c'] }, /caller\.scopes\[1\] must be a text/],
    [{ subject: 'x'.repeat(4093) }, /caller takes 4100 bytes, and may take 4096/],
    [{ subject: 'a', scopes: Array.from({ length: 2044 }, () => 'b') }, /caller takes 4100 bytes, and may take 4096/],
    [{ subject: 'ö'.repeat(2047) }, /caller takes 4100 bytes/],
  ];

  it('is refused with its place, and nothing is sent', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    for (const [wrong, detail] of cases) {
      // as: what a program without types could pass.
      const options = { caller: wrong as Caller };
      await assert.rejects(client.add({ value: 1n }, options), failsWith('INVALID_ARGUMENT', detail));
      await assert.rejects(client.note({ value: 1n }, options), failsWith('INVALID_ARGUMENT', detail));
      await assert.rejects(collect(client.callers({}, options)), failsWith('INVALID_ARGUMENT', detail));
      assert.throws(() => client.add.sync({ value: 1n }, options), failsWith('INVALID_ARGUMENT', detail));
    }
    assert.equal((await client.total()).value, 0n);
    assert.equal(client.$instances[0]?.inFlight, 0);
    // The largest that is taken.
    const subject = 'x'.repeat(4092);
    assert.equal((await client.caller({}, { caller: { subject } })).subject, subject);
  });

  it('counts for the size of a request', async () => {
    await using bridge = await ProbeBridge.start({ requestRingBytes: 16_384 });
    const { client } = bridge;
    const caller = { subject: 'x'.repeat(2000) };
    // Half of the ring, less the header, the metadata up to a multiple of 64, the question's fixed part, and its text's NUL.
    const most = 8192 - 64 - 2048 - 12 - 1;
    assert.equal((await client.caller({ text: 'y'.repeat(most) }, { caller })).text.length, most);
    assert.equal(client.caller.sync({ text: 'y'.repeat(most) }, { caller }).text.length, most);
    const text = 'y'.repeat(most + 1);
    await assert.rejects(client.caller({ text }, { caller }), failsWith('RECORD_TOO_LARGE'));
    assert.throws(() => client.caller.sync({ text }, { caller }), failsWith('RECORD_TOO_LARGE'));
    assert.equal((await client.caller({ text })).text.length, most + 1);
  });
});

describe('an object that says who calls', () => {
  it('is encoded once, and again where it has changed', () => {
    const scopes = ['a', 'b'];
    const caller = { subject: 'alice', tenant: 'acme', scopes, method: 'jwt' };
    const first = metadataOf(caller);
    assert.equal(metadataOf(caller), first);
    const changes: (() => void)[] = [
      () => Object.assign(caller, { subject: 'mallory' }),
      () => Object.assign(caller, { tenant: undefined }),
      () => Object.assign(caller, { method: 'mtls' }),
      () => scopes.push('c'),
      () => scopes.splice(0, 1, 'z'),
      () => Object.assign(caller, { scopes: undefined }),
      () => Object.assign(caller, { scopes: [] }),
    ];
    let last = first;
    for (const change of changes) {
      change();
      const next = metadataOf(caller);
      assert.notDeepEqual(next, last);
      assert.deepEqual(next, metadataOf({ ...caller }));
      assert.equal(metadataOf(caller), next);
      last = next;
    }
    Object.assign(caller, { scopes: 'call:*' });
    assert.throws(() => metadataOf(caller), failsWith('INVALID_ARGUMENT', /scopes/));
  });
});

describe('a call that goes to another instance', () => {
  it('is still for its caller', async () => {
    using folder = new TemporaryFolder();
    await using first = await startProbe(folder.join('a.sock'));
    await using second = await startProbe(folder.join('b.sock'));
    await using client = await connect(probe, { path: folder.path, timeoutMs: 60_000 });
    await eventually('both instances', () => client.$instances.length === 2);
    // Neither answers before one of them has died.
    first.kill('SIGSTOP');
    second.kill('SIGSTOP');
    const answering = client.caller({ text: 'who?' }, { caller: alice });
    const busy = client.$instances.find(({ inFlight }) => inFlight === 1);
    const [victim, other] = busy?.path === first.socket ? [first, second] : [second, first];
    victim.kill('SIGKILL');
    other.kill('SIGCONT');
    const { pid, text, ...rest } = await answering;
    assert.deepEqual({ pid, text, ...rest }, { pid: other.pid, text: 'who?', ...told(alice) });
  });
});
