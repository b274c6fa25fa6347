/** The schema language of Isthmus, and all that is made from a schema. */

export { generateHeader } from './c/header.ts';
export { type Codec, codecOf, emptyCodec, type Memory } from './codec/codec.ts';
export {
  type ErrorCode,
  type ErrorEntry,
  errorCodeOf,
  errors,
  type InvalidField,
  IsthmusError,
  type IsthmusErrorOptions,
  type Retryable,
} from './errors.ts';
export { type JsonSchema, jsonSchemaOf } from './json/schema.ts';
export { type Call, type CallOptions, call } from './language/call.ts';
export { enumeration } from './language/enumeration.ts';
export { field } from './language/field.ts';
export type { Infer, InferInput } from './language/infer.ts';
export {
  bool,
  type FieldOptions,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type RangeOptions,
  text,
  u8,
  u16,
  u32,
  u64,
} from './language/scalars.ts';
export {
  type Calls,
  type InputOf,
  isService,
  type Method,
  type MethodsOf,
  type OutputOf,
  type Service,
  type ServiceOptions,
  service,
} from './language/service.ts';
export { struct } from './language/struct.ts';
export type {
  BigintType,
  BoolType,
  Enumeration,
  Fields,
  FloatType,
  IntegerType,
  Layout,
  PlacedField,
  Scalar,
  Struct,
  TextType,
  Type,
} from './language/types.ts';
export { diffSchemas } from './text/diff.ts';
