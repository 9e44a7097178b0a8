/** Whether new tickets of a mailbox are acknowledged, and how. Off by default. */
import path from 'node:path'
import type { AcknowledgeConfig, SmtpConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import { didYouMean, type Problem } from './problem.ts'

const DEFAULT_PER_HOUR = 3

/** null: off, or wrong and reported. */
export function readAcknowledge(
  name: string,
  user: string,
  smtp: SmtpConfig | null,
  settings: Settings,
  problems: Problem[],
): AcknowledgeConfig | null {
  const setting = (suffix: string) => `MAILBOX_${name}_ACKNOWLEDGE${suffix}`
  const reject = (suffix: string, problem: string, hint: string): null => {
    problems.push({ setting: setting(suffix), problem, hint })
    return null
  }
  const isOn = (suffix: string): boolean | null => {
    const written = settings.get(setting(suffix))?.toLowerCase() ?? 'off'
    if (written === 'on' || written === 'off') return written === 'on'
    return reject(suffix, `'${written}' is not a choice`, didYouMean(written, ['on', 'off']) ?? 'it is on or off')
  }
  if (!isOn('')) return null
  if (smtp === null) {
    return reject('', 'there is no way out for mail', `set MAILBOX_${name}_SMTP_URL=smtp+starttls://user@host:587`)
  }
  const from = readFrom(settings.get(setting('_FROM')) ?? user)
  if (!from) return reject('_FROM', 'it is no address', 'write Support <support@example.com>')
  const perHour = settings.get(setting('_PER_HOUR')) ?? String(DEFAULT_PER_HOUR)
  if (!/^[1-9]\d{0,3}$/.test(perHour)) return reject('_PER_HOUR', 'it is no number from 1 to 9999', 'write digits only')
  const language = settings.get(setting('_LANGUAGE'))?.toLowerCase() ?? 'en'
  if (!/^[a-z]{2,3}$/.test(language)) return reject('_LANGUAGE', 'it is no language', 'write its code, as in de or fr')
  const hasPlusAddress = isOn('_PLUS_ADDRESS')
  if (hasPlusAddress === null) return null
  const templates = settings.get(setting('_TEMPLATES'))
  return {
    from,
    perSenderAndHour: Number(perHour),
    templatesDir: templates === undefined ? null : path.resolve(templates),
    language,
    hasPlusAddress,
  }
}

/** `Name <local@domain>` or the address alone. No line end can get into a header field this way. */
function readFrom(text: string): AcknowledgeConfig['from'] | null {
  const [, name = '', address = ''] =
    /^(?:"?([^"<>\p{Cc}]*?)"?\s*<)?([^\s<>"@\p{Cc}]+@[^\s<>"@\p{Cc}]+)>?$/u.exec(text) ?? []
  return address === '' ? null : { name, address }
}
