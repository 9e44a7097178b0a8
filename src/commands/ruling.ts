/** The rules of the settings, as a worker goes by them. */
import type { MailboxPolicy } from '../config.ts'
import type { Judging } from '../ticketing/judging.ts'
import { loadRules } from '../ticketing/rules/load-rules.ts'
import { rulingOf } from '../ticketing/rules/ruling.ts'
import type { App } from './app.ts'

/** Throws `config/rules-invalid`. */
export function rulesOf({ config, rows }: App, policyOf: (mailboxId: string) => MailboxPolicy): Judging['rules'] {
  const rules = loadRules(config.rulesFile)
  const names = new Map([...rows].map(([name, { id }]) => [id, name]))
  return ({ mail, authenticity, waiting: { mailboxId, sizeBytes } }) => {
    const evidence = { mail, authenticity, sizeBytes, mailbox: names.get(mailboxId) ?? null }
    return rulingOf(rules, evidence, policyOf(mailboxId).controlHeaders)
  }
}
