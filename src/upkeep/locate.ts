/** Which event of a seal is not as it was sealed. */
import { createHash } from 'node:crypto'
import { digestOf, type EventFields } from '../audit/event-line.ts'
import { type Mark, startOf, unpackMarks } from '../audit/marks.ts'
import type { Seal } from '../audit/seal.ts'
import { type Audit, LOWEST_ID } from '../store/audit.ts'

export type FindingKind =
  | 'seal-missing'
  | 'seal-changed'
  | 'chain-broken'
  | 'seal-forged'
  | 'key-dropped'
  | 'key-unknown'
  | 'event-changed'
  | 'event-missing'
  | 'event-added'
  | 'event-moved'
  | 'head-missing'

export interface Finding {
  readonly kind: FindingKind
  /** Its number. */
  readonly seal: string | null
  /** Its id; null where it is the seal itself. */
  readonly event: string | null
  readonly message: string
}

export async function locate(audit: Audit, seal: Seal, previous: Seal | null): Promise<Finding> {
  const packed = await audit.marks(seal.number)
  if (createHash('sha256').update(packed).digest('hex') !== seal.marksSha256) return changedSeal(seal)
  const from = previous === null ? LOWEST_ID : BigInt(previous.lastEventId) + 1n
  const rows = await audit.events(from, BigInt(seal.lastEventId), seal.events + 1)
  const ids = rows.map(([id]) => id)
  const marks = unpackMarks(BigInt(previous?.lastEventId ?? 0), packed, ids)
  return firstDifference(rows, marks, seal) ?? changedSeal(seal)
}

function changedSeal({ number }: Seal): Finding {
  return { kind: 'seal-changed', seal: number, event: null, message: `seal ${number} was changed` }
}

function firstDifference(rows: readonly EventFields[], marks: readonly Mark[], { number }: Seal): Finding | null {
  const found = (kind: FindingKind, event: string, what: string): Finding => {
    return { kind, seal: number, event, message: `event ${event} ${what} (seal ${number})` }
  }
  for (let index = 0; index < Math.max(rows.length, marks.length); index += 1) {
    const [row, mark] = [rows[index], marks[index]]
    if (row !== undefined && mark !== undefined && isSame(row, mark)) continue
    if (mark === undefined || (row !== undefined && BigInt(row[0]) < mark.id)) {
      return row === undefined ? null : added(row, rows, marks, found)
    }
    const id = mark.id.toString()
    const now = rows.find((each) => isSame(each, mark, id) && !isInPlace(each, marks))
    if (now !== undefined) return found('event-moved', id, `is now event ${now[0]}`)
    return row?.[0] === id ? found('event-changed', id, 'was changed') : found('event-missing', id, 'was deleted')
  }
  return null
}

type Found = (kind: FindingKind, event: string, what: string) => Finding

/** Perhaps it is one that was moved here. */
function added(row: EventFields, rows: readonly EventFields[], marks: readonly Mark[], found: Found): Finding {
  const ids = new Set(rows.map(([id]) => id))
  const former = marks.find((mark) => !ids.has(mark.id.toString()) && isSame(row, mark, mark.id.toString()))
  return former === undefined
    ? found('event-added', row[0], 'was added later')
    : found('event-moved', former.id.toString(), `is now event ${row[0]}`)
}

/** Events of one moment may be alike in all but their ids. */
const isInPlace = (row: EventFields, marks: readonly Mark[]): boolean => marks.some((mark) => isSame(row, mark))

/** Whether it is the event of that mark, if it had that id. */
function isSame([own, ...fields]: EventFields, mark: Mark, id: string = own): boolean {
  return mark.id.toString() === id && startOf(digestOf([id, ...fields])) === mark.start
}
