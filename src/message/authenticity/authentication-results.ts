import type { AuthResult } from './authenticity.ts'
import { type Token, tokensOf } from './tokens.ts'

/** An Authentication-Results field (RFC 8601 section 2.2), also in the shape that Microsoft gives it. */
export interface AuthenticationResults {
  /** In lower case. null: there is none, as with Microsoft. */
  readonly authservId: string | null
  readonly results: readonly MethodResult[]
}

export interface MethodResult {
  /** In lower case, like `dkim`. */
  readonly method: string
  /** As written, in lower case: senders of this field know more results than RFC 8601. */
  readonly result: string
  /** Properties like `header.from`, names in lower case; also `reason` and what Microsoft adds without a ptype. */
  readonly properties: ReadonlyMap<string, string>
  /** Without the outer parentheses. */
  readonly comments: readonly string[]
}

const RESULTS_LIMIT = 100
const VALUE_MAX_CHARACTERS = 16 * 1024
const WORD_MAX_CHARACTERS = 512

/** Total: any text gives a value, in linear time. What is not understood is passed over. */
export function authenticationResults(value: string): AuthenticationResults {
  const sections = sectionsOf(tokensOf(value.slice(0, VALUE_MAX_CHARACTERS), ';='))
  const first = sections[0] ?? []
  const isBare = first.some(({ kind, text }) => kind === 'mark' && text === '=')
  const results = (isBare ? sections : sections.slice(1)).flatMap((section) => resultOf(section) ?? [])
  return { authservId: isBare ? null : authservIdOf(first), results: results.slice(0, RESULTS_LIMIT) }
}

/** What the methods of this name came to, the best one first. */
export function bestOf({ results }: AuthenticationResults, method: string): MethodResult | null {
  const found = results.filter((each) => each.method === method)
  return found.find(({ result }) => result === 'pass') ?? found[0] ?? null
}

/** RFC 8601 section 2.7, and Microsoft's `bestguesspass`. Whatever else stands there counts as not having been looked at. */
export const authResult = (found: MethodResult | null): AuthResult | null =>
  KNOWN_RESULTS.get(found?.result ?? '') ?? null

const KNOWN_RESULTS: ReadonlyMap<string, AuthResult> = new Map(
  (['none', 'pass', 'fail', 'softfail', 'policy', 'neutral', 'temperror', 'permerror', 'bestguesspass'] as const).map(
    (result) => [result, result],
  ),
)

function sectionsOf(tokens: readonly Token[]): Token[][] {
  const sections: Token[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'mark' && token.text === ';') sections.push([])
    else sections.at(-1)?.push(token)
  }
  return sections
}

/** A version may follow it, which says nothing more (section 2.2: it is 1). */
function authservIdOf(section: readonly Token[]): string | null {
  const id = section.find(({ kind }) => kind === 'word' || kind === 'quoted')
  return id === undefined ? null : id.text.slice(0, WORD_MAX_CHARACTERS).toLowerCase()
}

function resultOf(section: readonly Token[]): MethodResult | null {
  const comments = section
    .filter(({ kind }) => kind === 'comment')
    .map(({ text }) => text.slice(0, WORD_MAX_CHARACTERS))
  const [main, ...properties] = pairsOf(section.filter(({ kind }) => kind !== 'comment'))
  if (main === undefined) return null
  return {
    // The version of a method, as in dkim/1.
    method: main.name.replace(/\s*\/.*$/s, ''),
    result: main.value.toLowerCase(),
    // The first of each counts, so that nothing that stands later replaces it.
    properties: new Map(properties.toReversed().map(({ name, value }) => [name, value])),
    comments,
  }
}

interface Pair {
  readonly name: string
  readonly value: string
}

/** `name = value`, white space around the sign or not; a value goes on as long as nothing sets its pieces apart. */
function pairsOf(tokens: readonly Token[]): Pair[] {
  const pairs: Pair[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const [name, sign, first] = tokens.slice(at, at + 3)
    if (name?.kind !== 'word' || sign?.kind !== 'mark' || first === undefined) continue
    let end = at + 3
    while (tokens[end]?.apart === false) end += 1
    const value = tokens.slice(at + 2, end).map(({ text }) => text)
    pairs.push({
      name: name.text.toLowerCase().slice(0, WORD_MAX_CHARACTERS),
      value: value.join('').slice(0, WORD_MAX_CHARACTERS),
    })
    at = end - 1
  }
  return pairs
}
