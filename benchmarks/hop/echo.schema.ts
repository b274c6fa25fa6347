import { bytes, call, f64, service, struct } from '@isthmus/schema';

/** 64 bytes. */
const Message = struct('Message', {
  h: f64(),
  a: f64(),
  b: f64(),
  c: f64(),
  d: f64(),
  e: f64(),
  f: f64(),
  g: f64(),
});

export const echo = service('echo', {
  echo: call({ input: Message, output: Message }),
  carry: call({ input: bytes(), output: bytes() }),
  /** Takes a number of bytes, as 64 bits, and answers with so many: the number at both ends, and zeros. */
  fill: call({ input: bytes(), output: bytes() }),
});
