import { beforeAll, describe, expect, test } from 'vitest'
import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { expectFailure, first, flushed, ignore, MAIL, open, serve, sha256 } from '../../support/hostile.ts'
import { type Script, speakPop3 } from '../../support/scripted-pop3.ts'
import { type Peer, scriptedServer } from '../../support/scripted-server.ts'

describe('encryption', () => {
  let certificate: Certificate
  let elsewhere: Certificate
  beforeAll(async () => {
    certificate = await makeCertificate('DNS:localhost,IP:127.0.0.1')
    elsewhere = await makeCertificate('DNS:mail.example.com')
  })
  const secured = (security: 'tls' | 'stls', ca: string | null) => ({ security, ca })
  const withStls = (script: Script = {}): Script => ({ capabilities: ['STLS', 'USER'], ...script })

  test('is verified against the authority that is set, host name included', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer, { messages: [MAIL] }), certificate)
    await using session = await open(server, secured('tls', certificate.ca))
    expect((await session.retrieve(first(await session.list()), ignore)).sha256).toBe(sha256(MAIL))
    await expectFailure(open(server, secured('tls', null)), 'source/tls-untrusted')
    const error = await expectFailure(open(server, secured('tls', elsewhere.ca)), 'source/tls-untrusted')
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('with a certificate for another host is refused before a word is said', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer), elsewhere)
    await expectFailure(open(server, secured('tls', elsewhere.ca)), 'source/tls-untrusted')
    expect(server.lines).toEqual([])
  })

  test('with an authority that is no certificate is refused', async () => {
    await using server = await scriptedServer((peer) => speakPop3(peer), certificate)
    await expectFailure(open(server, secured('tls', 'nonsense')), 'source/tls-untrusted')
  })

  test('older than TLS 1.2 is refused (RFC 8996)', async () => {
    const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const
    await using server = await scriptedServer(async (peer) => {
      peer.startTls(certificate, old)
      await peer.gone
    })
    await expectFailure(open(server, secured('tls', certificate.ca)), 'source/tls-unavailable')
  })

  test('that the server does not speak is told apart', async () => {
    await using server = await serve({})
    await expectFailure(open(server, secured('tls', certificate.ca)), 'source/tls-unavailable')
    expect(server.lines.join()).not.toContain('USER')
  })

  test('by STLS asks for the capabilities again, and believes those (RFC 2595 section 4)', async () => {
    let isEncrypted = false
    await using server = await scriptedServer((peer) =>
      speakPop3(peer, {
        answers: {
          CAPA: () => (isEncrypted ? '+OK\r\nSASL PLAIN\r\n.\r\n' : '+OK\r\nSTLS\r\nUSER\r\nPIPELINING\r\n.\r\n'),
          STLS: async () => {
            await peer.send('+OK\r\n')
            peer.startTls(certificate)
            isEncrypted = true
            return undefined
          },
          AUTH: () => '+ \r\n',
        },
        otherwise: () => '+OK\r\n',
      }),
    )
    await using session = await open(server, secured('stls', certificate.ca))
    await session.list().catch(ignore)
    expect(server.lines.slice(0, 4)).toEqual(['CAPA', 'STLS', 'CAPA', 'AUTH PLAIN'])
  })

  test.each<[string, Script]>([
    ['not announced', { capabilities: ['USER'] }],
    ['refused', { capabilities: ['STLS'], answers: { STLS: () => '-ERR no\r\n' } }],
    ['refused by a server without CAPA', { capabilities: null, answers: { STLS: () => '-ERR no\r\n' } }],
  ])('by STLS, %s, is never given up for clear text', async (_, script) => {
    await using server = await serve(script)
    await expectFailure(open(server, secured('stls', certificate.ca)), 'source/tls-unavailable')
    expect(server.lines.join()).not.toMatch(/USER|PASS|AUTH/)
  })

  test('by STLS ends where clear text was slipped in before it, in the same segment or behind it', async () => {
    for (const isSeparate of [false, true]) {
      const answers = {
        STLS: async (peer: Peer) => {
          if (!isSeparate) return '+OK\r\n+OK injected\r\n'
          await peer.send('+OK\r\n')
          await flushed()
          return '+OK injected\r\n'
        },
      }
      await using server = await serve(withStls({ answers }))
      await expectFailure(open(server, secured('stls', certificate.ca)), 'source/protocol-violation')
      expect(server.lines.join()).not.toMatch(/USER|PASS|AUTH/)
    }
  })

  test('by STLS with a certificate for another host is refused', async () => {
    await using server = await scriptedServer((peer) =>
      speakPop3(peer, {
        capabilities: ['STLS'],
        answers: {
          STLS: async () => {
            await peer.send('+OK\r\n')
            peer.startTls(elsewhere)
            return undefined
          },
        },
      }),
    )
    await expectFailure(open(server, secured('stls', elsewhere.ca)), 'source/tls-untrusted')
    expect(server.lines).toEqual(['CAPA', 'STLS'])
  })
})
