/**
 * A connection to the server: TCP, and TLS over it (implicit as RFC 8314 has it, or after STLS or STARTTLS, RFC 2595).
 * TLS 1.2 at least, and the certificate is always verified, host name included. One connection, no second try.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

import type { Account } from '../config.ts'
import type { ErrorCode, MailchuteError } from '../errors.ts'
import type { Failures } from './failure.ts'
import type { Lifetime } from './lifetime.ts'

/** What a session of any protocol over TCP stands on. */
export interface Setting<Limits extends ConnectionLimits = ConnectionLimits> {
  readonly mailbox: Account
  readonly limits: Limits
  readonly failures: Failures
  readonly lifetime: Lifetime
}

export interface ConnectionLimits {
  /** Name resolution and TCP. */
  readonly connectMs: number
  /** From the first octet of TLS to the verified certificate. */
  readonly handshakeMs: number
}

export async function dial(setting: Setting): Promise<Socket> {
  const { mailbox, limits, failures } = setting
  const socket = connectTcp({
    host: mailbox.host,
    port: mailbox.port,
    noDelay: true,
    keepAlive: true,
    // Node's 250 ms an address are too short for a far server that has several.
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  })
  await opened(socket, 'connect', setting, {
    ms: limits.connectMs,
    late: () => failures.failure('source/connect-timeout', `no connection within ${limits.connectMs / 1_000} s`),
    failed: (cause) => failures.failure(unreachable(cause), 'cannot be reached', { cause }),
  })
  return socket
}

/** TLS over a connection. On failure the connection is gone. */
export async function secure(socket: Socket, setting: Setting): Promise<Socket> {
  const { mailbox, limits, failures } = setting
  const tls = startTls(socket, setting)
  await opened(tls, 'secureConnect', setting, {
    ms: limits.handshakeMs,
    late: () => failures.failure('source/reply-timeout', `no TLS within ${limits.handshakeMs / 1_000} s`),
    failed: (cause) => tlsFailure(tls, cause, mailbox, failures),
  })
  return tls
}

const ADDRESS_ATTEMPT_MS = 3_000

/** Begins the handshake; who calls it listens for its end and its errors. */
export function startTls(socket: Socket, { mailbox, failures }: Setting): TLSSocket {
  const { host, ca } = mailbox
  try {
    return connectTls({
      socket,
      host,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === null ? {} : { ca }),
    })
  } catch (cause) {
    socket.destroy()
    throw failures.failure('source/tls-untrusted', 'the certificate authority set for it cannot be read', { cause })
  }
}

interface Opening {
  readonly ms: number
  late(): MailchuteError
  failed(cause: unknown): MailchuteError
}

function opened(socket: Socket, event: string, { lifetime }: Setting, opening: Opening): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: MailchuteError | null) => {
      clearTimeout(timer)
      lifetime.signal.removeEventListener('abort', onAbort)
      socket.off(event, onOpen).off('close', onClose)
      if (error === null) return resolve()
      socket.destroy()
      reject(error)
    }
    const onOpen = () => settle(null)
    const onClose = () => settle(opening.failed(new Error('the server closed the connection')))
    const onAbort = () => settle(lifetime.reason())
    const timer = setTimeout(() => settle(opening.late()), opening.ms)
    // Stays for the socket's life: an error without a listener would end the process.
    socket.on('error', (cause) => settle(opening.failed(cause)))
    socket.once(event, onOpen).once('close', onClose)
    if (lifetime.signal.aborted) onAbort()
    else lifetime.signal.addEventListener('abort', onAbort, { once: true })
  })
}

function unreachable(cause: unknown): ErrorCode {
  return errnoOf(cause) === 'ETIMEDOUT' ? 'source/connect-timeout' : 'source/unreachable'
}

/** What an error of the handshake means. */
export function tlsFailure(tls: TLSSocket, cause: unknown, mailbox: Account, { failure }: Failures): MailchuteError {
  // Typed as always present; null until verification has failed.
  const untrusted: unknown = tls.authorizationError
  if (untrusted) return failure('source/tls-untrusted', `certificate not accepted (${String(untrusted)})`, { cause })
  const errno = errnoOf(cause)
  if (errno === 'ERR_SSL_WRONG_VERSION_NUMBER' && mailbox.security === 'stls') {
    return failure('source/protocol-violation', 'clear text where TLS was to start', { cause })
  }
  if (!errno.startsWith('ERR_SSL')) return failure('source/connection-lost', 'lost while TLS started', { cause })
  return failure('source/tls-unavailable', `no TLS 1.2 or newer (${errno})`, { cause, hint: TLS_HINT })
}

const TLS_HINT = 'check that the port is the one for TLS, and that the server speaks TLS 1.2 or newer'

function errnoOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
