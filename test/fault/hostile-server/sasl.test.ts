import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { expectFailure, ignore, open, serve, withToken } from '../../support/hostile.ts'

describe('SASL', () => {
  const TOKEN = 'secret-token-0123456789-abcdefghijklmnopqrstuvwxyz'
  const response = Buffer.from(`user=anna\x01auth=Bearer ${TOKEN}\x01\x01`).toString('base64')
  const capabilities = ['SASL PLAIN XOAUTH2']

  test.each(['+', '+ '])('XOAUTH2 takes two lines behind an invitation %j', async (invitation) => {
    const answers = { AUTH: () => `${invitation}\r\n` }
    await using server = await serve({ capabilities, answers, otherwise: () => '+OK\r\n' })
    await using session = await open(server, withToken(TOKEN))
    expect(await session.list().catch(() => [])).toEqual([])
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'AUTH XOAUTH2', response])
  })

  test.each([
    ['+ eyJzdGF0dXMiOiI0MDEifQ==\r\n', ''],
    ['+\r\n', ''],
    ['-ERR Authentication failure: unknown user name or bad password.\r\n', null],
  ])('XOAUTH2 refused by %j is answered by %j', async (refusal, answer) => {
    const answers = { AUTH: () => '+\r\n', '': () => '-ERR [AUTH] failed\r\n' }
    await using server = await serve({ capabilities, answers, otherwise: () => refusal })
    await expectFailure(open(server, withToken(TOKEN)), 'source/credentials-refused')
    expect(server.lines.slice(2)).toEqual(answer === null ? [response] : [response, answer])
  })

  test('XOAUTH2 refused as Exchange refuses a line it does not like is no matter of credentials', async () => {
    const answers = { AUTH: () => '-ERR Protocol error. Connection is closed. 10\r\n' }
    await using server = await serve({ capabilities, answers })
    await expectFailure(open(server, withToken(TOKEN)), 'source/protocol-violation')
  })

  test('accepted without being asked for the token is a violation', async () => {
    await using server = await serve({ capabilities, answers: { AUTH: () => '+OK\r\n' } })
    await expectFailure(open(server, withToken(TOKEN)), 'source/protocol-violation')
    expect(server.lines).not.toContain(response)
  })

  test('PLAIN takes two lines where there is no USER (RFC 4616)', async () => {
    await using server = await serve({ capabilities, answers: { AUTH: () => '+ \r\n' }, otherwise: () => '+OK\r\n' })
    await using session = await open(server)
    await session.list().catch(ignore)
    const plain = Buffer.from('\0anna\0correct horse battery').toString('base64')
    expect(server.lines.slice(0, 3)).toEqual(['CAPA', 'AUTH PLAIN', plain])
  })

  test.each([
    (line: string) => `-ERR unknown command ${line}\r\n`,
    (line: string) => `-ERR unknown command ${line.slice(0, 30)}\r\n`,
    () => `-ERR bad token ${TOKEN}\r\n`,
    () => `-ERR bad token ${TOKEN.toUpperCase()}\r\n`,
    () => `-ERR bad token ${TOKEN.slice(7, 30)}\r\n`,
  ])('leaves no trace of the token in an error, even if the server repeats it (%#)', async (echo) => {
    await using server = await serve({
      capabilities,
      answers: { AUTH: () => '+\r\n' },
      otherwise: (_, line) => echo(line),
    })
    const error = await expectFailure(open(server, withToken(TOKEN)), 'source/credentials-refused')
    const traces = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join('\n')
    expect(traces.toLowerCase()).not.toContain(TOKEN.slice(7, 30))
    expect(traces).not.toContain(response.slice(0, 30))
    expect(error.context).toEqual({ host: '127.0.0.1', port: server.port, verb: 'AUTH' })
  })

  test('leaves no trace of a password either', async () => {
    await using server = await serve({ answers: { PASS: (_, line) => `-ERR not understood: ${line}\r\n` } })
    const error = await expectFailure(open(server), 'source/credentials-refused')
    expect(inspect(error, { depth: 10 }) + JSON.stringify(error)).not.toContain('horse')
  })
})
