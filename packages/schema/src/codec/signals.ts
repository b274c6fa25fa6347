/**
 * What compiled code throws, to the function that called it. Only there the whole value or message is at hand, from which
 * the slow path makes an error with every place. No error objects: making one takes longer than encoding a value.
 */

/** A value that cannot be encoded. */
export const refused: unique symbol = Symbol('refused');

/** A message that no correct program writes. */
export const faulty: unique symbol = Symbol('faulty');

/** A message whose tails do not lie in the order in which they are read. That is allowed, but takes another look. */
export const unordered: unique symbol = Symbol('unordered');
