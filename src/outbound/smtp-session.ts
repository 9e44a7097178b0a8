/**
 * One connection to an SMTP server, for a batch of mails (RFC 5321, RFC 6409).
 *
 * Guarantees: nothing goes out before TLS stands where the URL asks for it (all but loopback), at least TLS 1.2 and
 * with a certificate that was verified; whatever happens is one `outbound/*` error within the limits of time; a
 * mail counts as sent only when the server took responsibility for it (250 after the octets).
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Secret, SmtpConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { smtpError } from './smtp-errors.ts'

/** An envelope sender: `''` is the empty one, that of a mail which wants no answer (RFC 5321 section 4.5.5). */
export interface Envelope {
  readonly from: string
  readonly to: string
}

export interface SmtpSession extends AsyncDisposable {
  send(envelope: Envelope, octets: Buffer): Promise<void>
  /** After a refusal: ready for the next mail. */
  reset(): Promise<void>
  /** False: the connection is gone, or in a state that nobody knows. */
  isUsable(): boolean
}

export interface SmtpLimits {
  /** From the name to the end of TLS. */
  readonly connectMs: number
  readonly greetingMs: number
  /** Of silence. */
  readonly replyMs: number
  /** Of each step (connect, log in, send) as a whole. */
  readonly stepMs: number
}

/** RFC 5321 section 4.5.3.2 allows minutes; a queue that tries again needs less patience. See LEASE_SECONDS. */
export const SMTP_LIMITS: SmtpLimits = { connectMs: 30_000, greetingMs: 30_000, replyMs: 60_000, stepMs: 90_000 }

/** Logged in, with `secret` where the server wants one. */
export async function openSmtp(
  smtp: SmtpConfig,
  secret: Secret | null,
  signal: AbortSignal,
  limits: SmtpLimits = SMTP_LIMITS,
): Promise<SmtpSession> {
  const connection = new SMTPConnection(optionsOf(smtp, secret, limits))
  const step = stepsOf(smtp, secret, connection, signal, limits.stepMs)
  const session = sessionOf(connection, step)
  try {
    await step((done) => connection.connect(done))
    if (secret !== null) await logIn(smtp, connection, secret, step)
    return session
  } catch (error) {
    connection.close()
    throw error
  }
}

function optionsOf(smtp: SmtpConfig, secret: Secret | null, limits: SmtpLimits) {
  return {
    host: smtp.host,
    port: smtp.port,
    secure: smtp.security === 'tls',
    requireTLS: smtp.security === 'starttls',
    ignoreTLS: smtp.security === 'plain',
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.greetingMs,
    socketTimeout: limits.replyMs,
    dnsTimeout: limits.connectMs,
    logger: false,
    tls: { minVersion: 'TLSv1.2' as const, rejectUnauthorized: true, ...(smtp.ca === null ? {} : { ca: smtp.ca }) },
    customAuth: secret?.kind === 'access-token' ? { [OURS]: xoauth2(smtp.user, secret.token) } : {},
  }
}

type Step = (start: (done: (error?: Error | null) => void) => void) => Promise<void>

/** nodemailer calls back where a command was answered; a connection that broke it tells by its events. */
function stepsOf(
  smtp: SmtpConfig,
  secret: Secret | null,
  connection: SMTPConnection,
  signal: AbortSignal,
  stepMs: number,
): Step {
  let broken: unknown = null
  let onBroken: (error: unknown) => void = () => undefined
  const breaks = (error: unknown) => {
    broken ??= error
    onBroken(broken)
    connection.close()
  }
  const onAbort = () => breaks(signal.reason)
  connection.on('error', breaks)
  connection.on('end', () => {
    signal.removeEventListener('abort', onAbort)
    breaks({ code: 'ECONNECTION', message: 'closed' })
  })
  signal.addEventListener('abort', onAbort, { once: true })
  return async (start) => {
    const late = setTimeout(() => breaks({ code: 'ETIMEDOUT', message: 'out of time' }), stepMs)
    try {
      await new Promise<void>((resolve, reject) => {
        onBroken = reject
        if (signal.aborted) onAbort()
        if (broken !== null) reject(broken)
        else start((error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw smtpError(smtp, secret, error)
    } finally {
      clearTimeout(late)
    }
  }
}

function sessionOf(connection: SMTPConnection, step: Step): SmtpSession {
  return {
    send: ({ from, to }, octets) =>
      step((done) => connection.send({ from, to: [to], size: octets.length }, octets, (error) => done(error))),
    reset: () => step((done) => connection.reset((error) => done(error))),
    isUsable: () => !connection.destroyed,
    [Symbol.asyncDispose]: async () => {
      if (connection.destroyed) return
      const ended = new Promise<void>((resolve) => connection.once('end', resolve))
      connection.quit()
      const late = setTimeout(() => connection.close(), QUIT_MILLISECONDS)
      await ended.finally(() => clearTimeout(late))
    },
  }
}

/** Every mail was taken or refused before: QUIT is good manners only. */
const QUIT_MILLISECONDS = 2000

async function logIn(smtp: SmtpConfig, connection: SMTPConnection, secret: Secret, step: Step): Promise<void> {
  if (!connection.allowsAuth) throw unsupported(smtp, 'AUTH')
  if (secret.kind === 'access-token') {
    await step((done) => connection.login({ user: smtp.user, method: OURS }, (error) => done(error)))
    return
  }
  await step((done) => connection.login({ user: smtp.user, pass: secret.password }, (error) => done(error)))
}

/** A name that nodemailer does not know: by XOAUTH2 it would ask for a token by itself, or take PLAIN where that is offered. */
const OURS = 'MAILCHUTE-XOAUTH2'

/** In one line, as Microsoft documents it for SMTP. A refusal may come as a challenge, behind which is the reply. */
function xoauth2(user: string, token: string) {
  return async (context: AuthContext) => {
    const response = Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString('base64')
    const reply = await context.sendCommand(`AUTH XOAUTH2 ${response}`)
    const { status, response: words } = reply.status === 334 ? await context.sendCommand('') : reply
    if (status < 200 || status >= 300)
      throw Object.assign(new Error('refused'), { response: words, responseCode: status })
  }
}

interface AuthContext {
  sendCommand(command: string): Promise<{ readonly status: number; readonly response: string }>
}

function unsupported({ host, port }: SmtpConfig, wanted: string): MailchuteError {
  return new MailchuteError('outbound/auth-unsupported', `${host}:${port}: the server does not offer ${wanted}`, {
    context: { host, port, step: 'AUTH' },
  })
}
