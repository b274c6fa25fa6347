import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { circleOf } from '../../src/supervisor/order.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];

test('finds a circle where no order puts each service behind those before it, and nowhere else', () => {
  const services = fc.array(fc.subarray(names), { minLength: names.length, maxLength: names.length });
  fc.assert(
    fc.property(services, (afters) => {
      const given = names.map((name, index) => ({ name, after: afters[index] ?? [] }));
      const circle = circleOf(given);
      // Taking away whoever waits for nobody that is left, until nothing changes, is an order if there is one.
      let left = given;
      for (const _ of names) left = left.filter(({ after }) => left.some(({ name }) => after.includes(name)));
      assert.equal(circle === undefined, left.length === 0);
      for (const [at, name] of (circle ?? []).slice(0, -1).entries()) {
        assert.ok(given.find((service) => service.name === name)?.after.includes(circle?.[at + 1] ?? ''));
      }
      if (circle !== undefined) assert.equal(circle[0], circle.at(-1));
    }),
  );
});

test('services that are not there make no circle', () => {
  assert.equal(circleOf([{ name: 'a', after: ['b'] }]), undefined);
  assert.deepEqual(circleOf([{ name: 'a', after: ['a'] }]), ['a', 'a']);
});
