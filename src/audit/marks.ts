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
    packed.writeUInt32BE(gapOf(before, id), at)
    packed.write(startOf(digests[index] ?? ''), at + ID_BYTES, 'hex')
    before = id
  }
  return packed
}

/** `ids`: those that are there now; they tell how wide a gap is that 4 octets do not hold. */
export function unpackMarks(after: bigint, packed: Buffer, ids: readonly string[] = []): Mark[] {
  const marks: Mark[] = []
  let before = after
  for (let at = 0; at + MARK_BYTES <= packed.length; at += MARK_BYTES) {
    const gap = packed.readUInt32BE(at)
    const now = ids[marks.length]
    const id = now !== undefined && gapOf(before, BigInt(now)) === gap ? BigInt(now) : before + BigInt(gap)
    marks.push({ id, start: packed.toString('hex', at + ID_BYTES, at + MARK_BYTES) })
    before = id
  }
  return marks
}

/** Its lowest 32 bits: nobody but who writes ids by hand makes a wider one, or one below zero. */
const gapOf = (before: bigint, id: bigint): number => Number(BigInt.asUintN(8 * ID_BYTES, id - before))

export const startOf = (digest: string): string => digest.slice(0, 2 * START_BYTES)
