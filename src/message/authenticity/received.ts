import { isIP } from 'node:net'
import { tokensOf } from './tokens.ts'

/** What a Received field says of one hop (RFC 5321 section 4.4): who wrote it, and whom it came from. */
export interface Received {
  /** In lower case, without a final dot. null: it does not tell. */
  readonly by: string | null
  /** null: nothing was received from another host, as for what is handed on inside of one. */
  readonly from: ReceivedFrom | null
}

export interface ReceivedFrom {
  /** What the other side called itself (HELO): a claim. */
  readonly helo: string | null
  /** What the writer saw of the connection. null: it does not tell. */
  readonly ip: string | null
}

const VALUE_MAX_CHARACTERS = 4000

/** Total: any text gives a value, in linear time. */
export function received(value: string): Received {
  const tokens = tokensOf(value.slice(0, VALUE_MAX_CHARACTERS), ';')
  const end = tokens.findIndex(({ kind, text }) => kind === 'mark' && text === ';')
  const clauses = end < 0 ? tokens : tokens.slice(0, end)
  const byAt = clauses.findIndex(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'by')
  const by = byAt < 0 ? undefined : clauses[byAt + 1]
  const isFrom = clauses[0]?.kind === 'word' && clauses[0].text.toLowerCase() === 'from'
  const fromClause = isFrom ? clauses.slice(1, byAt < 0 ? undefined : byAt) : null
  return {
    by: by?.kind === 'word' ? hostName(by.text) : null,
    from: fromClause === null ? null : fromOf(fromClause),
  }
}

const hostName = (text: string): string => text.toLowerCase().replace(/\.$/, '')

/** Postfix: `helo (name [ip])`. Exim: `name ([ip] helo=helo)`, `[ip] (helo=helo)`. qmail: `name (HELO helo) (ip)`. */
function fromOf(clause: ReturnType<typeof tokensOf>): ReceivedFrom {
  const name = clause[0]?.kind === 'word' ? clause[0].text : ''
  const comments = clause.filter(({ kind }) => kind === 'comment').map(({ text }) => text)
  const claimed = comments.map((text) => HELO.exec(text)?.[1]).find((text) => text !== undefined)
  const seen = comments.map((text) => ipIn(text.replace(HELO, ' '))).find((ip) => ip !== null)
  return {
    helo: hostName(unbracketed(claimed ?? name)) || null,
    // The name of itself only where nothing else was told: in Postfix's shape it is the claim.
    ip: seen ?? ipIn(name.startsWith('[') ? name : ''),
  }
}

const HELO = /\bhelo[=\s]\s*([^\s()]+)/i

const unbracketed = (text: string): string => text.replace(/^\[|\]$/g, '').replace(/^ipv6:/i, '')

/** The one in brackets before any other. */
function ipIn(text: string): string | null {
  const bracketed = /\[([^[\]\s]+)\]/.exec(text)?.[1] ?? ''
  const candidates = [bracketed, ...text.split(/[\s()[\],;=]+/)].map((each) => each.replace(/^ipv6:/i, ''))
  return candidates.find((each) => isIP(each) !== 0)?.toLowerCase() ?? null
}
