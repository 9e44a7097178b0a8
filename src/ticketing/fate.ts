/**
 * What becomes of a mail by its kind and by the rules, before anybody asks which ticket it belongs to. Pure.
 *
 * A mail that answers or reports on another one is no request: it is booked on the ticket that it is about, and opens
 * none. Rules have the last word.
 */
import type { MailKind } from '../message/parsed-message.ts'
import { NO_MARKS, type TicketMarks } from '../store/tickets.ts'

export interface MatchedRule {
  readonly name: string
  /** What of it held, in its own words. */
  readonly because: readonly string[]
}

/** What the rules say of a mail, and its control fields (rules/control-fields.ts) where they are obeyed. */
export interface Ruling {
  /** In their order. */
  readonly matched: readonly MatchedRule[]
  /** null: as its kind has it. */
  readonly fate: 'ticket' | 'suppress' | 'hold' | null
  readonly marks: TicketMarks
  /** The requester of a new ticket is who Reply-To names. */
  readonly requesterIsReplyTo: boolean
  /** Names of control fields that were obeyed. */
  readonly controlFields: readonly string[]
  /** It has some, and its mailbox does not obey them. */
  readonly controlFieldsIgnored: boolean
}

export const NO_RULING: Ruling = {
  matched: [],
  fate: null,
  marks: NO_MARKS,
  requesterIsReplyTo: false,
  controlFields: [],
  controlFieldsIgnored: false,
}

/** What the event of a decision says of it (I8). */
export function toldOf({ matched, controlFields, controlFieldsIgnored }: Ruling) {
  return {
    ...(matched.length > 0 ? { rules: matched.slice(0, TOLD_RULES).map(({ name }) => name) } : {}),
    ...(controlFields.length > 0 ? { controlHeaders: [...controlFields] } : {}),
    ...(controlFieldsIgnored ? { controlHeadersIgnored: true } : {}),
  }
}

const TOLD_RULES = 50

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
