/** Who is told of events: MAILCHUTE_WEBHOOK_<NAME>_URL and what belongs to it. See docs/webhooks.md. */
import type { WebhookConfig } from '../config.ts'
import type { Settings } from './environment.ts'
import { isLoopback } from './mailbox-url.ts'
import { didYouMean, type Problem } from './problem.ts'
import { WEBHOOK_EVENTS, type WebhookEvent } from './webhook-events.ts'

export function readWebhooks(names: readonly string[], settings: Settings, problems: Problem[]): WebhookConfig[] {
  return names.flatMap((name) => {
    const setting = `MAILCHUTE_WEBHOOK_${name}`
    const reject = (suffix: string, problem: string, hint: string) => {
      problems.push({ setting: `${setting}_${suffix}`, problem, hint })
      return null
    }
    const url = readUrl(settings.secret(`${setting}_URL`), reject)
    const secret = readSecret('SECRET', settings.secret(`${setting}_SECRET`), reject)
    const written = settings.secret(`${setting}_SECRET_OLD`)
    const old = written === undefined ? null : readSecret('SECRET_OLD', written, reject)
    const events = readEvents(settings.get(`${setting}_EVENTS`), reject)
    const hasContent = readSwitch('CONTENT', settings.get(`${setting}_CONTENT`), reject)
    const mayBePrivate = readSwitch('ALLOW_PRIVATE', settings.get(`${setting}_ALLOW_PRIVATE`), reject)
    if (url === null || secret === null) return []
    const secrets = old === null ? [secret] : [secret, old]
    return [{ name: name.toLowerCase().replaceAll('_', '-'), url, secrets, events, hasContent, mayBePrivate }]
  })
}

type Reject = (suffix: string, problem: string, hint: string) => null

/** Never quoted: many hold a secret. */
function readUrl(written: string | undefined, reject: Reject): string | null {
  if (written === undefined) return reject('URL', 'it is missing', 'set it, or remove the settings of this webhook')
  if (!URL.canParse(written)) return reject('URL', 'it is no URL', 'write https://host/path')
  const { protocol, hostname, username, password, href } = new URL(written)
  if (username !== '' || password !== '') {
    return reject('URL', 'it holds a user or a password', 'requests are signed: let the receiver check the signature')
  }
  const isHere = protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, ''))
  if (protocol === 'https:' || isHere) return href
  return reject('URL', 'it is not encrypted', 'write https://; http:// is for this machine only, as http://127.0.0.1')
}

const SECRET_PREFIX = 'whsec_'
const SECRET_OCTETS = { least: 24, most: 64 }

/** As Standard Webhooks has it: 24 to 64 octets in base64. */
function readSecret(suffix: string, written: string | undefined, reject: Reject): Buffer | null {
  const hint = 'make one with `echo whsec_$(openssl rand -base64 32)`, and tell it to the receiver'
  if (written === undefined) return reject(suffix, 'it is missing', hint)
  const text = written.startsWith(SECRET_PREFIX) ? written.slice(SECRET_PREFIX.length) : ''
  const secret = Buffer.from(text, 'base64')
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  if (isBase64 && secret.length >= SECRET_OCTETS.least && secret.length <= SECRET_OCTETS.most) return secret
  return reject(suffix, 'it is not whsec_ and 24 to 64 octets in base64', hint)
}

function readEvents(written: string | undefined, reject: Reject): readonly WebhookEvent[] {
  const names = (written ?? '').split(',').map((name) => name.trim())
  const events = names
    .filter((name) => name !== '')
    .flatMap((name) => {
      const known = WEBHOOK_EVENTS.find((event) => event === name)
      if (known !== undefined) return [known]
      const hint = didYouMean(name, WEBHOOK_EVENTS) ?? `there are ${WEBHOOK_EVENTS.join(', ')}`
      reject('EVENTS', `there is no event '${name}'`, hint)
      return []
    })
  return events.length === 0 ? WEBHOOK_EVENTS : [...new Set(events)]
}

function readSwitch(suffix: string, written: string | undefined, reject: Reject): boolean {
  const choice = (written ?? 'off').toLowerCase()
  if (choice !== 'on' && choice !== 'off') reject(suffix, `'${choice}' is not a choice`, 'it is one of on, off')
  return choice === 'on'
}
