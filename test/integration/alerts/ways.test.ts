import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { MailchuteError } from '../../../src/errors.ts'
import { mailAlert } from '../../../src/outbound/alerts/mail.ts'
import { postAlert } from '../../../src/outbound/alerts/webhook.ts'
import { wordsOf } from '../../../src/outbound/alerts/wording.ts'
import type { Telling } from '../../../src/store/alerts.ts'
import { never } from '../../support/alerting.ts'
import { deadPort, startSmtp } from '../../support/smtp-server.ts'

const TELLING: Telling = {
  code: 'mailbox/stands-still',
  subject: 'help',
  detail: { minutes: 31 },
  what: 'began',
  beganAt: new Date(0),
  endedAt: null,
  attempts: 1,
}

const WORDS = wordsOf(TELLING, 'https://mailchute.example.com')

async function startHook(status: number, headers: Record<string, string> = {}) {
  const bodies: { type: string | undefined; body: unknown }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push({ type: request.headers['content-type'], body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.writeHead(status, headers).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/canary`,
    bodies,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof MailchuteError ? error : null),
  )

describe('by webhook', () => {
  test('it is JSON with a text, as chats take it', async () => {
    await using hook = await startHook(200)
    await postAlert(hook.url, TELLING, WORDS, never)
    expect(hook.bodies).toEqual([
      {
        type: 'application/json',
        body: {
          text: expect.stringMatching(/^\[alert\] Mailbox help had no good poll for long \(minutes 31\)\nWhat to do: /),
          alert: {
            code: 'mailbox/stands-still',
            subject: 'help',
            state: 'began',
            beganAt: '1970-01-01T00:00:00.000Z',
            endedAt: null,
            detail: { minutes: 31 },
          },
        },
      },
    ])
  })

  test.each([400, 404, 500])('an answer of %d is a refusal, and no error names the URL', async (status) => {
    await using hook = await startHook(status)
    const error = await failureOf(postAlert(hook.url, TELLING, WORDS, never))
    expect(error).toMatchObject({ code: 'outbound/alert-refused', remedy: 'retry' })
    expect(error?.message).toBe(`the webhook answered ${status}`)
  })

  test('a redirect is not followed: who answers there is not who was set', async () => {
    await using elsewhere = await startHook(200)
    await using hook = await startHook(302, { location: elsewhere.url })
    expect(await failureOf(postAlert(hook.url, TELLING, WORDS, never))).toMatchObject({
      code: 'outbound/alert-refused',
    })
    expect(elsewhere.bodies).toEqual([])
  })

  test('nobody there', async () => {
    const error = await failureOf(postAlert(`http://127.0.0.1:${await deadPort()}/canary`, TELLING, WORDS, never))
    expect(error?.message).toBe('the webhook cannot be reached (ECONNREFUSED)')
  })
})

describe('by mail', () => {
  test('it goes over the SMTP server of a mailbox, and no program answers it (RFC 3834)', async () => {
    await using smtp = await startSmtp()
    const { mailboxes, alerts } = readConfig(
      {
        MAILBOX_HELP_URL: 'pop3://help%40example.com@127.0.0.1',
        MAILBOX_HELP_PASSWORD: 'p',
        MAILBOX_HELP_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
        MAILCHUTE_ALERT_MAIL_TO: 'a@ops.example, b@ops.example',
        MAILCHUTE_ALERT_MAIL_FROM_MAILBOX: 'HELP',
      },
      '/nonexistent',
    )
    const [mailbox] = mailboxes
    if (!mailbox?.smtp || alerts.tell?.kind !== 'mail') throw new Error('not set')
    const tokens = { accessToken: () => Promise.reject(new Error('asked for a token')) }
    await mailAlert(tokens, { to: alerts.tell.to, mailbox, smtp: mailbox.smtp }, WORDS, new Date(0), never)
    expect(smtp.mails.map(({ from, to }) => [from, to])).toEqual([
      ['help@example.com', ['a@ops.example']],
      ['help@example.com', ['b@ops.example']],
    ])
    const text = smtp.mails[0]?.octets.toString() ?? ''
    expect(text).toMatch(/^Subject: \[alert\] Mailbox help had no good poll for long\r$/m)
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(text).toContain('What to do: ')
    expect(text).toMatch(/^https:\/\/mailchute\.example\.com\/\r$/m)
  })
})
