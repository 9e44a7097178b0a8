/**
 * The POP3 client (RFC 1939, 2449, 2595, 3206, 5034): a mailbox as a `MailSession`.
 *
 * Guaranteed: one session is one connection; encrypted as configured or not at all; octets exactly as the server
 * holds them; QUIT only in `commit`; a message number is only ever used in the session that listed it (I2); every
 * failure is a typed error within the limits. Not offered: APOP, STAT, UTF8, a second try of anything.
 */
import type { Socket } from 'node:net'

import type { Account } from '../../config.ts'
import { dial, secure } from '../connection.ts'
import { sessionsOf } from '../sessions.ts'
import type { Connect, MailSession } from '../source.ts'
import { logIn } from './auth.ts'
import { askCapabilities, type Capabilities, windowOf } from './capabilities.ts'
import { POP3_LIMITS, type Pop3Limits } from './limits.ts'
import { Pipeline } from './pipeline.ts'
import { meaningOf } from './response-code.ts'
import type { Setting } from './setting.ts'
import { transactionOf } from './transaction.ts'

export function pop3(mailbox: Account, limits: Partial<Pop3Limits> = {}): Connect {
  return sessionsOf(mailbox, { ...POP3_LIMITS, ...limits }, openSession)
}

async function openSession(setting: Setting): Promise<MailSession> {
  const bare = await dial(setting)
  try {
    const isTls = setting.mailbox.security === 'tls'
    const socket = isTls ? await secure(bare, setting) : bare
    const { pipeline, capabilities, greeting } = await greet(socket, setting)
    await logIn(pipeline, capabilities, setting)
    if (capabilities !== null) askAgain(pipeline, setting)
    return transactionOf(pipeline, setting, { capabilities, greeting })
  } catch (error) {
    bare.destroy()
    throw error
  }
}

interface Greeted {
  readonly pipeline: Pipeline
  readonly capabilities: Capabilities
  readonly greeting: string
}

/** AUTHORIZATION state (RFC 1939 section 4), up to where it is safe to send credentials. */
async function greet(socket: Socket, setting: Setting): Promise<Greeted> {
  const pipeline = pipelineOver(socket, setting)
  const greeting = await readGreeting(pipeline, setting)
  const clear = await capabilitiesOf(pipeline, setting)
  if (setting.mailbox.security !== 'stls') return { pipeline, capabilities: clear, greeting }
  await startTls(pipeline, clear, setting)
  const encrypted = pipelineOver(await secure(pipeline.detach(), setting), setting)
  // What was said in clear text may have been said by anyone (RFC 2595 section 4).
  return { pipeline: encrypted, capabilities: await capabilitiesOf(encrypted, setting), greeting }
}

function pipelineOver(socket: Socket, { limits, failures, lifetime }: Setting): Pipeline {
  const pipeline = new Pipeline(socket, limits, failures)
  const onAbort = () => pipeline.fail(lifetime.reason())
  if (lifetime.signal.aborted) onAbort()
  else lifetime.signal.addEventListener('abort', onAbort, { once: true })
  return pipeline
}

async function readGreeting(pipeline: Pipeline, { limits, failures }: Setting): Promise<string> {
  const reply = await pipeline.send({ verb: 'greeting', line: null, replyMs: limits.greetingMs })
  if (reply.kind === 'ok') return reply.text
  const code = meaningOf(reply, 'source/server-busy')
  throw failures.failure(code, `the server refused: ${failures.quote(reply.text)}`, { verb: 'greeting' })
}

async function capabilitiesOf(pipeline: Pipeline, { limits, failures }: Setting): Promise<Capabilities> {
  const capabilities = await askCapabilities(pipeline, limits, failures)
  pipeline.window = windowOf(capabilities, limits)
  return capabilities
}

async function startTls(pipeline: Pipeline, capabilities: Capabilities, { failures }: Setting): Promise<void> {
  const unavailable = (message: string) => failures.failure('source/tls-unavailable', message, { verb: 'STLS' })
  if (capabilities !== null && !capabilities.has('STLS')) throw unavailable('not announced')
  const reply = await pipeline.send({ verb: 'STLS', line: 'STLS' })
  if (reply.kind !== 'ok') throw unavailable(`refused: ${failures.quote(reply.text)}`)
}

/** TRANSACTION state may offer other capabilities (RFC 2449 section 5). Not awaited: what follows is sent with it. */
function askAgain(pipeline: Pipeline, setting: Setting): void {
  // A failure of the connection is the answer to the next call as well.
  capabilitiesOf(pipeline, setting).catch(() => {})
}
