/**
 * What the tests of the POP3 client against servers that do wrong, by accident or on purpose, have in common.
 * (An unhandled rejection anywhere fails the run by itself: vitest sees to it.)
 */
import { createHash } from 'node:crypto'

import { expect } from 'vitest'

import type { Account } from '../../src/config.ts'
import { MailchuteError } from '../../src/errors.ts'
import type { Pop3Limits } from '../../src/source/pop3/limits.ts'
import { pop3 } from '../../src/source/pop3/session.ts'
import type { MailSession, RemoteMessage } from '../../src/source/source.ts'
import { mailboxAt, type Script, speakPop3 } from './scripted-pop3.ts'
import { type Peer, type ScriptedServer, scriptedServer } from './scripted-server.ts'

/** For what waits in vain. Anything else has the limits of the product, so that no busy machine makes it fail. */
export const SHORT: Partial<Pop3Limits> = {
  handshakeMs: 1_000,
  greetingMs: 1_000,
  replyMs: 1_000,
  loginReplyMs: 1_000,
  quitMs: 1_000,
  idleMs: 1_000,
  replyGraceMs: 2_000,
}
/** How long a failure may take at most; below the limits of the product, so that one that waits for them is seen. */
export const BOUND_MS = 20_000
export const PIPELINING = ['USER', 'TOP', 'UIDL', 'PIPELINING']
export const MAIL = Buffer.from('Subject: a\r\n\r\n.dots\r\n..\r\ntext\r\n')

export function serve(script: Script): Promise<ScriptedServer> {
  return scriptedServer((peer) => speakPop3(peer, script))
}

export function open(
  server: ScriptedServer,
  settings: Partial<Account> = {},
  limits: Partial<Pop3Limits> = {},
): Promise<MailSession> {
  return pop3(mailboxAt(server.port, settings), limits)(new AbortController().signal)
}

export function withToken(token: string): Partial<Account> {
  return { credentials: { kind: 'access-token', token } }
}

/** The one typed error, in bounded time. */
export async function expectFailure(outcome: Promise<unknown>, code: string): Promise<MailchuteError> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('nothing in time'), BOUND_MS)
  const thrown = await Promise.race([outcome.then(() => 'success'), late.promise]).catch((error: unknown) => error)
  clearTimeout(timer)
  expect(thrown).toBeInstanceOf(MailchuteError)
  expect(thrown).toMatchObject({ code })
  if (!(thrown instanceof MailchuteError)) throw new Error('not a typed error')
  return thrown
}

export async function endless(peer: Peer, part: string): Promise<undefined> {
  await peer.send('+OK\r\n')
  while (!peer.socket.destroyed) {
    await peer.send(part)
    await flushed()
  }
  return undefined
}

/** Time for what was written to arrive: two turns of the event loop which both ends share. */
export async function flushed(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export function delayed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

export function first(messages: readonly RemoteMessage[]): RemoteMessage {
  return existing(messages[0])
}

export function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such message')
  return value
}

export function ignore(): undefined {
  return undefined
}

export function sha256(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex')
}
