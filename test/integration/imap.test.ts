/** IMAP with the built program: the watch, tokens, and what people ask about a mailbox. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DOVECOT_PASSWORD, type Dovecot, startDovecot } from '../support/dovecot.ts'
import { mail } from '../support/mails.ts'
import { startOAuthServer } from '../support/oauth-server.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, logLines, type Running, run, runJson, type Settings, start } from '../support/program.ts'

let dovecot: Dovecot
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
}, 300_000)
afterAll(() => dovecot[Symbol.asyncDispose]())

const running: Running[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

/** Once a year: what is polled before was asked for otherwise. */
const FAR = 'schedule=0+0+0+1+1+*'

async function settingsOf(user: string, query = FAR): Promise<Settings> {
  return {
    DATABASE_URL: await createDatabase(),
    MAILBOX_SUPPORT_URL: `imap://${user}@127.0.0.1:${dovecot.ports.imap}?${query}`,
    MAILBOX_SUPPORT_PASSWORD: DOVECOT_PASSWORD,
  }
}

function worker(settings: Settings): Running {
  const started = start(['run'], settings)
  running.push(started)
  return started
}

/** One after the other, each when the one before is ticketed. Two polls may come of the start; no more can. */
async function expectTicketedOnArrival(program: Running, user: string): Promise<void> {
  await program.line(({ event }) => event === 'watch.started')
  const ticketed = () => logLines(program.stderr()).filter(({ event }) => event === 'message.ticketed').length
  const before = ticketed()
  for (const [index, id] of ['one', 'two', 'three', 'four'].entries()) {
    await dovecot.deliver(user, [mail({ id })])
    await program.line(() => ticketed() > before + index)
  }
}

describe('the watch (IDLE, RFC 2177)', () => {
  test('has mail ticketed when it arrives, long before its schedule would poll', async () => {
    const settings = await settingsOf('watched')
    await dovecot.deliver('watched', [])
    const program = worker(settings)
    await expectTicketedOnArrival(program, 'watched')
    program.child.kill('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(await dovecot.files('watched')).toEqual([])
  })

  test('logs in with the token of an OAuth login, as the poll does', async () => {
    const user = 'token@mailchute.example'
    await using authority = await startOAuthServer({ accessToken: dovecot.accessToken, user })
    const { MAILBOX_SUPPORT_PASSWORD: _, ...rest }: Settings = await settingsOf(user, `${FAR}&auth=oauth`)
    const settings = {
      ...rest,
      ...authority.settings('SUPPORT'),
      MAILCHUTE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    }
    await dovecot.deliver(user, [mail({ id: 'first' })])
    const login = start(['mailbox', 'login', 'support', '--device'], settings)
    authority.approve((await login.printed(/type in the code (\S+)/))[1] ?? '')
    expect(await login.ended).toMatchObject({ code: 0 })
    const program = worker(settings)
    await program.line(({ event }) => event === 'message.ticketed')
    await expectTicketedOnArrival(program, user)
    program.child.kill('SIGTERM')
    const { code, stderr } = await program.ended
    expect(code).toBe(0)
    for (const secret of authority.secrets) expect(stderr).not.toContain(secret)
  })
})

test('unique-ids made anew (UIDVALIDITY) are booked as aliases: no second ticket (I3)', async () => {
  const settings = await settingsOf('anew', 'deleteAfter=1h')
  await dovecot.deliver(
    'anew',
    ['a', 'b', 'c'].map((id) => mail({ id })),
  )
  expect(await runJson(['drain', '--json'], settings)).toMatchObject([
    { mailboxes: [{ listed: 3, retrieved: 3, stored: 3, deleted: 0 }], work: { ticketed: 3 } },
  ])
  await dovecot.makeUidsAnew('anew')
  expect(await runJson(['drain', '--json'], settings)).toMatchObject([
    { mailboxes: [{ listed: 3, retrieved: 3, stored: 0, deleted: 0, error: null }], work: { ticketed: 0 } },
  ])
  expect(await runJson(['drain', '--json'], settings)).toMatchObject([
    { mailboxes: [{ listed: 3, known: 3, retrieved: 0, stored: 0 }] },
  ])
  expect(await runJson(['tickets', '--json'], settings)).toHaveLength(3)
})

test('mailbox test and doctor look at an IMAP folder and change nothing, and name the folders where it is missing', async () => {
  const settings = await settingsOf('looked-at')
  await dovecot.deliver('looked-at', [mail({ id: 'a' })])
  const before = await dovecot.files('looked-at')
  const [tested] = await runJson(['mailbox', 'test', 'support', '--json'], settings)
  expect(tested).toMatchObject({ mailbox: 'support', messages: 1 })
  expect((await run(['doctor'], settings)).stdout.toString()).toMatch(/mailbox support: .*1 message/)
  expect((await dovecot.files('looked-at')).length).toBe(before.length)
  const missing = { ...settings, MAILBOX_SUPPORT_URL: `imap://looked-at@127.0.0.1:${dovecot.ports.imap}/Nowhere` }
  const { code, stderr } = await run(['mailbox', 'test', 'support'], missing)
  expect(code).toBe(78)
  expect(stderr).toMatch(/source\/folder-missing/)
  expect(stderr).toMatch(/there is no folder 'Nowhere'; there are 'INBOX'/)
})
