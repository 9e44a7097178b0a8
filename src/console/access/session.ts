/**
 * A login, kept in a cookie: who it is and until when, with a MAC over it. Nothing is kept on the server, so any
 * process can answer; what ends every login is said in cookie-key.ts.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { OidcConfig } from '../../config/oidc.ts'
import { cookieKey } from './cookie-key.ts'
import type { Actor, ConsoleTokens, Role } from './tokens.ts'

export interface Session {
  readonly actor: Actor
  /** Stands in every form; a request that acts must bring it along. */
  readonly csrfToken: string
  readonly endsAt: Date
}

export interface Sessions {
  begin(actor: Actor, now: Date): Session
  seal(session: Session): string
  /** null: not ours, or over. */
  open(cookie: string, now: Date): Session | null
}

export const SESSION_SECONDS = 12 * 60 * 60

export function createSessions(tokens: ConsoleTokens, oidc: OidcConfig | null): Sessions {
  const key = cookieKey(tokens, oidc, 'mailchute console session 1')
  const mac = (text: string) => createHmac('sha256', key).update(text).digest()
  return {
    begin: (actor, now) => ({
      actor,
      csrfToken: randomBytes(18).toString('base64url'),
      endsAt: new Date(now.getTime() + SESSION_SECONDS * 1000),
    }),
    seal: ({ actor, csrfToken, endsAt }) => {
      const text = JSON.stringify([actor.role, actor.name, csrfToken, endsAt.getTime()])
      return `${Buffer.from(text).toString('base64url')}.${mac(text).toString('base64url')}`
    },
    open: (cookie, now) => {
      const [payload = '', given = ''] = cookie.split('.')
      const text = Buffer.from(payload, 'base64url').toString()
      const [expected, actual] = [mac(text), Buffer.from(given, 'base64url')]
      if (actual.length !== expected.length || !timingSafeEqual(expected, actual)) return null
      const session = read(text)
      return session !== null && session.endsAt > now ? session : null
    },
  }
}

function read(text: string): Session | null {
  const fields: unknown = JSON.parse(text)
  if (!Array.isArray(fields)) return null
  const [role, name, csrfToken, endsAt]: unknown[] = fields
  if (!isRole(role) || typeof name !== 'string' || typeof csrfToken !== 'string' || typeof endsAt !== 'number')
    return null
  return { actor: { role, name }, csrfToken, endsAt: new Date(endsAt) }
}

const isRole = (value: unknown): value is Role => value === 'auditor' || value === 'operator'
