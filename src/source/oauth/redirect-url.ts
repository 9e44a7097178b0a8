/** What comes back from the browser at the end of a login (RFC 6749 section 4.1.2), by the listener or pasted. */

export type Redirect =
  | { readonly kind: 'code'; readonly code: string }
  /** The authority says no; its words are not ours to show. */
  | { readonly kind: 'refused'; readonly error: string; readonly description: string }
  /** Not the end of this login: somebody else's, or no such URL at all. */
  | { readonly kind: 'foreign'; readonly why: string }

const LONGEST_CHARACTERS = 16 * 1024

/** Takes a whole URL, or what follows its host, or only its query. Never throws. */
export function parseRedirect(text: string, expectedState: string): Redirect {
  const query = queryOf(text)
  if (query === null) return foreign('it is no URL with a code in it')
  const names = ['code', 'state', 'error', 'error_description'] as const
  // RFC 6749 section 3.1: none of them may come twice.
  if (names.some((name) => query.getAll(name).length > 1)) return foreign('it has a parameter twice')
  const [code, state, error, description] = names.map((name) => query.get(name) ?? '')
  if (!code && !error) return foreign('it has no code')
  if (!state || state !== expectedState) return foreign('it belongs to another login (its state differs)')
  if (error) return { kind: 'refused', error, description: description ?? '' }
  return { kind: 'code', code: code ?? '' }
}

const foreign = (why: string): Redirect => ({ kind: 'foreign', why })

function queryOf(text: string): URLSearchParams | null {
  if (text.length > LONGEST_CHARACTERS) return null
  // People copy quotes, angle brackets and line ends along.
  const trimmed = text.trim().replace(/^["'<\s]+|["'>\s]+$/g, '')
  const start = trimmed.indexOf('?')
  const query = start === -1 ? trimmed : trimmed.slice(start + 1)
  if (query === '' || !query.includes('=')) return null
  return new URLSearchParams(query.replace(/#.*$/s, ''))
}
