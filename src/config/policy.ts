/** How mail of a mailbox is judged: whom it is believed, and what may be added to its tickets. */
import { isIP } from 'node:net'
import type { MailboxPolicy } from '../config.ts'
import type { Settings } from './environment.ts'
import { isNetwork } from './network.ts'
import { didYouMean, type Problem } from './problem.ts'

export const DEFAULT_POLICY: MailboxPolicy = {
  strangers: 'link',
  reopenDays: 30,
  authservIds: [],
  receivedBy: [],
  controlHeaders: false,
}

/** What is wrong is reported, and its default returned. */
export function readPolicy(name: string, settings: Settings, problems: Problem[]): MailboxPolicy {
  const choice = <T extends string>(suffix: string, choices: readonly T[], fallback: T): T => {
    const setting = `MAILBOX_${name}_${suffix}`
    const written = settings.get(setting)?.toLowerCase()
    const chosen = written === undefined ? fallback : choices.find((each) => each === written)
    if (chosen !== undefined) return chosen
    const hint = didYouMean(written ?? '', choices) ?? `it is one of ${choices.join(', ')}`
    problems.push({ setting, problem: `'${written}' is not a choice`, hint })
    return fallback
  }
  return {
    strangers: choice('STRANGERS', ['link', 'hold'], DEFAULT_POLICY.strangers),
    reopenDays: readReopenDays(`MAILBOX_${name}_REOPEN_DAYS`, settings, problems),
    authservIds: readAuthservIds(`MAILBOX_${name}_AUTHSERV_ID`, settings, problems),
    receivedBy: readReceivedBy(`MAILBOX_${name}_RECEIVED_BY`, settings, problems),
    controlHeaders: choice('CONTROL_HEADERS', ['on', 'off'], 'off') === 'on',
  }
}

function readReopenDays(setting: string, settings: Settings, problems: Problem[]): number {
  const written = settings.get(setting) ?? String(DEFAULT_POLICY.reopenDays)
  if (/^\d{1,4}$/.test(written)) return Number(written)
  problems.push({ setting, problem: `'${written}' is no number of days`, hint: 'write digits only; 0 reopens none' })
  return DEFAULT_POLICY.reopenDays
}

/** Words in lower case, by white space or commas. */
export const listOf = (written: string | undefined): string[] =>
  (written ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)

/** Names as they stand before the first semicolon of Authentication-Results (RFC 8601 section 2.5). */
function readAuthservIds(setting: string, settings: Settings, problems: Problem[]): string[] {
  const ids = listOf(settings.get(setting))
  for (const id of ids.filter((each) => /[;"\\()<>@=]/.test(each))) {
    const hint = 'write what stands before the first semicolon of its Authentication-Results, as mx.example.com'
    problems.push({ setting, problem: `'${id}' is no name of a server`, hint })
  }
  return ids
}

function readReceivedBy(setting: string, settings: Settings, problems: Problem[]): string[] {
  const entries = listOf(settings.get(setting)).map((entry) => entry.replace(/^\*?\./, ''))
  for (const entry of entries.filter((each) => !isHostOrNetwork(each))) {
    const hint = 'write names of servers (mx.example.com), networks (192.0.2.0/24) or microsoft'
    problems.push({ setting, problem: `'${entry}' is neither a host nor a network`, hint })
  }
  return entries
}

function isHostOrNetwork(entry: string): boolean {
  if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(entry) && isIP(entry) === 0) return true
  return isNetwork(entry)
}
