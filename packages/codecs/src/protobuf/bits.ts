/** 64-bit integers as protobufjs has them: two halves. It knows no bigint. */
export interface Bits {
  /** Bits 0 to 31, and 32 to 63, of the two's complement. */
  readonly low: number;
  readonly high: number;
}

const view = new DataView(new ArrayBuffer(8));

/** The low 64 bits of an integer. */
export function bitsOf(value: bigint): Bits {
  view.setBigInt64(0, value);
  return { high: view.getInt32(0), low: view.getInt32(4) };
}

export function signedOf({ low, high }: Bits): bigint {
  view.setInt32(0, high);
  view.setInt32(4, low);
  return view.getBigInt64(0);
}

export function unsignedOf(bits: Bits): bigint {
  return BigInt.asUintN(64, signedOf(bits));
}
