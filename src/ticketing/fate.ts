/**
 * What becomes of a mail by its kind and by the rules, before anybody asks which ticket it belongs to. Pure.
 *
 * A mail that answers or reports on another one is no request: it is booked on the ticket that it is about, and opens
 * none. Rules have the last word.
 */
import type { MailKind } from '../message/parsed-message.ts'
import { NO_MARKS, type TicketMarks } from '../store/tickets.ts'

/** What the rules say of a mail. */
export interface Ruling {
  /** Names of the rules that matched, in their order. */
  readonly matched: readonly string[]
  /** null: as its kind has it. */
  readonly fate: 'ticket' | 'suppress' | 'hold' | null
  readonly marks: TicketMarks
  /** The requester of a new ticket is who Reply-To names. */
  readonly requesterIsReplyTo: boolean
}

export const NO_RULING: Ruling = { matched: [], fate: null, marks: NO_MARKS, requesterIsReplyTo: false }

export interface Fate {
  readonly fate: 'ticket' | 'suppress' | 'hold'
  /** Stable code. */
  readonly reason: string
}

export function fateOf({ kind, reason }: { kind: MailKind; reason: string }, ruling: Ruling): Fate {
  if (ruling.fate !== null) return { fate: ruling.fate, reason: `rule/${ruling.fate}` }
  return answersAnother(kind) ? { fate: 'suppress', reason } : { fate: 'ticket', reason }
}

/** A machine's answer to a mail, or its report on one. */
export const answersAnother = (kind: MailKind): boolean => ANSWERS.has(kind)

const ANSWERS: ReadonlySet<MailKind> = new Set([
  'auto-reply',
  'delivery-status',
  'disposition',
  'feedback',
  'challenge',
])
