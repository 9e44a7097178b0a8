/**
 * The Message-ID of a mail of ours about a ticket: it says which ticket, signed, so that nobody can make one up for
 * another's ticket. An answer finds its ticket by the thread that the msg-id was put into when it was sent;
 * `verify` is for whoever finds no such thread, and nobody asks it yet.
 *
 * `<t.NUMBER.OUTBOX.MAC@domain>`: the same for the same number, outbox row and key, whenever it is made. The MAC is
 * HMAC-SHA-256 over number and row, cut to 128 bits (RFC 2104 section 5), in hexadecimal, for some mail systems change
 * the case of msg-ids. The domain is not signed: it is that of the sender and may change.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface TicketToken {
  readonly ticketNumber: number
  /** The row of the outbox that the mail went out for. */
  readonly outboxId: string
}

export interface TicketTokens {
  messageId(token: TicketToken, domain: string): string
  /** null: none of ours, or not made with our keys. */
  verify(messageId: string): TicketToken | null
}

/** The first key signs, all of them verify: what went out before a rotation is still ours. Each has 32 octets. */
export function createTicketTokens(secretKeys: readonly Buffer[]): TicketTokens {
  const keys = secretKeys.map(macKeyOf)
  return {
    messageId: ({ ticketNumber, outboxId }, domain) => {
      const [key] = keys
      if (key === undefined) throw new Error('there is no key to sign with')
      return `<t.${ticketNumber}.${outboxId}.${macOf(key, `${ticketNumber}.${outboxId}`).toString('hex')}@${domain}>`
    },
    verify: (messageId) => {
      const [, ticketNumber = '', outboxId = '', mac = ''] = SHAPE.exec(messageId) ?? []
      if (mac === '') return null
      const given = Buffer.from(mac, 'hex')
      const isOurs = keys.some((key) => timingSafeEqual(macOf(key, `${ticketNumber}.${outboxId}`), given))
      return isOurs ? { ticketNumber: Number(ticketNumber), outboxId } : null
    },
  }
}

/** Digits as we write them: no leading zero, so that one token has one spelling but for the case of its MAC. */
const SHAPE = /^<t\.([1-9]\d{0,9})\.([1-9]\d{0,18})\.([0-9a-f]{32})@[^\s<>@]+>$/i

const MAC_BYTES = 16

/** RFC 5869: a key of its own, so that nothing said here helps against what else the secret key protects. */
function macKeyOf(secretKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, '', 'mailchute ticket token 1', 32))
}

const macOf = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest().subarray(0, MAC_BYTES)
