import type { Service } from '../language/service.ts';
import type { ServiceRegion } from '../language/service-region.ts';
import type { PlacedField, ValueType } from '../language/types.ts';
import { isChecked } from './check-code.ts';
import { comment } from './comment.ts';
import { declaration, isBigEndian, loadSuffix } from './ctypes.ts';
import { indent, withArguments } from './format.ts';
import { checkName, memberName, type RegionNames, regionFieldName, regionNames, typeNameOf } from './names.ts';
import { writtenFields } from './region-fields.ts';

/** What service and client programs call to read and write regions. */
export function regionFunctions(service: Service): string[] {
  return service.regionList.flatMap((region) => [...new Functions(service.name, region).all(), '']);
}

const stamp = 'isth_stamp *stamp';
/** What a write depends on, and what it gives. */
const writing = ['uint64_t expected', stamp];

/** Writes the functions of one region. */
class Functions {
  readonly #service: string;
  readonly #region: ServiceRegion;
  readonly #names: RegionNames;
  /** The C type of a row. */
  readonly #row: string;

  constructor(service: string, region: ServiceRegion) {
    this.#service = service;
    this.#region = region;
    this.#names = regionNames(service, region.name);
    this.#row = typeNameOf(service, region.struct.name);
  }

  all(): string[] {
    const { struct, key, description } = this.#region;
    const fields = writtenFields(struct, key);
    return [
      ...comment([description, this.#summary()]),
      ...this.#getting(),
      ...(key === undefined ? this.#reading(this.#names.read, []) : this.#table(key)),
      ...this.#writing(),
      ...fields.flatMap((field) => this.#fieldWriting(field)),
    ];
  }

  #summary(): string {
    const { key, rows, writers } = this.#region;
    const what = key === undefined ? `One ${this.#row}` : `Up to ${rows} ${this.#row}, found by their ${key.name}`;
    return `${what}. ${writers === 'one' ? 'Only the service writes it.' : 'Clients write it, too.'}`;
  }

  #getting(): string[] {
    const { number, ofService, ofClient } = this.#names;
    return [
      ...define(
        `isth_region *${ofService}`,
        ['isth_service *service'],
        [`return isth_service_region(service, ${number});`],
      ),
      ...define(
        `int ${ofClient}`,
        ['isth_client *client', 'isth_region **region'],
        [`return isth_client_region(client, ${number}, region);`],
      ),
    ];
  }

  #table(key: PlacedField): string[] {
    const { find, read, readRow } = this.#names;
    return [
      ...define(
        `int ${find}`,
        ['const isth_region *region', this.#keyParameter(key), 'uint32_t *row'],
        [
          ...keyBytes(key.type),
          requireSize(this.#row),
          `return isth_region_find(region, ${keyArgument(key.type)}, row);`,
        ],
      ),
      ...this.#reading(readRow, ['uint32_t row']),
      ...define(
        `int ${read}`,
        ['const isth_region *region', this.#keyParameter(key), `${this.#row} *out`, stamp],
        [...this.#finding(), `return status != 0 ? status : ${readRow}(region, row, out, stamp);`],
      ),
    ];
  }

  #keyParameter({ type }: PlacedField): string {
    if (type.kind === 'text') return 'const char *key';
    return type.kind === 'bytes' ? `const uint8_t key[${type.length}]` : declaration(this.#service, type, 'key');
  }

  /** Sets `row` and `status`. */
  #finding(): string[] {
    return ['uint32_t row = 0;', `int status = ${this.#names.find}(region, key, &row);`];
  }

  #reading(name: string, row: readonly string[]): string[] {
    const parameters = ['const isth_region *region', ...row, `${this.#row} *out`, stamp];
    const read = `isth_region_read(region, ${row.length === 0 ? '0' : 'row'}, out, stamp)`;
    const { struct } = this.#region;
    if (!isChecked(struct, 'reply')) return define(`int ${name}`, parameters, [requireSize('*out'), `return ${read};`]);
    const check = `${checkName(this.#service, struct.name)}(&check, (const unsigned char *)out)`;
    return define(`int ${name}`, parameters, [
      'isth_check check;',
      'int status;',
      requireSize('*out'),
      `status = ${read};`,
      'if (status != 0) return status;',
      'isth_check_begin(&check, ISTH_CHECK_REPLY);',
      `return ${check} ? 0 : isth_check_report(&check, NULL);`,
    ]);
  }

  #writing(): string[] {
    return define(
      `int ${this.#names.write}`,
      ['isth_region *region', `const ${this.#row} *in`, ...writing],
      [
        requireSize('*in'),
        this.#region.key === undefined
          ? 'return isth_region_write(region, 0, in, expected, stamp);'
          : 'return isth_region_put(region, in, expected, NULL, stamp);',
      ],
    );
  }

  #fieldWriting({ name, type }: PlacedField): string[] {
    const { key } = this.#region;
    const given = [...(key === undefined ? [] : [this.#keyParameter(key)]), declaration(this.#service, type, 'value')];
    const place = `offsetof(${this.#row}, ${memberName(name)})`;
    const isSwapped = isBigEndian(type);
    const [data, size] = isSwapped ? ['bytes', 'sizeof(bytes)'] : ['&value', 'sizeof(value)'];
    const row = key === undefined ? '0' : 'row';
    return define(
      `int ${regionFieldName(this.#service, this.#region.name, name)}`,
      ['isth_region *region', ...given, ...writing],
      [
        ...(isSwapped ? [`unsigned char bytes[sizeof(value)];`] : []),
        ...(key === undefined ? [] : [...this.#finding(), 'if (status != 0) return status;']),
        ...(isSwapped ? [`isth_store_${loadSuffix(type)}(bytes, value);`] : []),
        ...withArguments(
          'return isth_region_write_part',
          ['region', row, place, data, size, 'expected', 'stamp'],
          ';',
          2,
        ),
      ],
    );
  }
}

function define(head: string, parameters: readonly string[], body: readonly string[]): string[] {
  return [...withArguments(`static inline ${head}`, parameters, ' {'), ...indent(body), '}'];
}

/** Another region's values, copied by mistake, would reach beyond this one's. */
function requireSize(value: string): string {
  return `if (isth_region_bytes(region) != sizeof(${value})) return ISTH_E_INVALID_ARGUMENT;`;
}

/** Makes the key as it is in the struct, where a parameter is not yet so. */
function keyBytes(type: ValueType): string[] {
  if (type.kind === 'text') {
    return [
      `char bytes[${type.capacity} + 1] = {0};`,
      'size_t length = strlen(key);',
      'if (length >= sizeof(bytes)) return ISTH_E_UNKNOWN_ROW;',
      'memcpy(bytes, key, length);',
    ];
  }
  return isBigEndian(type) ? ['unsigned char bytes[sizeof(key)];', `isth_store_${loadSuffix(type)}(bytes, key);`] : [];
}

function keyArgument(type: ValueType): string {
  if (type.kind === 'bytes') return 'key';
  return type.kind === 'text' || isBigEndian(type) ? 'bytes' : '&key';
}
