import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isScope, permission, Scopes } from '../../src/auth/scopes.ts';

test('what is a scope', () => {
  const good = [
    '*',
    'docs',
    'call:*',
    'call:pricing.*',
    'call:pricing.quote',
    'read:*',
    'read:feed.*',
    'read:feed.market',
  ];
  for (const scope of [...good, 'read:boiler', 'write:boiler-1', 'write:feed.limits']) assert.ok(isScope(scope), scope);
  const bad = [
    '',
    'call',
    'call:',
    'call:pricing',
    'call:pricing.',
    'call:.quote',
    'call:*.quote',
    'openid',
    'docs:*',
    '**',
  ];
  for (const scope of [...bad, 'read:a.b.c', 'write:a b', 'call:a.b\n', 'admin:*', 'Call:*', '*.*']) {
    assert.ok(!isScope(scope), scope);
  }
});

const names = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/);

/** As the documentation says it, in other words than the code. */
function covers(scope: string, wanted: string): boolean {
  if (scope === '*' || scope === wanted) return true;
  return scope.endsWith('*') && !wanted.startsWith('docs') && wanted.startsWith(scope.slice(0, -1)) && wanted !== scope;
}

test('a caller may do what one of its scopes covers, and nothing else', () => {
  const place = fc.oneof(
    names,
    fc.tuple(names, names).map(([a, b]) => `${a}.${b}`),
  );
  const wanted = fc.oneof(
    fc.constant('docs'),
    fc.tuple(names, names).map(([a, b]) => `call:${a}.${b}`),
    fc.tuple(fc.constantFrom('read', 'write'), place).map(([kind, name]) => `${kind}:${name}`),
  );
  // Scopes near the permission: exact, wider by a step or two, of its neighbours.
  const near = (name: string) => {
    const [kind = '', rest = ''] = name.split(':');
    const [first = ''] = rest.split('.');
    const more = [
      name,
      `${kind}:*`,
      `${kind}:${first}.*`,
      `${kind}:${first}x.*`,
      `${kind}:${rest}x`,
      'read:*',
      'call:*',
      '*',
      'docs',
    ];
    return more.filter(isScope);
  };
  fc.assert(
    fc.property(
      wanted.chain((name) => fc.tuple(fc.constant(name), fc.subarray(near(name)))),
      ([name, scopes]) => {
        const expected = scopes.some((scope) => covers(scope, name));
        assert.equal(new Scopes(scopes).allow(permission(name)), expected, `${scopes} for ${name}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('without scopes nothing is allowed', () => {
  const none = new Scopes([]);
  assert.ok(none.isEmpty);
  for (const name of ['docs', 'call:a.b', 'read:x']) assert.ok(!none.allow(permission(name)));
});
