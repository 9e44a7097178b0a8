/** The settings that belong to no mailbox. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config.ts'
import { readConsoleUrl } from './console-url.ts'
import { readDns } from './dns.ts'
import type { Settings } from './environment.ts'
import { readOidc } from './oidc.ts'
import { didYouMean, type Problem } from './problem.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const SECRET_KEY_BYTES = 32

export function readGeneral(
  settings: Settings,
  cwd: string,
  problems: Problem[],
): Omit<Config, 'dataDir' | 'webhooks' | 'mailboxes' | 'alerts'> {
  checkTls(settings, problems)
  const consoleUrl = readConsoleUrl(settings, problems)
  return {
    databaseUrl: serverUrl('DATABASE_URL', ['postgresql:', 'postgres:'], settings, problems),
    redisUrl: serverUrl('REDIS_URL', ['redis:', 'rediss:'], settings, problems),
    migrate: choice('MAILCHUTE_MIGRATE', ['on', 'off'], 'on', settings, problems) === 'on',
    logLevel: choice('LOG_LEVEL', LOG_LEVELS, 'info', settings, problems),
    secretKey: secretKey('MAILCHUTE_SECRET_KEY', settings, problems),
    oldSecretKey: secretKey('MAILCHUTE_SECRET_KEY_OLD', settings, problems),
    http: { host: settings.get('HTTP_HOST') ?? '127.0.0.1', port: httpPort(settings, problems) },
    consoleToken: consoleToken('CONSOLE_TOKEN', settings, problems),
    auditorToken: consoleToken('CONSOLE_AUDITOR_TOKEN', settings, problems),
    consoleUrl,
    oidc: readOidc(settings, consoleUrl, problems),
    rulesFile: rulesFile(settings, cwd),
    dns: readDns(settings, problems),
    similarPerHour: similarPerHour(settings, problems),
  }
}

/** Node obeys it wherever nobody says otherwise: secrets and tokens would go to whoever answers for the authority. */
function checkTls(settings: Settings, problems: Problem[]): void {
  if (settings.get('NODE_TLS_REJECT_UNAUTHORIZED') !== '0') return
  const hint = 'remove it; a certificate authority of your own is named by NODE_EXTRA_CA_CERTS'
  problems.push({ setting: 'NODE_TLS_REJECT_UNAUTHORIZED', problem: 'it switches off the check of certificates', hint })
}

function serverUrl(setting: string, protocols: string[], settings: Settings, problems: Problem[]): string | null {
  const url = settings.secret(setting)
  if (url === undefined) return null
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return url
  const hint = `write ${protocols[0]}//user:password@host:port/name, with special characters percent-encoded`
  problems.push({ setting, problem: `it is no ${protocols[0]}// URL`, hint })
  return null
}

function choice<T extends string>(
  setting: string,
  choices: readonly T[],
  fallback: T,
  settings: Settings,
  problems: Problem[],
): T {
  const written = settings.get(setting)?.toLowerCase()
  if (written === undefined) return fallback
  const chosen = choices.find((candidate) => candidate === written)
  if (chosen) return chosen
  const hint = didYouMean(written, choices) ?? `it is one of ${choices.join(', ')}`
  problems.push({ setting, problem: `'${written}' is not a choice`, hint })
  return fallback
}

function secretKey(setting: string, settings: Settings, problems: Problem[]): string | null {
  const key = settings.secret(setting)
  if (key === undefined) return null
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(key)
  if (isBase64 && Buffer.from(key, 'base64').length === SECRET_KEY_BYTES) return key
  problems.push({ setting, problem: 'it is not 32 octets in base64', hint: 'make one with `openssl rand -base64 32`' })
  return null
}

function httpPort(settings: Settings, problems: Problem[]): number {
  const written = settings.get('HTTP_PORT') ?? '8025'
  if (/^\d{1,5}$/.test(written) && Number(written) <= 65535) return Number(written)
  problems.push({ setting: 'HTTP_PORT', problem: `'${written}' is no port`, hint: 'it is a number from 0 to 65535' })
  return 0
}

function consoleToken(setting: string, settings: Settings, problems: Problem[]): string | null {
  const token = settings.secret(setting)
  if (token === undefined) return null
  // It travels in an Authorization header: RFC 6750 section 2.1, b64token.
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return token
  const hint = 'use letters, digits and -._~+/ only, for instance of `openssl rand -hex 24`'
  problems.push({ setting, problem: 'it has characters that a token cannot have', hint })
  return null
}

/** Named, or `rules.yaml` in the working folder where there is one. That it can be read, its reader sees to. */
export function rulesFile(settings: Settings, cwd: string): string | null {
  const named = settings.get('MAILCHUTE_RULES')
  if (named !== undefined) return path.resolve(cwd, named)
  const usual = path.join(cwd, 'rules.yaml')
  return existsSync(usual) ? usual : null
}

/** More than a person writes about one thing, less than a mailbox can bear. */
const SIMILAR_PER_HOUR = 30

function similarPerHour(settings: Settings, problems: Problem[]): number | null {
  const setting = 'MAILCHUTE_SIMILAR_PER_HOUR'
  const written = settings.get(setting) ?? String(SIMILAR_PER_HOUR)
  if (written.toLowerCase() === 'off') return null
  if (/^[1-9]\d{0,5}$/.test(written)) return Number(written)
  problems.push({ setting, problem: `'${written}' is no number of mails`, hint: 'write digits only, or off' })
  return SIMILAR_PER_HOUR
}
