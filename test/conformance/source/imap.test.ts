import type { Account } from '../../../src/config.ts'
import { imap } from '../../../src/source/imap/session.ts'
import { startDovecot } from '../../support/dovecot.ts'
import { describeSource, type SourceServer } from './describe-source.ts'

describeSource('IMAP with Dovecot, implicit TLS and a password', () => dovecotSource('tls'))
describeSource('IMAP with Dovecot, STARTTLS and an access token', () => dovecotSource('stls'))
describeSource('IMAP with Dovecot in clear text, in small pieces', () => dovecotSource('plain', 1000))

async function dovecotSource(security: Account['security'], pieceOctets?: number): Promise<SourceServer> {
  const dovecot = await startDovecot()
  return {
    async mailbox(user) {
      const token = dovecot.accessToken(user)
      const settings = security === 'stls' ? { credentials: { kind: 'access-token', token } as const } : {}
      return {
        connect: imap(
          dovecot.mailbox(user, security, { protocol: 'imap', ...settings }),
          pieceOctets === undefined ? {} : { pieceOctets },
        ),
        put: (messages) => dovecot.deliver(user, messages),
        count: async () => (await dovecot.files(user)).length,
        asGiven: withNetworkLineEnds,
      }
    },
    [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose](),
  }
}

/** Dovecot gives every bare LF its CR; a last line without an end stays so. */
function withNetworkLineEnds(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n'), 'latin1')
}
