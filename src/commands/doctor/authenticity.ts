/** Whether it can be found out who wrote a mail: the DNS, and whose word is believed. */
import type { Config, MailboxConfig } from '../../config.ts'
import { createDns } from '../../ticketing/authenticity/dns.ts'
import type { Warning } from './report.ts'

/** Longer than a worker waits: somebody wants to know. */
const PATIENCE_MILLISECONDS = 4000

export async function checkDns({ dns }: Pick<Config, 'dns'>): Promise<string | Warning> {
  if (dns === null) return 'switched off: who vouches for a mail is not looked up'
  const asked = createDns({ ...dns, firstProbeMilliseconds: PATIENCE_MILLISECONDS })
  try {
    if (await asked.isAnswering()) return 'answers'
  } finally {
    asked.close()
  }
  return {
    said: 'it does not answer, or does not know the root: who wrote a mail stays unknown',
    todo: 'let this machine ask a name server, name one in MAILCHUTE_DNS, or set MAILCHUTE_DNS=off (docs/authenticity.md)',
  }
}

export function authenticityAdvice({ name, isMicrosoft, policy }: MailboxConfig): Warning[] {
  if (policy.authservIds.length > 0 || policy.receivedBy.length > 0) return []
  const prefix = `MAILBOX_${name.toUpperCase().replaceAll('-', '_')}`
  const microsoft = `set ${prefix}_AUTHSERV_ID=microsoft, unless a gateway stands before Microsoft (docs/authenticity.md)`
  const others =
    `set ${prefix}_AUTHSERV_ID to what its Authentication-Results begin with, or ${prefix}_RECEIVED_BY to the names of\n` +
    'its servers (docs/authenticity.md)'
  return [
    {
      said: 'whose word on the sender of a mail is believed is not set: signatures are looked at alone, and no forged mail counts as such',
      todo: isMicrosoft ? microsoft : others,
    },
  ]
}
