/**
 * HTTP: whether it lives, whether it can work, and how things stand. Nothing here shows a mail, so nothing here asks
 * for a token; everything else is 404.
 */
import fastify, { type FastifyInstance } from 'fastify'
import type { MailboxConfig } from '../config.ts'
import { asMailchuteError, MailchuteError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { METRICS_TYPE, metricsOf } from './metrics.ts'

export interface ConsoleDeps {
  readonly store: Store
  readonly mailboxes: readonly MailboxConfig[]
  readonly now: () => Date
}

export interface Console {
  readonly port: number
  close(): Promise<void>
}

/** Rejects with `runtime/port-taken`. */
export async function startConsole(deps: ConsoleDeps, at: { host: string; port: number }): Promise<Console> {
  const server = fastify({ forceCloseConnections: true })
  addRoutes(server, deps)
  try {
    await server.listen(at)
  } catch (error) {
    throw notListening(at, error)
  }
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () => server.close(),
  }
}

function addRoutes(server: FastifyInstance, { store, mailboxes, now }: ConsoleDeps): void {
  server.get('/livez', () => ({ status: 'ok' }))
  server.get('/readyz', async () => {
    await store.ping()
    return { status: 'ok' }
  })
  server.get('/metrics', async (_, reply) => {
    const text = await metricsOf(store, mailboxes, now())
    return reply.type(METRICS_TYPE).send(text)
  })
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ status: 'not-found' }))
  server.setErrorHandler((thrown, _, reply) => {
    const { code, hint } = asMailchuteError(thrown)
    return reply.code(503).send({ status: 'failed', code, hint })
  })
}

function notListening({ host, port }: { host: string; port: number }, cause: unknown): MailchuteError {
  const { code = '' } = cause as NodeJS.ErrnoException
  const message = `${host}:${port} cannot be listened on (${code})`
  if (code === 'EADDRINUSE') return new MailchuteError('runtime/port-taken', `${host}:${port} is taken`, { cause })
  return new MailchuteError('runtime/port-taken', message, { cause, hint: 'check HTTP_HOST and HTTP_PORT' })
}
