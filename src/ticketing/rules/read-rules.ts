/** rules.yaml as rules, or everything that is wrong with it, each with its place. Pure. */
import { type Document, isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml'
import { compileRule, type Rule } from './compile.ts'
import { offsetOf } from './place-in-file.ts'
import { type Found, keyProblems, shapeProblems } from './problems.ts'
import { RULES_FILE } from './shape.ts'

export interface RulesProblem {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly problem: string
  /** What was meant, or what to do; null: the problem says it. */
  readonly hint: string | null
}

export type ReadRules =
  | { readonly rules: readonly Rule[]; readonly problems: null }
  | { readonly rules: null; readonly problems: readonly RulesProblem[] }

const MAX_CHARACTERS = 1024 * 1024
const MAX_PROBLEMS = 100

export function readRules(text: string): ReadRules {
  if (text.length > MAX_CHARACTERS) return failed([{ ...START, problem: 'the file is larger than 1 MiB', hint: null }])
  try {
    return read(text)
  } catch (thrown) {
    if (thrown instanceof RangeError) return failed([{ ...START, problem: TOO_DEEP, hint: null }])
    throw thrown
  }
}

const TOO_DEEP = 'it nests too deeply'
const START = { line: 1, column: 1 }

function read(text: string): ReadRules {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    return failed(broken.map(({ message, pos: [offset] }) => ({ ...at(offset), problem: worded(message), hint: null })))
  }
  const references = referencesIn(document)
  if (references.length > 0) return failed(references.map((offset) => ({ ...at(offset), ...NO_REFERENCES })))
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  const shaped = RULES_FILE.safeParse(value)
  const found: Found[] = [...keyProblems(value), ...(shaped.success ? [] : shapeProblems(shaped.error.issues, value))]
  if (found.length === 0 && shaped.success) return { rules: shaped.data.rules.map(compileRule), problems: null }
  return failed(found.map(({ problem, hint, ...place }) => ({ ...at(offsetOf(document, place)), problem, hint })))
}

/** yaml catches what ends its own recursion. */
const worded = (message: string) =>
  message.includes('call stack') ? TOO_DEEP : message.charAt(0).toLowerCase() + message.slice(1)

const NO_REFERENCES = { problem: 'anchors and aliases are not read', hint: 'write it out' }

/** A few lines of them can stand for billions of nodes. */
function referencesIn(document: Document): number[] {
  const offsets: number[] = []
  visit(document, (_, node) => {
    if (!isNode(node)) return
    const isAnchored = 'anchor' in node && node.anchor !== undefined
    if (isAlias(node) || isAnchored) offsets.push(node.range?.[0] ?? 0)
  })
  return offsets
}

function failed(problems: readonly RulesProblem[]): ReadRules {
  const sorted = problems.toSorted((one, other) => one.line - other.line || one.column - other.column)
  return { rules: null, problems: sorted.slice(0, MAX_PROBLEMS) }
}
