import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Arrival, listenForRedirect, type RedirectListener } from '../../../src/commands/redirect-listener.ts'

const STATE = 'a-state'
const END = `/?code=the-code&state=${STATE}`

let listener: RedirectListener
let arrival: Promise<Arrival>
beforeEach(async () => {
  listener = await listenForRedirect(0)
  arrival = listener.arrival('/', STATE)
})
afterEach(() => listener[Symbol.asyncDispose]())

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

function ask(path: string, host = `localhost:${listener.port}`, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: listener.port, path, method, headers: { Host: host } },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
      },
    )
    asked.on('error', reject).end()
  })
}

describe('what waits for the end of a login', () => {
  test('takes the first redirect of this login, and holds its page until it is known what became of it', async () => {
    const page = ask(END)
    const { redirect, reply } = await arrival
    expect(redirect).toEqual({ kind: 'code', code: 'the-code' })
    expect((await ask(END)).status).toBe(404)
    await reply(true, 'It <works> & "lasts".')
    const { status, headers, text } = await page
    expect(status).toBe(200)
    expect(text).toContain('It &#60;works&#62; &#38; &#34;lasts&#34;.')
    expect(text).not.toMatch(/<script|the-code/)
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      ...{ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
    })
  })

  test.each([
    ['another path', '/favicon.ico', 404],
    ['the path without a query', '/', 404],
    ['another login', '/?code=the-code&state=guessed', 400],
    ['no state (RFC 6749 section 10.12)', '/?code=the-code', 400],
  ])('turns away %s, and waits on', async (_, path, status) => {
    expect((await ask(path)).status).toBe(status)
    const page = ask(END)
    await (await arrival).reply(false, 'no')
    expect((await page).text).toContain('<h1>Not logged in</h1>')
  })

  test('turns away other methods, and names that only point here (DNS rebinding)', async () => {
    expect((await ask(END, `localhost:${listener.port}`, 'POST')).status).toBe(404)
    expect((await ask(END, 'attacker.example')).status).toBe(404)
    expect((await ask(END, `attacker.example:${listener.port}`)).status).toBe(404)
  })

  test('hears this machine only', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of others) {
      const refused = await new Promise((resolve) => {
        connect(listener.port, address)
          .once('connect', () => resolve(false))
          .once('error', () => resolve(true))
      })
      expect({ address, refused }).toEqual({ address, refused: true })
    }
  })

  test('says so where its port is taken', async () => {
    await expect(listenForRedirect(listener.port)).rejects.toMatchObject({
      code: 'usage/invalid',
      hint: expect.stringContaining('--port'),
    })
  })
})
