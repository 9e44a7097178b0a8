import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Account } from '../../../src/config.ts'
import { pop3 } from '../../../src/source/pop3/session.ts'
import { type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { describeSource, type SourceServer } from './describe-source.ts'

describeSource('POP3 with Dovecot, implicit TLS and a password', () => dovecotSource('tls'))
describeSource('POP3 with Dovecot, STLS and an access token', () => dovecotSource('stls'))
describeSource('POP3 with Dovecot in clear text, one command at a time', () => dovecotSource('plain', 1))

async function dovecotSource(security: Account['security'], window = 64): Promise<SourceServer> {
  const dovecot = await startDovecot()
  return {
    async mailbox(user) {
      const token = dovecot.accessToken(user)
      const settings = security === 'stls' ? { credentials: { kind: 'access-token', token } as const } : {}
      return {
        connect: pop3(dovecot.mailbox(user, security, settings), { window }),
        put: (messages) => dovecot.deliver(user, messages),
        count: async () => (await dovecot.files(user)).length,
        asGiven: withNetworkLineEnds,
      }
    },
    [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose](),
  }
}

/** Dovecot gives every bare LF its CR, and the message a line end at its end. */
function withNetworkLineEnds(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n')
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1')
}

describe('Dovecot', () => {
  let dovecot: Dovecot
  beforeAll(async () => {
    dovecot = await startDovecot()
  }, 300_000)
  afterAll(() => dovecot[Symbol.asyncDispose]())

  const connect = (mailbox: Account) => pop3(mailbox)(new AbortController().signal)

  test('refuses a wrong password, and the error does not hold it', async () => {
    const credentials = { kind: 'password', password: 'wrong-and-secret' } as const
    const error = await connect(dovecot.mailbox('anna', 'tls', { credentials })).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source/credentials-refused' })
    expect(String(error) + JSON.stringify(error)).not.toContain('wrong-and-secret')
  })

  test('refuses an expired token by a challenge (RFC 7628 section 3.2.3)', async () => {
    const credentials = { kind: 'access-token', token: dovecot.accessToken('anna', -60) } as const
    await expect(connect(dovecot.mailbox('anna', 'tls', { credentials }))).rejects.toMatchObject({
      code: 'source/credentials-refused',
    })
  })

  test('is not trusted without its authority', async () => {
    await expect(connect(dovecot.mailbox('anna', 'stls', { ca: null }))).rejects.toMatchObject({
      code: 'source/tls-untrusted',
    })
  })
})
