/**
 * What a mail of ours about a ticket carries, signed, so that nobody can make one up for another's ticket: its
 * Message-ID, and the address that answers go to. Each says which ticket it is.
 *
 * `<t.NUMBER.OUTBOX.MAC@domain>` and `local+t.NUMBER.OUTBOX.MAC@domain` (a subaddress, RFC 5233): the same for the same
 * number, outbox row and key, whenever they are made. The MAC is HMAC-SHA-256 over number and row, cut to 128 bits
 * (RFC 2104 section 5), in an address to 80 for want of room; in hexadecimal, for mail systems change the case of both.
 * The domain is not signed: it is that of the sender and may change.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface TicketToken {
  readonly ticketNumber: number
  /** The row of the outbox that the mail went out for. */
  readonly outboxId: string
}

export interface TicketTokens {
  messageId(token: TicketToken, domain: string): string
  /** A subaddress of `address`; null: its local part would be longer than any mail system has to take. */
  address(token: TicketToken, address: string): string | null
  /** Of a msg-id or an address. null: none of ours, or not made with our keys. */
  verify(text: string): TicketToken | null
}

/** The first key signs, all of them verify: what went out before a rotation is still ours. Each has 32 octets. */
export function createTicketTokens(secretKeys: readonly Buffer[]): TicketTokens {
  const keys = secretKeys.map(macKeyOf)
  const signed = ({ ticketNumber, outboxId }: TicketToken, form: Form) => {
    const [key] = keys
    if (key === undefined) throw new Error('there is no key to sign with')
    return `t.${ticketNumber}.${outboxId}.${macOf(key, form, `${ticketNumber}.${outboxId}`).toString('hex')}`
  }
  return {
    messageId: (token, domain) => `<${signed(token, MSG_ID)}@${domain}>`,
    address: (token, address) => {
      const at = address.lastIndexOf('@')
      const local = `${address.slice(0, at)}+${signed(token, ADDRESS)}`
      return Buffer.byteLength(local) > LOCAL_PART_MAX_OCTETS ? null : `${local}${address.slice(at)}`
    },
    verify: (text) => {
      const form = formOf(text)
      const [, ticketNumber = '', outboxId = '', mac = ''] = form?.shape.exec(text) ?? []
      if (form === undefined) return null
      const given = Buffer.from(mac, 'hex')
      const isOurs = keys.some((key) => timingSafeEqual(macOf(key, form, `${ticketNumber}.${outboxId}`), given))
      return isOurs ? { ticketNumber: Number(ticketNumber), outboxId } : null
    },
  }
}

/** Looks like one of ours, whoever made it. */
export const isTokenShaped = (text: string): boolean => formOf(text) !== undefined

/** RFC 5321 section 4.5.3.1.1. */
const LOCAL_PART_MAX_OCTETS = 64

interface Form {
  /** Digits as we write them: no leading zero, so that one token has one spelling but for its case. */
  readonly shape: RegExp
  readonly macBytes: number
  /** What is signed before number and row: a MAC of one form is none of the other. */
  readonly label: string
}

const MSG_ID: Form = {
  shape: /^<t\.([1-9]\d{0,9})\.([1-9]\d{0,18})\.([0-9a-f]{32})@[^\s<>@]+>$/i,
  macBytes: 16,
  label: '',
}
const ADDRESS: Form = {
  shape: /\+t\.([1-9]\d{0,9})\.([1-9]\d{0,18})\.([0-9a-f]{20})@[^\s<>@]+$/i,
  macBytes: 10,
  label: 'address ',
}

const formOf = (text: string): Form | undefined => [MSG_ID, ADDRESS].find(({ shape }) => shape.test(text))

/** RFC 5869: a key of its own, so that nothing said here helps against what else the secret key protects. */
function macKeyOf(secretKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, '', 'mailchute ticket token 1', 32))
}

const macOf = (key: Buffer, { label, macBytes }: Form, text: string) =>
  createHmac('sha256', key).update(`${label}${text}`).digest().subarray(0, macBytes)
