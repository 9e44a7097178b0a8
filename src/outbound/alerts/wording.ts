import type { Telling } from '../../store/alerts.ts'
import { ALERTS, type AlertCode } from '../../upkeep/alerts.ts'

export interface Words {
  /** One line. */
  readonly headline: string
  /** The headline and what to do. */
  readonly text: string
}

/** Names of mailboxes, codes and counts; never anything of a mail (I9). */
export function wordsOf({ code, subject, detail, what, beganAt, endedAt }: Telling): Words {
  const { says, hint } = ALERTS[code as AlertCode] ?? { says: code, hint: 'see docs/operate.md' }
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
  return {
    headline,
    text: `${headline} (${figures})\nWhat to do: ${advice}. (${code}, since ${beganAt.toISOString()})`,
  }
}
