import { isUtf8 } from 'node:buffer'
import { type HeaderFields, headerFields } from './header-fields.ts'

/** The identification fields of RFC 5322 section 3.6.4: what ties a message to others. Ids keep their angle brackets. */
export interface ThreadFields {
  readonly messageId: string | null
  readonly inReplyTo: readonly string[]
  /** Oldest first. */
  readonly references: readonly string[]
}

/** A reply names its parent; more than a few are a mistake or an attack. */
const IN_REPLY_TO_LIMIT = 10
/** The root and the newest: RFC 5322 lets References be shortened in the middle (RFC 5537 section 3.4.4). */
const REFERENCES_LIMIT = 100
/** While reading: drops what cannot be kept, so that megabytes of ids do not pile up. Well above REFERENCES_LIMIT. */
const COLLECTED_LIMIT = 1000

/**
 * Reads the thread fields straight from the octets of a header (what follows its first empty line is ignored).
 *
 * Total: any octets give a value, in time linear in their number. The first Message-ID counts; repeated
 * In-Reply-To and References are read one after the other. Values hold no NUL, no white space and no lone surrogate.
 */
export function threadFields(header: Buffer): ThreadFields {
  return threadFieldsOf(headerFields(header))
}

export function threadFieldsOf(fields: HeaderFields): ThreadFields {
  return {
    messageId: ownId(fields.messageId),
    inReplyTo: newest(ids(fields.inReplyTo), IN_REPLY_TO_LIMIT),
    references: rootAndNewest(ids(fields.references), REFERENCES_LIMIT),
  }
}

/** Senders that leave out the brackets still mean one id: the first word, as far as it looks like one. */
function ownId(value: string | null): string | null {
  if (value === null) return null
  const [first] = ids(value)
  if (first !== undefined) return first
  const word = /[^\s\0<>()]+/.exec(value)?.[0]
  return word === undefined ? null : `<${decoded(word)}>`
}

/**
 * What stands between angle brackets, in order; comments and all else are passed over. Each alternative stops at the
 * next character that can open it again, so that no input is read more than twice.
 */
const COMMENT_OR_ID = /\([^()]*\)|<([^<>]*)>/g

function ids(value: string): string[] {
  const found: string[] = []
  for (const [, inner] of value.matchAll(COMMENT_OR_ID)) {
    const id = inner === undefined ? '' : decoded(inner.replace(/[\s\0]+/g, ''))
    if (id === '') continue
    found.push(`<${id}>`)
    if (found.length > COLLECTED_LIMIT) found.splice(1, found.length - REFERENCES_LIMIT)
  }
  return found
}

/** RFC 6532 allows UTF-8 in a msg-id; octets that are none are taken one by one. */
function decoded(octets: string): string {
  if (/^[\0-\x7f]*$/.test(octets)) return octets
  const buffer = Buffer.from(octets, 'latin1')
  return isUtf8(buffer) ? buffer.toString('utf8').replace(/\s+/g, '') : octets
}

const newest = (values: string[], limit: number): string[] => values.slice(-limit)

function rootAndNewest(values: string[], limit: number): string[] {
  return values.length <= limit ? values : [...values.slice(0, 1), ...values.slice(1 - limit)]
}
