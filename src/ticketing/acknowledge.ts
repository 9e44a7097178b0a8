/**
 * Whether the opening of a ticket is acknowledged to who wrote, and to which address. Pure.
 *
 * RFC 3834 section 4: the answer goes to whom the mail came from, never to where Reply-To points: that field is the
 * writer's free choice, and would make us write to strangers at anybody's wish. It goes to the From address, which is
 * who is on the ticket, and never where that fails DMARC. Where nobody vouches for it, the envelope sender (Return-Path),
 * as far as it was noted, has to be of the same domain: a mail that was sent from elsewhere in somebody's name is not
 * answered to that somebody. What forwarders make of an envelope sender (SRS) proves nothing: anybody can write it.
 */
import type { Trust } from '../message/authenticity/authenticity.ts'
import type { ParsedMessage } from '../message/parsed-message.ts'
import type { Acknowledgement } from '../store/tickets.ts'

/** What a worker knows of the mailboxes that are set where it runs. */
export interface Acknowledging {
  /** Unknown where the mailbox is not set here: then whoever sends decides, who has to know it anyway. */
  isSwitchedOn(mailboxId: string): boolean | 'unknown'
  /** An address that we receive mail at or send from. */
  isOwn(address: string): boolean
}

export const NOTHING_ACKNOWLEDGED: Acknowledging = { isSwitchedOn: () => false, isOwn: () => false }

type Mail = Pick<ParsedMessage, 'mayAnswer' | 'reason' | 'returnPath' | 'language' | 'from' | 'defects'>

/** undefined: acknowledgements are switched off. */
export function acknowledgementOf(
  acknowledging: Acknowledging,
  mailboxId: string,
  mail: Mail,
  trust: Trust,
  isNewTicket: boolean,
): Acknowledgement | undefined {
  if (acknowledging.isSwitchedOn(mailboxId) === false) return undefined
  const refusal = refusalOf(acknowledging, mail, trust, isNewTicket)
  if (refusal !== null) return { refusal }
  return { recipient: mail.from[0]?.address ?? '', language: mail.language }
}

function refusalOf({ isOwn }: Acknowledging, mail: Mail, trust: Trust, isNewTicket: boolean): string | null {
  const address = mail.from[0]?.address ?? ''
  if (!isNewTicket) return 'acknowledge/no-new-ticket'
  if (!mail.mayAnswer) return mail.reason
  if (mail.defects.includes('from-substituted') || !address.includes('@')) return 'acknowledge/no-from-address'
  if (isOwn(address)) return 'acknowledge/own-mailbox'
  if (trust === 'failed') return 'acknowledge/sender-not-authentic'
  if (trust === 'verified' || mail.returnPath === null || isOfOneHouse(address, mail.returnPath)) return null
  return 'acknowledge/return-path-differs'
}

/** The same domain, or one below the other, or two below a third: mail.example.com and bounces.example.com. */
function isOfOneHouse(one: string, other: string): boolean {
  const [mine, theirs] = [domainOf(one), domainOf(other)]
  if (mine === theirs || mine.endsWith(`.${theirs}`) || theirs.endsWith(`.${mine}`)) return true
  const parent = parentOf(mine)
  return parent.includes('.') && parent === parentOf(theirs) && !isPublicSuffix(parent)
}

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1).toLowerCase()
const parentOf = (domain: string) => domain.slice(domain.indexOf('.') + 1)

/** Under co.uk or com.au everybody has a domain: two short labels. No more is needed, for this errs towards silence. */
const isPublicSuffix = (domain: string) => /^[a-z]{2,3}\.[a-z]{2}$/.test(domain)
