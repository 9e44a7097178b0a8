/** What is kept between two lists: where the last one ended, for whom, and since when changes alone were listened to. */
import { z } from 'zod'

import type { Account } from '../../config.ts'

export interface Cursor {
  readonly deltaLink: string
  /** The last full pass. */
  readonly fullAt: Date
}

/** A full pass at least so often: should a change ever not be told, it stays unknown no longer than this. */
const LONGEST_MS = 24 * 60 * 60 * 1000

export function cursorText({ endpoint, user }: Account, { deltaLink, fullAt }: Cursor): string {
  return JSON.stringify({ endpoint, user, deltaLink, fullAt: fullAt.toISOString() })
}

/** null where a full pass is due: it is none, of another mailbox, or too old. */
export function readCursor(text: string | null, { endpoint, user }: Account, now: Date): Cursor | null {
  const read = form.safeParse(text === null ? null : jsonOf(text))
  if (!read.success || read.data.endpoint !== endpoint || read.data.user !== user) return null
  const fullAt = new Date(read.data.fullAt)
  const ageMs = now.getTime() - fullAt.getTime()
  // A clock that was set back makes it come from the future: then nobody knows how old it is.
  return ageMs >= 0 && ageMs < LONGEST_MS ? { deltaLink: read.data.deltaLink, fullAt } : null
}

const form = z.object({ endpoint: z.string(), user: z.string(), deltaLink: z.string(), fullAt: z.iso.datetime() })

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
