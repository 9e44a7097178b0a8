import type { Telling } from '../../store/alerts.ts'
import { ALERTS, type AlertCode } from '../../upkeep/alerts.ts'

export interface Words {
  /** One line. */
  readonly headline: string
  /** The headline, what to do, and where to look. */
  readonly text: string
}

/** Names of mailboxes, codes and counts; never anything of a mail (I9). */
export function wordsOf(telling: Telling, consoleUrl: string | null): Words {
  const { code, subject, detail, what, beganAt, endedAt } = telling
  const { says, hint, page } = ALERTS[code as AlertCode] ?? { says: code, hint: 'see docs/operate.md', page: '/' }
  const [mailbox = '', credential] = subject.split(' ')
  const about = mailbox === '' ? says : `Mailbox ${mailbox} ${says}`
  const counts = Object.entries({ ...(credential === undefined ? {} : { what: credential }), ...detail })
  const figures = counts.map(([name, value]) => `${name} ${value}`).join(', ')
  if (what === 'over') {
    const headline = `[over] ${about}`
    const minutes = Math.round(((endedAt ?? beganAt).getTime() - beganAt.getTime()) / 60_000)
    return { headline, text: `${headline}\nIt lasted ${minutes} minutes, since ${beganAt.toISOString()}. (${code})` }
  }
  const headline = `[alert] ${about}`
  const advice = hint.replaceAll('NAME', mailbox)
  const look = consoleUrl === null ? '' : `\n${consoleUrl}${page}`
  return {
    headline,
    text: `${headline} (${figures})\nWhat to do: ${advice}. (${code}, since ${beganAt.toISOString()})${look}`,
  }
}
