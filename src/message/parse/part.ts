import { createHash } from 'node:crypto'
import type { PartHeader } from './part-header.ts'
import { type TransferDecoder, transferDecoder } from './transfer.ts'

/** How many octets may still be kept, over all parts of a message together. */
export interface Room {
  text: number
  opened: number
  stray: number
}

/** How the octets of a part are kept, and for which purpose: those of others are counted and digested only. */
export interface Keeping {
  readonly room: keyof Room | 'all' | 'start' | 'none'
  /** Kept beside it, for `start`. */
  readonly startOctets: number
}

/** A part of the MIME tree (RFC 2046): its octets pass by, and what is wanted of them stays. */
export class Part {
  readonly header: PartHeader
  readonly contentType: string
  readonly parent: Part | null
  readonly children: Part[] = []
  readonly depth: number
  sizeBytes = 0
  /** Some octets that were wanted had no room. */
  isCut = false
  sha256 = ''
  readonly #decoder: TransferDecoder
  readonly #hash = createHash('sha256')
  readonly #kept: Buffer[] = []
  readonly #keeping: Keeping
  readonly #room: Room
  #keptOctets = 0

  constructor(header: PartHeader, contentType: string, parent: Part | null, keeping: Keeping, room: Room) {
    this.header = header
    this.contentType = contentType
    this.parent = parent
    this.depth = parent === null ? 0 : parent.depth + 1
    this.#keeping = keeping
    this.#room = room
    const isContainer = contentType.startsWith('multipart/')
    this.#decoder = transferDecoder(isContainer ? '' : header.encoding)
  }

  get fault(): TransferDecoder['fault'] {
    return this.#decoder.fault
  }

  write(octets: Buffer): void {
    this.#take(this.#decoder.write(octets))
  }

  end(): void {
    if (this.sha256 !== '') return
    this.#take(this.#decoder.end())
    this.sha256 = this.#hash.digest('hex')
  }

  /** What was kept of the octets. */
  octets(): Buffer {
    return this.#kept.length === 1 && this.#kept[0] ? this.#kept[0] : Buffer.concat(this.#kept)
  }

  #take(octets: Buffer): void {
    if (octets.length === 0) return
    this.sizeBytes += octets.length
    this.#hash.update(octets)
    const kept = octets.subarray(0, this.#roomFor(octets.length))
    if (kept.length > 0) this.#kept.push(owned(kept))
    this.#keptOctets += kept.length
  }

  #roomFor(wanted: number): number {
    const { room, startOctets } = this.#keeping
    if (room === 'all') return wanted
    if (room === 'none') return 0
    if (room === 'start') return Math.max(0, Math.min(wanted, startOctets - this.#keptOctets))
    const given = Math.min(wanted, this.#room[room])
    this.#room[room] -= given
    if (given < wanted) this.isCut = true
    return given
  }
}

/** A copy where the octets are a small view: they are kept to the end, and would keep the whole chunk they came in. */
const owned = (octets: Buffer): Buffer => (octets.length * 2 < octets.buffer.byteLength ? Buffer.from(octets) : octets)
