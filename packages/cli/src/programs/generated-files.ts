import { dirname, join } from 'node:path';
import { protoOf } from '@isthmus/codecs';
import { generateHeader, type Service } from '@isthmus/schema';

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** A service's header, at this path, and beside it what other programs need to speak protobuf with it, if it does. */
export function generatedFiles(service: Service, header: string): readonly GeneratedFile[] {
  const files = [{ path: header, text: generateHeader(service) }];
  if (service.methods.some(({ codec }) => codec === 'protobuf')) {
    files.push({ path: join(dirname(header), `${service.name}.proto`), text: protoOf(service) });
  }
  return files;
}
