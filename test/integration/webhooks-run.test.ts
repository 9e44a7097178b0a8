import { Webhook } from 'standardwebhooks'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, run, runJson, start } from '../support/program.ts'
import { startMailbox } from '../support/sandbox.ts'
import { answer, startReceiver } from '../support/webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`

beforeAll(buildProgram, 300_000)

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

async function openDesk() {
  const receiver = await startReceiver()
  const mailbox = await startMailbox([])
  opened.push(
    async () => await receiver[Symbol.asyncDispose](),
    async () => await mailbox[Symbol.asyncDispose](),
  )
  const env = {
    ...mailbox.env('schedule=*+*+*+*+*+*'),
    DATABASE_URL: await createDatabase(),
    LOG_LEVEL: 'trace',
    HTTP_PORT: '0',
    CONSOLE_TOKEN: 'token',
    MAILCHUTE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    MAILCHUTE_WEBHOOK_CRM_URL: receiver.url,
    MAILCHUTE_WEBHOOK_CRM_SECRET: SECRET,
  }
  return { receiver, mailbox, env }
}

describe('the worker', () => {
  test('tells a webhook of a new ticket within seconds, and logs no secret (I9)', async () => {
    const { receiver, mailbox, env } = await openDesk()
    const running = start(['run'], env)
    opened.push(async () => {
      running.child.kill('SIGKILL')
      await running.ended
    })
    await running.line(({ event }) => event === 'poll.finished')
    receiver.behave = answer(503)
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    await receiver.until(1)
    const [only] = receiver.received
    new Webhook(SECRET).verify(only?.body ?? '', only?.headers as Record<string, string>)
    expect(only?.json).toMatchObject({ type: 'ticket.created', data: { mailbox: 'test', ticket: { number: 1 } } })
    await running.line(({ event }) => event === 'webhook.failed')
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect([code, logLines(stderr).at(-1)?.event]).toEqual([0, 'worker.stopped'])
    for (const secret of [SECRET, SECRET.slice(6), 'url-canary', 'Carla', 'About first']) {
      expect(stderr).not.toContain(secret)
    }
  })
})

describe('a receiver that takes its time', () => {
  test('does not keep the worker from telling another one of what comes meanwhile', async () => {
    const { receiver, mailbox, env } = await openDesk()
    const other = await startReceiver()
    opened.push(async () => await other[Symbol.asyncDispose]())
    const settings = { ...env, MAILCHUTE_WEBHOOK_SHOP_URL: other.url, MAILCHUTE_WEBHOOK_SHOP_SECRET: SECRET }
    const running = start(['run'], settings)
    opened.push(async () => {
      running.child.kill('SIGKILL')
      await running.ended
    })
    await running.line(({ event }) => event === 'poll.finished')
    receiver.behave = () => undefined
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    await Promise.all([receiver.until(1), other.until(1)])
    mailbox.mailbox.deliver(mail({ id: 'second' }))
    await other.until(2)
    expect([
      receiver.received.length,
      logLines(running.stderr()).filter(({ event }) => event === 'webhook.failed'),
    ]).toEqual([1, []])
  })
})

describe('a drain', () => {
  test('tells of what it brought, and `outbox` lists it and sends it again', async () => {
    const { receiver, mailbox, env } = await openDesk()
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    expect((await run(['drain'], env)).code).toBe(0)
    expect(receiver.received.map(({ json }) => json.type)).toEqual(['ticket.created'])
    const listed = await runJson(['outbox', '--json'], env)
    expect(listed).toMatchObject([{ target: 'webhook:crm', state: 'sent', ticket: 1, attempts: 1 }])
    const id = String((listed as { id: string }[])[0]?.id)
    expect((await run(['outbox'], env)).stdout.toString()).toMatch(/webhook:crm .* sent/)
    expect((await run(['outbox', 'replay', id], env)).code).toBe(0)
    expect((await run(['outbox', 'replay', id], env)).code).toBe(64)
    expect((await run(['outbox', 'replay', '999'], env)).code).toBe(64)
    expect((await run(['drain'], env)).code).toBe(0)
    expect(receiver.received).toHaveLength(2)
    expect(receiver.received[1]?.headers['webhook-id']).toBe(receiver.received[0]?.headers['webhook-id'])
    expect((await run(['audit', 'balance'], env)).code).toBe(0)
  })
})
