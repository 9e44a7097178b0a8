/** A rule, made ready: each condition a function that says why it holds. */
import type { z } from 'zod'
import { onOneLine } from './in-words.ts'
import { testOf } from './operators.ts'
import type { Actions, Condition, Match, Operation, RULES_FILE } from './shape.ts'
import { HEADER_PREFIX } from './shape.ts'
import type { Values } from './values.ts'

export interface Rule {
  readonly name: string
  readonly holds: Holds
  readonly actions: Actions
  readonly stop: boolean
  /** For lists: what stands in the file, on one line. */
  readonly inWords: { readonly when: string; readonly does: string }
}

/** Why, in the words of the rule, without any of the mail's; null: it does not hold. */
export type Holds = (values: Values) => readonly string[] | null

export function compileRule({ name, when, then, stop = false }: z.infer<typeof RULES_FILE>['rules'][number]): Rule {
  const holds: Holds = when === 'always' ? () => ['always'] : compileMatch(when)
  return { name, holds, actions: then, inWords: { when: onOneLine(when), does: onOneLine(then) }, stop }
}

function compileMatch({ any, all, not, ...conditions }: Match): Holds {
  const fields = Object.entries(conditions).filter(([, condition]) => condition !== undefined)
  const parts = [
    ...fields
      .toSorted(([one], [other]) => costOf(one) - costOf(other))
      .map(([field, condition]) => compileField(field, condition as Condition)),
    ...(all === undefined ? [] : [every(all.map(compileMatch))]),
    ...(any === undefined ? [] : [some(any.map(compileMatch))]),
    ...(not === undefined ? [] : [none([not].flat().map(compileMatch), `not ${onOneLine(not)}`)]),
  ]
  return every(parts)
}

/** The dear ones last, for most rules fail at the first. */
const costOf = (field: string): number => (field === 'body' ? 2 : Number(field.startsWith(HEADER_PREFIX)))

const every =
  (parts: readonly Holds[]): Holds =>
  (values) => {
    const reasons: string[] = []
    for (const holds of parts) {
      const because = holds(values)
      if (because === null) return null
      reasons.push(...because)
    }
    return reasons
  }

const some =
  (parts: readonly Holds[]): Holds =>
  (values) => {
    for (const holds of parts) {
      const because = holds(values)
      if (because !== null) return because
    }
    return null
  }

const none =
  (parts: readonly Holds[], inWords: string): Holds =>
  (values) =>
    parts.some((holds) => holds(values) !== null) ? null : [inWords]

function compileField(field: string, condition: Condition): Holds {
  if (field === 'size') return compileSize(condition as Operation)
  const { exists, ...asked } = asOperation(field, condition)
  const tests = Object.entries(asked).flatMap(([operator, operand]) => {
    const test = testOf(operator, operand as string | readonly string[], ADDRESSES.has(field))
    return test === null ? [] : [{ operator, test }]
  })
  return (values) => {
    const found = values.of(field)
    if (exists === false && tests.length === 0) return found.length === 0 ? [`${field} does not exist`] : null
    if (found.length === 0 || exists === false) return null
    if (tests.length === 0) return [`${field} exists`]
    for (const value of found) {
      const hits = tests.map(({ operator, test }) => ({ operator, hit: test(value) }))
      if (hits.every(({ hit }) => hit !== null)) return hits.map(({ operator, hit }) => `${field} ${operator} ${hit}`)
    }
    return null
  }
}

const ADDRESSES: ReadonlySet<string> = new Set(['from', 'to', 'cc', 'recipient', 'reply-to'])
const CONTAINED: ReadonlySet<string> = new Set(['subject', 'body', 'attachment'])

/** What a text (or a list of them) alone stands for. */
function asOperation(field: string, condition: Condition): Operation {
  if (typeof condition === 'boolean') return { equals: String(condition) }
  if (typeof condition !== 'string' && !isList(condition)) return condition
  return CONTAINED.has(field) || field.startsWith(HEADER_PREFIX) ? { contains: condition } : { equals: condition }
}

const isList = (condition: Condition): condition is readonly string[] => Array.isArray(condition)

function compileSize({ above, below }: Operation): Holds {
  const [least, most] = [octets(above), octets(below)]
  const reasons = [
    ...(above === undefined ? [] : [`size above ${above}`]),
    ...(below === undefined ? [] : [`size below ${below}`]),
  ]
  return ({ sizeBytes }) =>
    sizeBytes > (least ?? -1) && sizeBytes < (most ?? Number.POSITIVE_INFINITY) ? reasons : null
}

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9 }

function octets(written: Operation[string]): number | undefined {
  if (typeof written !== 'string') return typeof written === 'number' ? written : undefined
  const [, digits = '', unit = ''] = /^(\d+) ?(\w*)$/.exec(written.toLowerCase()) ?? []
  return Number(digits) * (UNITS[unit] ?? 1)
}
