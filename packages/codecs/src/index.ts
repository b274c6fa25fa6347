/** How the payloads of Isthmus are written besides as structs in memory: protobuf, MessagePack, JSON. */

export { duplicateFields, hasDuplicateNames } from './json/duplicate-names.ts';
export { payloadCodec } from './payload-codec.ts';
export { pointerStep } from './pointer.ts';
export { protoOf } from './protobuf/text.ts';
export { refusingReply } from './refusing-reply.ts';
