import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { headerOf } from '../support/acknowledging.ts'
import { type Certificate, makeCertificate } from '../support/certificate.ts'
import { mail } from '../support/mails.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, type Running, run, start } from '../support/program.ts'
import { startMailbox, type TestMailbox } from '../support/sandbox.ts'
import { startSmtp, type TestSmtp } from '../support/smtp-server.ts'

const PASSWORD = 'an SMTP password that nobody may see'
const SECRET_KEY = Buffer.alloc(32, 7).toString('base64')

let certificate: Certificate
beforeAll(async () => {
  await buildProgram()
  certificate = await makeCertificate('IP:127.0.0.1')
}, 300_000)

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

interface Desk {
  readonly smtp: TestSmtp
  readonly mailbox: TestMailbox
  readonly env: Record<string, string>
}

async function openDesk(): Promise<Desk> {
  const smtp = await startSmtp({ security: 'starttls', certificate, auth: ['PLAIN', 'LOGIN'] })
  smtp.manners.login = ({ secret }) => (secret === PASSWORD ? null : { code: 535, text: `5.7.8 not ${secret}` })
  const mailbox = await startMailbox([])
  opened.push(
    async () => await smtp[Symbol.asyncDispose](),
    async () => await mailbox[Symbol.asyncDispose](),
  )
  const ca = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'ca-')), 'ca.pem')
  await writeFile(ca, certificate.ca)
  const env = {
    ...mailbox.env(`ca=${ca}&schedule=*+*+*+*+*+*`),
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    LOG_LEVEL: 'trace',
    HTTP_PORT: '0',
    CONSOLE_TOKEN: 'token',
    MAILBOX_TEST_SMTP_URL: `smtp+starttls://anna@127.0.0.1:${smtp.port}`,
    MAILBOX_TEST_SMTP_PASSWORD: PASSWORD,
    MAILBOX_TEST_ACKNOWLEDGE: 'on',
    MAILBOX_TEST_ACKNOWLEDGE_FROM: 'Support <support@example.org>',
  }
  return { smtp, mailbox, env }
}

function worker(args: readonly string[], env: Record<string, string>): Running {
  const running = start(['run', ...args], env)
  opened.push(() => {
    running.child.kill('SIGKILL')
    return running.ended
  })
  return running
}

async function stop(running: Running): Promise<void> {
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect([code, logLines(stderr).at(-1)?.event]).toEqual([0, 'worker.stopped'])
}

/** I9: neither the secrets nor anything of a mail. */
function expectNothingSecret(...logs: readonly string[]): void {
  const encoded = [`\0anna\0${PASSWORD}`, PASSWORD].map((text) => Buffer.from(text).toString('base64'))
  for (const secret of [PASSWORD, SECRET_KEY, ...encoded, 'carla@', 'Carla', 'About first', '<first@']) {
    for (const log of logs) expect(log).not.toContain(secret)
  }
}

describe('the worker', () => {
  test('acknowledges what comes while it runs, within seconds, and logs no secret and nothing of a mail (I9)', async () => {
    const { smtp, mailbox, env } = await openDesk()
    const running = worker([], env)
    await running.line(({ event }) => event === 'poll.finished')
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    await smtp.taken.until(() => smtp.mails.length === 1)
    await running.line(({ event, ticket }) => event === 'mail.sent' && ticket === 1)
    expect(headerOf(smtp.mails[0]?.octets ?? Buffer.alloc(0)).get('subject')).toBe('[#1] About first')
    await stop(running)
    expectNothingSecret(running.stderr())
  })

  test('can be split: who polls and works sends nothing, another does', async () => {
    const { smtp, mailbox, env } = await openDesk()
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    const working = worker(['--only', 'poll,work'], env)
    await working.line(({ event }) => event === 'message.ticketed')
    const sending = worker(['--only', 'send'], env)
    await smtp.taken.until(() => smtp.mails.length === 1)
    await sending.line(({ event }) => event === 'mail.sent')
    await Promise.all([stop(working), stop(sending)])
    expect(logLines(working.stderr()).some(({ event }) => event.startsWith('mail.'))).toBe(false)
  })

  test('says what is wrong where the password is refused, goes on with all else, and quotes nothing', async () => {
    const { smtp, mailbox, env } = await openDesk()
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    const running = worker([], { ...env, MAILBOX_TEST_SMTP_PASSWORD: `${PASSWORD}, but mistyped` })
    const line = await running.line(({ event }) => event === 'mail.failed')
    expect(line).toMatchObject({ code: 'outbound/credentials-refused', isFinal: false, mailbox: 'test', ticket: 1 })
    mailbox.mailbox.deliver(mail({ id: 'second', from: 'bert@example.com' }))
    await running.line(({ event, ticket }) => event === 'message.ticketed' && ticket === 2)
    await stop(running)
    expect(smtp.mails).toEqual([])
    expectNothingSecret(running.stderr())
  })
})

describe('drain', () => {
  test('sends what is due at its end; its sheet stays as it is', async () => {
    const { smtp, mailbox, env } = await openDesk()
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    const { code, stdout, stderr } = await run(['drain', '--json'], env)
    expect([code, smtp.mails.length]).toEqual([0, 1])
    const sheet = JSON.parse(stdout.toString())
    expect(Object.keys(sheet)).toEqual(['mailboxes', 'work', 'seconds'])
    expect(sheet).toMatchObject({ mailboxes: [{ listed: 1, deleted: 1, error: null }], work: { ticketed: 1 } })
    expectNothingSecret(stderr)
  })

  test.each([
    [{ MAILBOX_TEST_ACKNOWLEDGE_TEMPLATES: '/nonexistent' }, 'config/invalid', 'MAILBOX_TEST_ACKNOWLEDGE_TEMPLATES'],
    [{ MAILCHUTE_SECRET_KEY: '' }, 'config/secret-key-missing', 'MAILCHUTE_SECRET_KEY'],
  ])('starts nothing with wrong settings, and says which (%#)', async (over, errorCode, setting) => {
    const { mailbox, env } = await openDesk()
    mailbox.mailbox.deliver(mail({ id: 'first' }))
    const { code, stderr } = await run(['drain', '--json'], { ...env, ...over })
    expect(code).toBe(78)
    expect(stderr).toContain(errorCode)
    expect(stderr).toContain(setting)
    expect(mailbox.mailbox.messages()).toHaveLength(1)
  })
})
