/** The schema language of Isthmus, and all that is made from a schema. */

export { comment } from './c/comment.ts';
export { generateHeader } from './c/header.ts';
export { type Codec, codecOf, emptyCodec, type Memory, rawCodec } from './codec/codec.ts';
export { rangeOf } from './codec/expectation.ts';
export { timestampOf } from './codec/time.ts';
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
export { type Adaptation, adaptService, type PeerMethod, type PeerRegion } from './evolution/adapt.ts';
export type { Change } from './evolution/change.ts';
export { compareSchemas } from './evolution/compare.ts';
export { diffSchemas } from './evolution/diff.ts';
export type { Rule, RuleName } from './evolution/rules.ts';
export { type JsonSchema, jsonSchemaOf } from './json/schema.ts';
export { snakeCase } from './language/c-words.ts';
export { type Call, type CallOptions, type CodecName, call, type Payload, type Replies } from './language/call.ts';
export { collectTypes, type NamedTypes } from './language/collect.ts';
export { type DecimalOptions, decimal, decimalText, decimalUnits } from './language/decimal.ts';
export { enumeration, flags } from './language/enumeration.ts';
export { field } from './language/field.ts';
export type { Infer, InferInput } from './language/infer.ts';
export { alignOf } from './language/layout.ts';
export { fieldNameProblems } from './language/names.ts';
export { type RegionOptions, type RegionType, region, type TableOptions, type Writers } from './language/region.ts';
export { type RegionLayout, regionLayoutOf } from './language/region-layout.ts';
export {
  type BigintOptions,
  bool,
  duration,
  type EndianOptions,
  type FieldOptions,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type NumberOptions,
  type RangeOptions,
  type TimeOptions,
  timestamp,
  type UnitOptions,
  u8,
  u16,
  u32,
  u64,
} from './language/scalars.ts';
export { array, bytes, list, optional, type TailOptions, text } from './language/sequences.ts';
export {
  type Calls,
  type InputOf,
  isService,
  type Members,
  type Method,
  type MethodsOf,
  type OutputOf,
  type RegionsOf,
  type Service,
  type ServiceOptions,
  service,
} from './language/service.ts';
export type { KeyOf, RowInputOf, RowOf, ServiceRegion } from './language/service-region.ts';
export { type StructOptions, struct } from './language/struct.ts';
export type {
  ArrayType,
  BigintType,
  BoolType,
  BytesTail,
  BytesType,
  DecimalType,
  Enumeration,
  Fields,
  FlagBits,
  Flags,
  FloatType,
  IntegerType,
  Layout,
  List,
  Optional,
  PlacedField,
  Presence,
  Scalar,
  Struct,
  Tail,
  TextTail,
  TextType,
  TimeType,
  Type,
  Union,
  UnionLayout,
  ValueType,
  Variants,
} from './language/types.ts';
export { limits, MAX_DEPTH, MAX_MESSAGE_BYTES } from './language/types.ts';
export { union } from './language/union.ts';
export type { RegionShape } from './text/canonical.ts';
export { type ParseResult, parseSchema, type SchemaShape } from './text/parse.ts';
