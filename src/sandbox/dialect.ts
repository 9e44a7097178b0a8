import type { Manner } from './manners.ts'

/** What a server says of itself and how it puts things; what it does is the same in each (RFC 1939). */
export interface Dialect {
  readonly words: Readonly<Record<Word, string>>
  /** Whether `+OK` is followed by a remark where it need not be. */
  readonly isTalkative: boolean
  /** Asks for the response of a SASL exchange. */
  readonly invitation: string
  /** Lines of CAPA. */
  capabilities(state: { readonly pipelining: boolean; readonly mayStartTls: boolean }): readonly string[]
  readonly takesPasswords: boolean
  /** A longer command line, its end included, is refused and the connection closed. */
  readonly commandOctets: number
  /** Manners that it always has. */
  readonly manners: readonly Manner[]
}

export type Word =
  | 'ready'
  | 'loggedIn'
  | 'loginRefused'
  | 'wrongState'
  | 'unknownCommand'
  | 'noSuchMessage'
  | 'notConverted'
  | 'protocolError'
  | 'bye'

/** The sandbox's own: RFC 2449 and 3206 as they should be. */
export const PLAIN_DIALECT: Dialect = {
  words: {
    ready: 'Mailchute sandbox ready',
    loggedIn: 'logged in',
    loginRefused: '[AUTH] authentication failed',
    wrongState: 'not in this state',
    unknownCommand: 'unknown command',
    noSuchMessage: 'no such message',
    notConverted: 'cannot convert',
    protocolError: 'Protocol error. Connection is closed. 10',
    bye: 'bye',
  },
  isTalkative: true,
  invitation: '+ ',
  capabilities: ({ pipelining, mayStartTls }) => [
    ...['TOP', 'UIDL', 'USER', 'RESP-CODES', 'AUTH-RESP-CODE', 'SASL PLAIN XOAUTH2'],
    ...(pipelining ? ['PIPELINING'] : []),
    ...(mayStartTls ? ['STLS'] : []),
    'IMPLEMENTATION Mailchute-Sandbox',
  ],
  takesPasswords: true,
  commandOctets: Number.POSITIVE_INFINITY,
  manners: [],
}
