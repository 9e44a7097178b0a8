import type { FastifyReply } from 'fastify'
import { SESSION_SECONDS } from './session.ts'

export const COOKIE = 'mailchute_session'

/** `strict`: no other site's link or form comes with it. */
export function setSessionCookie(reply: FastifyReply, sealed: string, isSecure: boolean): FastifyReply {
  const options = { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure, maxAge: SESSION_SECONDS } as const
  return reply.setCookie(COOKIE, sealed, options)
}
