import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bannerOf, readBanner } from '../../src/from-c/banner.ts';

const texts = fc.array(
  fc.string({
    unit: fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom('\n', '\r', '\u2028', '\u2029'),
    ),
  }),
);

test('a request comes back from the banner, whatever is in it, and stays on its line', () => {
  fc.assert(
    fc.property(fc.string(), texts, texts, texts, (header, others, include, define) => {
      const structs = ['stat', ...others];
      const request = { header, structs, include, define };
      const banner = bannerOf(request);
      assert.deepEqual(readBanner(`${banner}import nothing;\n`, 'a.ts'), request);
      assert.match(banner, /^(\/\/ .*\n){2}$/);
    }),
  );
});

test('what from-c did not write is refused', () => {
  const line = (json: string) => `// isthmus schema from-c: ${json}\n`;
  for (const [text, detail] of [
    ['', /a\.ts has no line that begins with "\/\/ isthmus schema from-c:"/],
    [line('{'), /is no JSON/],
    [line('null'), /has no object/],
    [line('[]'), /does not say from which header/],
    [line('{"header":1,"structs":["a"]}'), /does not say from which header/],
    [line('{"header":"a.h","structs":"a"}'), /does not say from which header/],
    [line('{"header":"a.h","structs":["a"],"include":[1]}'), /does not say from which header/],
    [line('{"header":"a.h","structs":[]}'), /does not say from which header/],
    [
      line('{"header":"a.h","structs":["a"],"compiler":"rm"}'),
      /was made with compiler, which this version does not know/,
    ],
  ] as const) {
    assert.throws(() => readBanner(text, 'a.ts'), { code: 'INVALID_ARGUMENT', detail });
  }
});
