/** What `explain` says of the rules: which matched, why, and what becomes of the mail. */
import path from 'node:path'
import { DEFAULT_POLICY } from '../config/policy.ts'
import { type Config, configuredRulesFile, type MailboxConfig, readConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { type Authenticity, NOT_LOOKED_AT } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { TicketMarks } from '../store/tickets.ts'
import { type Fate, fateOf, type MatchedRule } from '../ticketing/fate.ts'

export interface Ruled {
  readonly rules: readonly MatchedRule[]
  readonly fate: Fate['fate']
  readonly fateReason: string
  readonly marks: TicketMarks
}

export type ExplainRuling = (mail: ParsedMessage, sizeBytes: number, authenticity?: Authenticity) => Ruled

/** null: there are no rules, and no mailbox to judge as: then nothing is loaded. Rejects with `config/rules-invalid`. */
export async function explainRulingOf(
  options: { readonly rules?: string; readonly mailbox?: string },
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<ExplainRuling | null> {
  const file = options.rules === undefined ? configuredRulesFile(env, cwd) : path.resolve(cwd, options.rules)
  if (file === null && options.mailbox === undefined) return null
  const { loadRules } = await import('../ticketing/rules/load-rules.ts')
  const { rulingOf } = await import('../ticketing/rules/ruling.ts')
  const rules = loadRules(file)
  const mailbox = options.mailbox === undefined ? undefined : mailboxNamed(options.mailbox, readConfig(env, cwd))
  const { controlHeaders } = mailbox?.policy ?? DEFAULT_POLICY
  return (mail, sizeBytes, authenticity = NOT_LOOKED_AT) => {
    const ruling = rulingOf(rules, { mail, authenticity, sizeBytes, mailbox: mailbox?.name ?? null }, controlHeaders)
    const { fate, reason } = fateOf(mail, ruling)
    return { rules: ruling.matched, fate, fateReason: reason, marks: ruling.marks }
  }
}

function mailboxNamed(name: string, { mailboxes }: Config): MailboxConfig {
  const mailbox = mailboxes.find((each) => each.name === name.toLowerCase())
  if (mailbox === undefined) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${name}`)
  return mailbox
}

export function ruledRows(ruled: Ruled | null): (readonly [string, string])[] {
  if (ruled === null) return []
  const { queue, priority, tags, assignee } = ruled.marks
  const marks = [
    ...(queue === null ? [] : [`queue ${queue}`]),
    ...(priority === null ? [] : [`priority ${priority}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(assignee === null ? [] : [`assignee ${assignee}`]),
  ]
  return [
    ...ruled.rules.map(({ name, because }) => ['rule', `${name}: ${because.join(', ')}`] as const),
    ['becomes', [`${ruled.fate} (${ruled.fateReason})`, ...marks].join('; ')],
  ]
}
