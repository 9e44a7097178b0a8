/** `mailchute rules`: what the rules file says, or what is wrong with it. Needs no database. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { configuredRulesFile } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { loadRules } from '../ticketing/rules/load-rules.ts'
import { rulesJsonSchema } from '../ticketing/rules/shape.ts'
import { counted, print, printable, table } from './terminal.ts'

/** Throws `config/rules-invalid`. Without a file the configured one is looked at. */
export function checkRules(named: string | undefined): void {
  const file = named === undefined ? configuredRulesFile(process.env, process.cwd()) : path.resolve(named)
  if (file === null || (named !== undefined && !existsSync(file))) throw noFile(file)
  const rules = loadRules(file)
  const rows = rules.map(({ name, inWords: { when, does }, stop }, index) => [
    index + 1,
    printable(name, 40),
    printable(when, 60),
    printable(does, 50),
    stop ? 'stop' : '',
  ])
  if (rows.length > 0) print(table(['#', 'rule', 'when', 'then', ''], rows))
  print(`${file}: ${counted(rules.length, 'rule', 'rules')}, nothing wrong\n`)
}

function noFile(file: string | null): MailchuteError {
  const what = file === null ? 'there is no rules.yaml here' : `there is no file ${file}`
  return new MailchuteError('config/rules-invalid', what, {
    hint: 'name the file, or set MAILCHUTE_RULES; docs/rules.md shows how one begins',
  })
}

/** For editors: docs/rules.schema.json. */
export function printRulesSchema(): void {
  print(`${JSON.stringify(rulesJsonSchema(), null, 2)}\n`)
}
