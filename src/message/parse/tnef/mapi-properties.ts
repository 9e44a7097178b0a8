/** Octets of binaries and of strings in the codepage of the message; strings in Unicode; numbers. */
export type MapiValue = Buffer | string | number

const TYPE_MULTIPLE = 0x1000
const UNICODE = 0x001f
const VARIABLE = new Set([0x000d, 0x001e, UNICODE, 0x0102])
/** [MS-OXCDATA] section 2.11.1, padded to four octets. */
const SIZES = new Map([
  [0x0001, 0],
  [0x0002, 4],
  [0x0003, 4],
  [0x0004, 4],
  [0x0005, 8],
  [0x0006, 8],
  [0x0007, 8],
  [0x000a, 4],
  [0x000b, 4],
  [0x0014, 8],
  [0x0040, 8],
  [0x0048, 16],
])
const NAMED_FROM = 0x8000
const GUID_OCTETS = 16
const MAX_PROPERTIES = 10_000

/** The properties of a message or of one of its files ([MS-OXTNEF] section 2.1.3.4), as far as they can be read. */
export function mapiProperties(octets: Buffer): Map<number, MapiValue> {
  const found = new Map<number, MapiValue>()
  const reader = new Reader(octets)
  try {
    const count = Math.min(reader.number(), MAX_PROPERTIES)
    for (let index = 0; index < count; index++) readProperty(reader, found)
  } catch (error) {
    // The end came too early: what stands before it counts.
    if (!(error instanceof RangeError)) throw error
  }
  return found
}

function readProperty(reader: Reader, found: Map<number, MapiValue>): void {
  const typeAndId = reader.number()
  const type = typeAndId & 0xffff & ~TYPE_MULTIPLE
  const id = typeAndId >>> 16
  if (id >= NAMED_FROM) reader.skipName()
  const isVariable = VARIABLE.has(type)
  const size = SIZES.get(type)
  if (!isVariable && size === undefined) throw new RangeError('a type that nobody knows')
  const isMultiple = (typeAndId & TYPE_MULTIPLE) !== 0
  const count = isVariable || isMultiple ? reader.number() : 1
  for (let index = 0; index < count; index++) {
    const value = reader.octets(isVariable ? reader.number() : (size ?? 0))
    if (index === 0 && !found.has(id)) found.set(id, valueOfType(type, value))
  }
}

function valueOfType(type: number, octets: Buffer): MapiValue {
  if (type === UNICODE) return octets.toString('utf16le').replace(/\0.*$/s, '')
  return VARIABLE.has(type) || octets.length < 4 ? octets : octets.readUInt32LE(0)
}

class Reader {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  number(): number {
    return this.octets(4).readUInt32LE(0)
  }

  /** Padded to four octets. */
  octets(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#octets.length) throw new RangeError('the end came too early')
    const found = this.#octets.subarray(this.#at, end)
    this.#at = end + ((4 - (length % 4)) % 4)
    return found
  }

  skipName(): void {
    this.octets(GUID_OCTETS)
    const isString = this.number() === 1
    const lengthOrId = this.number()
    if (isString) this.octets(lengthOrId)
  }
}
