/** What every answer says to a browser: nothing from elsewhere, nothing kept, no frame around it. */
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Of our pages. The rendered mail has a stricter one of its own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
} as const

/** Of this host only: what else there is on the domain is not ours. */
const ONLY_BY_TLS = 'max-age=31536000'

/** A route may set its own before. */
export function addSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onSend', async (_, reply) => setSecurityHeaders(reply))
}

export function setSecurityHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value)
  if (reply.request.protocol === 'https') reply.header('strict-transport-security', ONLY_BY_TLS)
}
