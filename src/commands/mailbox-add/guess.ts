/** What an address tells of its mailbox. Guesses only: each is asked, or can be changed. */
import { isConsumerDomain } from '../../config/oauth-client.ts'

export type Kind = 'outlook' | 'microsoft-365' | 'gmail' | 'imap' | 'pop3'

const GMAIL = /^(gmail|googlemail)\.com$/

/** Servers of providers whose names do not follow from the address. */
const KNOWN_SERVERS: Readonly<Record<string, { readonly imap: string; readonly pop3: string }>> = {
  'gmx.de': { imap: 'imap.gmx.net', pop3: 'pop.gmx.net' },
  'gmx.net': { imap: 'imap.gmx.net', pop3: 'pop.gmx.net' },
  'gmx.com': { imap: 'imap.gmx.com', pop3: 'pop.gmx.com' },
  'web.de': { imap: 'imap.web.de', pop3: 'pop3.web.de' },
  't-online.de': { imap: 'secureimap.t-online.de', pop3: 'securepop.t-online.de' },
  'icloud.com': { imap: 'imap.mail.me.com', pop3: '' },
  'me.com': { imap: 'imap.mail.me.com', pop3: '' },
  'fastmail.com': { imap: 'imap.fastmail.com', pop3: 'pop.fastmail.com' },
  'yahoo.com': { imap: 'imap.mail.yahoo.com', pop3: 'pop.mail.yahoo.com' },
  'aol.com': { imap: 'imap.aol.com', pop3: 'pop.aol.com' },
  'orange.fr': { imap: 'imap.orange.fr', pop3: 'pop.orange.fr' },
  'zoho.com': { imap: 'imap.zoho.com', pop3: 'pop.zoho.com' },
}

export const domainOf = (address: string): string => address.split('@').at(-1)?.toLowerCase() ?? ''
export const isConsumerAddress = (address: string): boolean => isConsumerDomain(domainOf(address))

/** null: the domain does not say. */
export function kindOf(address: string): Kind | null {
  if (isConsumerAddress(address)) return 'outlook'
  return GMAIL.test(domainOf(address)) ? 'gmail' : null
}

export function serverOf(address: string, protocol: 'imap' | 'pop3'): string {
  const domain = domainOf(address)
  return KNOWN_SERVERS[domain]?.[protocol] || `${protocol === 'imap' ? 'imap' : 'pop'}.${domain}`
}

/** The part before the @, or what stands before a `+` in it. */
export function mailboxNameOf(address: string): string {
  return address.split(/[@+]/)[0]?.toLowerCase() ?? ''
}
