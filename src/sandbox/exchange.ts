/**
 * The sandbox with the manners of Exchange Online's POP3 service, as far as they are known: two-line XOAUTH2 and
 * nothing else, no PIPELINING, no response codes, one text for every refused login, sizes that are estimates. What it
 * does only now and then (being unavailable, failing to convert a message) are manners to be asked for.
 *
 * From observed sessions: greeting, CAPA, and the texts of a refused login, a throttled command and a protocol error.
 * The other texts are made up in their style.
 */
import { createHash } from 'node:crypto'
import type { Dialect } from './dialect.ts'
import type { SandboxMessage } from './mailbox.ts'
import { delay, type Manner } from './manners.ts'
import { createRandom } from './random.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from './server.ts'

export type ExchangeOptions = Omit<SandboxOptions, 'dialect' | 'pipelining' | 'exclusive'>

export function startExchange(options: ExchangeOptions): Promise<Sandbox> {
  return startSandbox({ ...options, dialect: EXCHANGE_DIALECT, pipelining: false })
}

/** It sends the name in UTF-16. */
const SERVER_NAME = Buffer.from('AM0PR01CA0001.EURPRD01.PROD.EXCHANGELABS.COM', 'utf16le').toString('base64')
/** MaxCommandSize, by default; at most 1024. The response of a SASL exchange is no command. */
const COMMAND_OCTETS = 512

export const EXCHANGE_DIALECT: Dialect = {
  words: {
    ready: `The Microsoft Exchange POP3 service is ready. [${SERVER_NAME}]`,
    loggedIn: 'User successfully authenticated.',
    loginRefused: 'Authentication failure: unknown user name or bad password.',
    wrongState: 'Command is not valid in this state.',
    unknownCommand: 'Protocol error. 14',
    noSuchMessage: 'The specified message is out of range.',
    notConverted: 'The message cannot be retrieved.',
    protocolError: 'Protocol error. Connection is closed. 10',
    bye: 'Microsoft Exchange POP3 server signing off.',
  },
  isTalkative: false,
  invitation: '+',
  capabilities: () => ['TOP', 'UIDL', 'SASL PLAIN XOAUTH2', 'USER'],
  takesPasswords: false,
  commandOctets: COMMAND_OCTETS,
  manners: [{ listedSize: estimated }],
}

/** What a message takes in its store, which is none of MIME: sometimes less, mostly more. */
function estimated(sizeBytes: number): number {
  return Math.ceil((sizeBytes * (0.8 + (sizeBytes % 7) / 10)) / 64) * 64
}

export interface Unavailability {
  readonly seed: number
  /** How often, from 0 to 1, a right login is answered so. */
  readonly atLogon?: number
  /** How often any command of a session is. */
  readonly whileFetching?: number
  /** How often it hangs up after that. */
  readonly hangsUp?: number
}

/** `-ERR Server Unavailable. 21`, at random, and at the same commands for the same seed. */
export function unavailable({ seed, atLogon = 0, whileFetching = 0, hangsUp = 0 }: Unavailability): Manner {
  const random = createRandom(seed)
  const happens = (often: number) => random.between(0, 1) < often
  return {
    refusal: () => (happens(atLogon) ? UNAVAILABLE : undefined),
    fate: ({ verb }) =>
      FETCHING.has(verb) && happens(whileFetching)
        ? { kind: 'reply', octets: [Buffer.from(`-ERR ${UNAVAILABLE}\r\n`)], hangsUp: happens(hangsUp) }
        : undefined,
  }
}

export const UNAVAILABLE = 'Server Unavailable. 21'
const FETCHING = new Set(['UIDL', 'LIST', 'TOP', 'RETR', 'DELE', 'QUIT'])

/** The first logon to a mailbox goes through a proxy and takes seconds. */
export function slowLogon(milliseconds: number): Manner {
  return delay({ verb: 'AUTH' }, milliseconds)
}

/** These messages cannot be made into MIME, by their own unique-ids: RETR and TOP are refused. */
export function refuseConversion(uniqueIds: readonly string[]): Manner {
  return { conversion: ({ uniqueId }) => (uniqueIds.includes(uniqueId) ? 'fails' : undefined) }
}

/** A notice comes in place of these messages, which stay as they are. */
export function substitute(uniqueIds: readonly string[]): Manner {
  return { conversion: (message) => (uniqueIds.includes(message.uniqueId) ? noticeOf(message) : undefined) }
}

function noticeOf({ uniqueId }: SandboxMessage): Buffer {
  return Buffer.from(
    [
      'From: "Microsoft Exchange" <noreply@exchange.example>',
      `Subject: Retrieval using the POP3 protocol failed for the following message:\r\n ${uniqueId}`,
      'Content-Type: text/plain; charset=us-ascii',
      '',
      'The server could not retrieve the following message.',
      'The message has not been deleted. You might be able to view it in Outlook on the web.',
      '',
    ].join('\r\n'),
  )
}

/** The mailbox was moved to another server, for the so-manieth time: other unique-ids for the same messages. */
export function moved(times: number): Manner {
  return { uniqueId: ({ uniqueId }) => createHash('sha1').update(`${times} ${uniqueId}`).digest('hex') }
}

/** The server's software changed: the same messages in other octets. */
export function converted(convert: (octets: Buffer) => Buffer): Manner {
  return { conversion: ({ octets }) => (Buffer.isBuffer(octets) ? convert(octets) : undefined) }
}
