/** What the two sides agree on. The C header, the TypeScript types and the HTTP routes are all made from this file. */
import { call, f64, service, struct } from '@isthmus/schema';

const DivideRequest = struct('DivideRequest', {
  dividend: f64({ description: 'what is divided' }),
  divisor: f64({ description: 'by what it is divided; not 0' }),
});

const DivideReply = struct('DivideReply', {
  quotient: f64(),
});

export const __service__ = service(
  '__service__',
  {
    divide: call({
      input: DivideRequest,
      output: DivideReply,
      idempotent: true,
      description: 'Divides one number by another.',
    }),
  },
  { errors: ['divisionByZero'] },
);
