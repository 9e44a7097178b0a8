/** Builds winmail.dat as [MS-OXTNEF] says. */
export const tnef = (...attributes: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('789f3e220100', 'hex'), ...attributes])

export function attribute(level: 1 | 2, id: number, data: Buffer | string): Buffer {
  const octets = Buffer.from(data)
  const head = Buffer.alloc(9)
  head.writeUInt8(level, 0)
  head.writeUInt16LE(id, 1)
  head.writeUInt32LE(octets.length, 5)
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(octets.reduce((sum, octet) => (sum + octet) & 0xffff, 0))
  return Buffer.concat([head, octets, checksum])
}

const number = (value: number): Buffer => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32LE(value >>> 0)
  return octets
}

const padded = (octets: Buffer): Buffer => Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)])

export function properties(
  all: readonly (readonly [type: number, id: number, value: Buffer | string | number])[],
): Buffer {
  const one = ([type, id, value]: (typeof all)[number]): Buffer => {
    const head = number((id << 16) | type)
    if (typeof value === 'number') return Buffer.concat([head, number(value)])
    const octets = typeof value === 'string' ? Buffer.from(`${value}\0`, type === 0x1f ? 'utf16le' : 'latin1') : value
    return Buffer.concat([head, number(1), number(octets.length), padded(octets)])
  }
  return Buffer.concat([number(all.length), ...all.map(one)])
}
