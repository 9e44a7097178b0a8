import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MailchuteError } from '../../errors.ts'
import type { Rule } from './compile.ts'
import { type RulesProblem, readRules } from './read-rules.ts'

/** From the file, null: there are none. Throws `config/rules-invalid` with all that is wrong, each with its line. */
export function loadRules(file: string | null): readonly Rule[] {
  if (file === null) return []
  const { rules, problems } = readRules(textOf(file))
  if (problems === null) return rules
  const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`
  const lines = problems.map((problem) => `  ${problemLine(file, problem)}`)
  throw new MailchuteError('config/rules-invalid', [`${count} in the rules:`, ...lines].join('\n'), {
    context: { problems: problems.length },
  })
}

function problemLine(file: string, { line, column, problem, hint }: RulesProblem): string {
  return `${path.basename(file)}:${line}:${column}: ${problem}${hint === null ? '' : `; ${hint}`}`
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    throw new MailchuteError('config/rules-invalid', `the rules cannot be read: ${file} (${reason})`, {
      hint: 'check the path of the file, which MAILCHUTE_RULES or the command names, and who may read it',
    })
  }
}
