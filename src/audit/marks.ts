/** What a seal remembers of each of its events, to name the one that was changed. It locates; the digests prove. */

export interface Mark {
  readonly id: bigint
  /** The start of its line's SHA-256, in hexadecimal. */
  readonly start: string
}

const ID_BYTES = 4
const START_BYTES = 8
const MARK_BYTES = ID_BYTES + START_BYTES

/** `digests` as of `digestOf`; ids rise, and the first follows `after`. */
export function packMarks(after: bigint, ids: readonly string[], digests: readonly string[]): Buffer {
  const packed = Buffer.alloc(ids.length * MARK_BYTES)
  let before = after
  for (const [index, text] of ids.entries()) {
    const id = BigInt(text)
    const at = index * MARK_BYTES
    packed.writeUInt32BE(Number(id - before), at)
    packed.write(startOf(digests[index] ?? ''), at + ID_BYTES, 'hex')
    before = id
  }
  return packed
}

export function unpackMarks(after: bigint, packed: Buffer): Mark[] {
  const marks: Mark[] = []
  let id = after
  for (let at = 0; at + MARK_BYTES <= packed.length; at += MARK_BYTES) {
    id += BigInt(packed.readUInt32BE(at))
    marks.push({ id, start: packed.toString('hex', at + ID_BYTES, at + MARK_BYTES) })
  }
  return marks
}

export const startOf = (digest: string): string => digest.slice(0, 2 * START_BYTES)
