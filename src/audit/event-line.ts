import { hash } from 'node:crypto'
import { canonical, canonicalOf } from './canonical-json.ts'

/** A row of `inbound_events` as text: `at` in UTC, to the microsecond, as in 2026-11-26T08:30:00.123000Z; `detail` as JSON. */
export type EventFields = readonly [
  id: string,
  inboundMessageId: string | null,
  mailboxId: string,
  at: string,
  code: string,
  detail: string,
]

/** The line that is sealed and exported: canonical JSON, so without a line end in it. */
export function lineOf([id, inboundMessageId, mailboxId, at, code, detail]: EventFields): string {
  const about = inboundMessageId === null ? 'null' : `"${inboundMessageId}"`
  return `{"at":"${at}","code":${canonical(code)},"detail":${canonicalOf(detail)},"id":"${id}","inboundMessageId":${about},"mailboxId":"${mailboxId}"}`
}

/** SHA-256 of the line, in hexadecimal: of all forms the cheapest to make, millions of times. */
export function digestOf(fields: EventFields): string {
  return hash('sha256', lineOf(fields), 'hex')
}
