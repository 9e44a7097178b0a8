import { addressedTo } from '../message/header/addressed-to.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { isTokenShaped, type TicketToken, type TicketTokens } from '../message/ticket-token.ts'
import type { NamedTicket } from '../store/tickets.ts'

/** Keys are read when a mail needs them: most do not. */
export type OpenTicketTokens = () => Promise<Pick<TicketTokens, 'verify'>>

type Mail = Pick<ParsedMessage, 'references' | 'inReplyTo' | 'subject' | 'header' | 'to' | 'cc'>

/** The tickets that a mail names, by a token of ours or by number in its subject: what counts more comes first. */
export async function namedTickets(openTokens: OpenTicketTokens, mail: Mail): Promise<NamedTicket[]> {
  const texts = [...mail.references.toReversed(), ...mail.inReplyTo, ...addressedTo(mail)]
  const signed = (await verified(openTokens, texts)).map(({ ticketNumber }) => ticketNumber)
  const written = numbersIn(mail.subject)
  return [
    ...[...new Set(signed)].map((number) => ({ by: 'token' as const, number })),
    ...[...new Set(written)].map((number) => ({ by: 'number' as const, number })),
  ]
}

const TOKENS_LIMIT = 20

/** Those of the texts that are tokens of ours. */
export async function verified(openTokens: OpenTicketTokens, texts: readonly string[]): Promise<TicketToken[]> {
  const shaped = [...new Set(texts)].filter(isTokenShaped).slice(0, TOKENS_LIMIT)
  if (shaped.length === 0) return []
  const tokens = await openTokens()
  return shaped.flatMap((text) => tokens.verify(text) ?? [])
}

/** As our acknowledgements write it. */
const NUMBER = /\[#([1-9]\d{0,9})\]/g
const NUMBERS_LIMIT = 5
/** `tickets.number` is an int4. */
const NUMBER_MAX = 2 ** 31 - 1

function numbersIn(subject: string): number[] {
  const all = [...subject.matchAll(NUMBER)].map(([, digits]) => Number(digits))
  return all.filter((number) => number <= NUMBER_MAX).slice(0, NUMBERS_LIMIT)
}
