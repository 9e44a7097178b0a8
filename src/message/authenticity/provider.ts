import { type AuthenticationResults, authenticationResults, authResult, bestOf } from './authentication-results.ts'
import type { Authenticity } from './authenticity.ts'
import { asciiDomain } from './author.ts'
import type { Border } from './border.ts'
import type { RawField } from './header-section.ts'
import { REASONS, type Reason } from './trust.ts'

/** In place of an authserv-id: Microsoft writes none. */
export const MICROSOFT = 'microsoft'

/**
 * What the receiving server found, where it is to be believed (RFC 8601 section 5): the topmost field with an
 * authserv-id of the settings, above what strangers can have written. null: it is silent, or tells nothing of DMARC.
 */
export function providersWord(
  fields: readonly RawField[],
  authservIds: readonly string[],
  border: Border,
  domain: string,
): Authenticity | null {
  const word = believedField(fields, authservIds, border)
  const verdicts = word?.results.filter(({ method }) => method === 'dmarc') ?? []
  const result = authResult(verdicts[0] ?? null)
  // More than one verdict: something the sender chose has got between them.
  if (word === null || result === null || result === 'temperror' || verdicts.length > 1) return null
  const reason = reasonOf(word, domain)
  const of = (method: string) => authResult(bestOf(word, method))
  return {
    trust: REASONS[reason],
    reason,
    by: 'provider',
    spf: of('spf'),
    dkim: of('dkim'),
    dmarc: result,
    arc: of('arc'),
  }
}

function believedField(
  fields: readonly RawField[],
  authservIds: readonly string[],
  { insideBefore, end }: Border,
): AuthenticationResults | null {
  for (const [index, { name, value }] of fields.slice(0, end).entries()) {
    if (name !== 'authentication-results') continue
    const word = authenticationResults(value)
    // Nothing in such a field tells whose it is, so it must stand where no stranger writes.
    const isMicrosofts = word.authservId === null && authservIds.includes(MICROSOFT) && index < insideBefore
    if (isMicrosofts || (word.authservId !== null && authservIds.includes(word.authservId))) return word
  }
  return null
}

function reasonOf(word: AuthenticationResults, domain: string): Reason {
  const dmarc = bestOf(word, 'dmarc')
  const author = dmarc?.properties.get('header.from')
  if (author !== undefined && asciiDomain(author) !== domain) return 'provider/other-author'
  if (dmarc?.result === 'pass') return author === undefined ? 'provider/other-author' : 'provider/dmarc-pass'
  const compauth = bestOf(word, 'compauth')
  // Reason 000: it fails DMARC, and the domain asks for quarantine or reject.
  if (compauth?.result === 'fail' && compauth.properties.get('reason') === '000') return 'provider/compauth-fail'
  if (dmarc?.result === 'fail') return isEnforced(word) ? 'provider/dmarc-fail' : 'provider/dmarc-fail-unenforced'
  return isSigned(word, domain) ? 'provider/dkim-aligned' : 'provider/dmarc-none'
}

/** What the server did by the domain's wish: Microsoft's action, RFC 9989 section 9.1, else Google's and OpenDMARC's comment. */
function isEnforced(word: AuthenticationResults): boolean {
  const dmarc = bestOf(word, 'dmarc')
  const action = dmarc?.properties.get('action') ?? dmarc?.properties.get('policy.dmarc')
  const comment = dmarc?.comments.join(' ') ?? ''
  const told = action ?? /\bdis=(\w+)/i.exec(comment)?.[1] ?? /\bp=(\w+)/i.exec(comment)?.[1] ?? 'none'
  return /^(pct\.)?(quarantine|o?reject)$/i.test(told)
}

/** By the domain itself or one above it, which needs no list of public suffixes: whoever owns that owns this. */
function isSigned({ results }: AuthenticationResults, domain: string): boolean {
  return results.some(({ method, result, properties }) => {
    if (method !== 'dkim' || result !== 'pass') return false
    const identity = properties.get('header.d') ?? properties.get('header.i') ?? ''
    const signer = asciiDomain(identity.slice(identity.lastIndexOf('@') + 1))
    return signer !== null && (domain === signer || domain.endsWith(`.${signer}`))
  })
}
