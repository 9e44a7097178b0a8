import { DEFAULT_POLICY } from '../../src/config/policy.ts'
import type { Account } from '../../src/config.ts'
import type { Peer } from './scripted-server.ts'

/** The settings of a mailbox on a scripted server. */
export function mailboxAt(port: number, settings: Partial<Account> = {}): Account {
  return {
    name: 'test',
    url: `pop3://anna@127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    security: 'plain',
    user: 'anna',
    credentials: { kind: 'password', password: 'correct horse battery' },
    protocol: 'pop3',
    source: 'pop3 127.0.0.1',
    isMicrosoft: false,
    folder: 'INBOX',
    endpoint: null,
    moveTo: null,
    smtp: null,
    acknowledge: null,
    policy: DEFAULT_POLICY,
    retention: { rawSeconds: null, contentSeconds: null },
    ca: null,
    schedule: '0 * * * * *',
    deleteAfterSeconds: 0,
    maxMessageBytes: 1_000_000,
    ...settings,
  }
}

export interface Script {
  readonly greeting?: string
  /** Lines of CAPA; null: the server knows no CAPA. */
  readonly capabilities?: readonly string[] | null
  /** Message `n` is the `n - 1`th. */
  readonly messages?: readonly Buffer[]
  /** Answers to commands in the server's own way, by verb; a string or buffer is sent, nothing else is done for undefined. */
  readonly answers?: Readonly<Record<string, Answer>>
  /** Answers to lines that are no command (SASL). */
  readonly otherwise?: Answer
}

export type Answer = (peer: Peer, line: string) => string | Buffer | undefined | Promise<string | Buffer | undefined>

/** A sane POP3 server but for what the script says. */
export async function speakPop3(peer: Peer, script: Script = {}): Promise<void> {
  if (script.greeting !== '') await peer.send(script.greeting ?? '+OK ready\r\n')
  for (let line = await peer.line(); line !== null; line = await peer.line()) {
    const [verb = ''] = line.split(' ')
    const answer = script.answers?.[verb] ?? SANE[verb]?.(script) ?? script.otherwise ?? (() => '-ERR unknown\r\n')
    const octets = await answer(peer, line)
    if (octets !== undefined) await peer.send(octets)
    if (verb === 'QUIT') return peer.end()
  }
}

/** As a server sends it: dot-stuffed, with the end mark. */
export function stuffed(message: Buffer): Buffer {
  const lines = message.toString('latin1').replace(/(^|\r\n)\./g, '$1..')
  return Buffer.from(`${lines.endsWith('\r\n') || lines === '' ? lines : `${lines}\r\n`}.\r\n`, 'latin1')
}

const ok: Answer = () => '+OK\r\n'

const SANE: Readonly<Record<string, (script: Script) => Answer>> = {
  CAPA:
    ({ capabilities = ['USER', 'TOP', 'UIDL'] }) =>
    () =>
      capabilities === null ? '-ERR unknown\r\n' : `+OK\r\n${capabilities.map((line) => `${line}\r\n`).join('')}.\r\n`,
  USER: () => ok,
  PASS: () => ok,
  DELE: () => ok,
  QUIT: () => ok,
  UIDL:
    ({ messages = [] }) =>
    () =>
      `+OK\r\n${messages.map((_, index) => `${index + 1} id-${index + 1}\r\n`).join('')}.\r\n`,
  LIST:
    ({ messages = [] }) =>
    () =>
      `+OK\r\n${messages.map(({ length }, index) => `${index + 1} ${length}\r\n`).join('')}.\r\n`,
  RETR:
    ({ messages = [] }) =>
    (_, line) =>
      reply(messages[argumentOf(line) - 1]),
  TOP:
    ({ messages = [] }) =>
    (_, line) =>
      reply(headerOf(messages[argumentOf(line) - 1])),
}

function argumentOf(line: string): number {
  return Number(line.split(' ')[1])
}

function reply(message: Buffer | undefined): Buffer | string {
  if (message === undefined) return '-ERR no such message\r\n'
  return Buffer.concat([Buffer.from('+OK\r\n'), stuffed(message)])
}

function headerOf(message: Buffer | undefined): Buffer | undefined {
  const end = message?.indexOf('\r\n\r\n') ?? -1
  return end === -1 ? message : message?.subarray(0, end + 4)
}
