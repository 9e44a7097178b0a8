/** What is wrong with the shape of a rules file, in words for who wrote it. */
import type { z } from 'zod'
import { didYouMean } from '../../config/problem.ts'
import type { Path, Place } from './place-in-file.ts'
import { COMBINATORS, FIELD_NAMES, HEADER_PREFIX, KNOWN_KEYS } from './shape.ts'

export interface Found extends Place {
  readonly problem: string
  readonly hint: string | null
}

type Issue = z.core.$ZodIssue

/** Names that the shape does not tell: of fields, and those of rules that are given twice. */
export function keyProblems(value: unknown): Found[] {
  const rules = at(value, ['rules'])
  if (!Array.isArray(rules)) return []
  const names = rules.map((rule) => at(rule, ['name']))
  const first = new Map(names.map((name, index) => [name, index] as const).toReversed())
  return rules.flatMap((rule, index) => [
    ...unknownFields(at(rule, ['when']), ['rules', index, 'when']),
    ...(typeof names[index] !== 'string' || first.get(names[index]) === index
      ? []
      : [named(['rules', index, 'name'], `another rule is named '${names[index]}'`, 'give each its own name')]),
  ])
}

const named = (path: Path, problem: string, hint: string | null): Found => ({ path, isKey: false, problem, hint })

function unknownFields(match: unknown, path: Path): Found[] {
  if (Array.isArray(match)) return match.flatMap((each, index) => unknownFields(each, [...path, index]))
  if (typeof match !== 'object' || match === null) return []
  return Object.entries(match).flatMap(([key, inner]) => {
    if (COMBINATORS.includes(key)) return unknownFields(inner, [...path, key])
    if (FIELD_NAMES.includes(key) || (key.startsWith(HEADER_PREFIX) && key !== HEADER_PREFIX)) return []
    return [{ path: [...path, key], isKey: true, ...unknownName('field', key, [...FIELD_NAMES, ...COMBINATORS]) }]
  })
}

const unknownName = (what: string, key: string, known: readonly string[]) => ({
  problem: `there is no ${what} '${key}'`,
  hint: didYouMean(key, known) ?? `there are ${known.join(', ')}`,
})

/** Of zod's issues, with what `value` has there. */
export function shapeProblems(issues: readonly Issue[], value: unknown): Found[] {
  const leaves = issues.flatMap((issue) => unfold(issue, value))
  // Where a name is wrong, that its value was left out says nothing more.
  const misnamed = new Set(leaves.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join('\n')))
  return leaves
    .filter(({ code, path }) => code !== 'custom' || !misnamed.has(path.join('\n')))
    .flatMap((issue) => describe(issue, at(value, issue.path)))
}

/** Of an alternative, the one that was meant, by what kind of value is there. */
function unfold(issue: Issue, value: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const here = at(value, issue.path)
  const meant = issue.errors.find((alternative) => !alternative.some((each) => isOfAnotherKind(each, here)))
  if (meant === undefined) return [issue]
  return meant.flatMap((each) => unfold({ ...each, path: [...issue.path, ...each.path] }, value))
}

function isOfAnotherKind(issue: Issue, here: unknown): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union')
    return issue.errors.every((each) => each.some((one) => isOfAnotherKind(one, here)))
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof here !== 'string')
}

function describe(issue: Issue, here: unknown): Found[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], isKey: true, ...unknownKey(path, key) }))
  }
  return [{ path, isKey: false, ...(here === undefined ? missing(path) : wrongValue(issue, here)) }]
}

const missing = (path: Path) => ({ problem: `${String(path.at(-1) ?? 'the file')} is missing`, hint: null })

function unknownKey(path: Path, key: string): { problem: string; hint: string } {
  if (path.length === 0) return unknownName('setting', key, KNOWN_KEYS.file)
  if (path.length === 2) return unknownName('part of a rule', key, KNOWN_KEYS.rule)
  if (path.length === 3 && path[2] === 'then') return unknownName('action', key, KNOWN_KEYS.actions)
  return unknownName('operator', key, KNOWN_KEYS.operators)
}

function wrongValue(issue: Issue, here: unknown): { problem: string; hint: string | null } {
  switch (issue.code) {
    case 'custom':
      return { problem: issue.message, hint: null }
    case 'invalid_value': {
      const choices = issue.values.map(String)
      const hint = (typeof here === 'string' ? didYouMean(here, choices) : null) ?? `it is ${choices.join(', ')}`
      return { problem: `${shown(here)} is not a choice`, hint }
    }
    case 'too_small':
      return { problem: 'it is empty', hint: null }
    case 'too_big':
      return { problem: `it is longer than ${issue.maximum} characters`, hint: null }
    case 'invalid_format':
      return { problem: `${shown(here)} cannot stand here`, hint: FORMATS.get(String(issue.path.at(-1))) ?? ONE_LINE }
    default:
      return { problem: `${shown(here)} cannot stand here`, hint: expected(issue) ?? HINTS[kindOf(here)] ?? null }
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  array: 'a list is expected',
  object: 'a map is expected',
  boolean: 'write true or false',
}

const expected = (issue: Issue) => (issue.code === 'invalid_type' ? EXPECTED[issue.expected] : undefined)

const SIZE = 'write octets, or a number with KB, MB or GB'
const FORMATS = new Map([
  ['above', SIZE],
  ['below', SIZE],
])
const ONE_LINE = 'write one line of text'
const HINTS: Readonly<Record<string, string>> = {
  number: 'text that looks like a number needs quotes',
  boolean: 'text that looks like true or false needs quotes',
  nothing: 'say what it has to be',
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value
}

const SHOWN_CHARACTERS = 60

function shown(value: unknown): string {
  const kind = kindOf(value)
  if (kind === 'object') return 'a map'
  return kind === 'string' || kind === 'number' || kind === 'boolean'
    ? `'${String(value).slice(0, SHOWN_CHARACTERS)}'`
    : kind
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined
    return Reflect.get(inner, step)
  }, value)
}
