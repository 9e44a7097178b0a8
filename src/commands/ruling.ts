/** The rules of the settings, as a worker goes by them. */
import type { Config, MailboxPolicy } from '../config.ts'
import { NO_RULING } from '../ticketing/fate.ts'
import type { Judging } from '../ticketing/judging.ts'
import type { App } from './app.ts'

/** Whoever has no rules and gets no control fields never loads what reads and matches them: 20 MB and 70 ms. */
const loaded = async () => ({
  ...(await import('../ticketing/rules/load-rules.ts')),
  ...(await import('../ticketing/rules/ruling.ts')),
})

/** Rejects with `config/rules-invalid`. */
export async function assertRules({ rulesFile }: Pick<Config, 'rulesFile'>): Promise<void> {
  if (rulesFile !== null) (await loaded()).loadRules(rulesFile)
}

/** Rejects with `config/rules-invalid`; whoever calls has asked `assertRules` before. */
export function rulesOf({ config, rows }: App, policyOf: (mailboxId: string) => MailboxPolicy): Judging['rules'] {
  const names = new Map([...rows].map(([name, { id }]) => [id, name]))
  const open = async () => {
    const { loadRules, rulingOf } = await loaded()
    return { rules: loadRules(config.rulesFile), rulingOf }
  }
  // Read at once: what is written into the file later counts at the next start.
  let opened = config.rulesFile === null ? undefined : open()
  opened?.catch(() => undefined)
  return async ({ mail, authenticity, waiting: { mailboxId, sizeBytes } }) => {
    const hasControlFields = mail.header.some(({ name }) => name.startsWith('x-mailchute-'))
    if (config.rulesFile === null && !hasControlFields) return NO_RULING
    opened ??= open()
    const { rules, rulingOf } = await opened
    const evidence = { mail, authenticity, sizeBytes, mailbox: names.get(mailboxId) ?? null }
    return rulingOf(rules, evidence, policyOf(mailboxId).controlHeaders)
  }
}
